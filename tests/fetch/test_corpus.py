import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.core.errors import InputError
from pipeline.fetch.corpus import COLUMNS, carve, check_usable, describe, make_corpus


def table(texts, labels=None, movies=None):
    n = len(texts)
    labels = labels if labels is not None else [i % 2 for i in range(n)]
    columns = [[f"r{i}" for i in range(n)], labels, [None] * n, movies or [None] * n, texts]
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, COLUMNS, strict=True)], schema=COLUMNS
    )


@pytest.fixture
def tables():
    return {
        "train": table([f"train {i}" for i in range(38)] + ["both", "train 0"]),
        "unsup": table(["u", "both", "train 1"], [None] * 3),
        "test": table(["t", "both"]),
    }


def test_marks_what_also_stands_in_test(tables):
    corpus = make_corpus(tables, valid_frac=0.1, seed=0)
    assert [row["text"] for row in corpus.train.to_pylist() if row["in_test"]] == ["both"]
    assert corpus.unsup["in_test"].to_pylist() == [False, True, False]
    assert corpus.test.column_names == COLUMNS.names
    figures = describe(corpus)
    assert figures["texts_in_both"] == {"train_test": 1, "unsup_test": 1, "train_unsup": 2}
    assert figures["train"] == {"reviews": 40, "positive": 20, "movies": 0, "distinct_texts": 39, "valid": 4}


def test_no_movie_is_on_both_sides(rng):
    movies = [f"m{i}" for i in rng.integers(0, 60, 600)]
    whole = table([str(i) for i in range(600)], movies=movies)
    valid = carve(whole, 0.1, seed=3)
    assert 30 < valid.sum() < 100
    assert not set(np.array(movies)[valid]) & set(np.array(movies)[~valid])
    labels = whole["label"].to_numpy()
    assert abs(labels[valid].mean() - 0.5) < 0.1
    assert (carve(whole, 0.1, seed=3) == valid).all()


def test_the_corpus_keeps_its_own_validation_reviews(tables):
    own = [i < 5 for i in range(40)]
    tables["train"] = tables["train"].append_column("valid", pa.array(own))
    assert make_corpus(tables, valid_frac=0.1, seed=0).train["valid"].to_pylist() == own


def test_too_few_to_carve(tables):
    tables["train"] = tables["train"].slice(0, 6)
    with pytest.raises(InputError, match=r"of 3 movies, too few .* fetch.valid_frac"):
        make_corpus(tables, valid_frac=0.1, seed=0)


def test_saves_the_same_bytes(tables, tmp_path):
    corpus = make_corpus(tables, valid_frac=0.1, seed=0)
    for name in ("a", "b"):
        corpus.save(tmp_path / name)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
    assert pq.read_table(tmp_path / "a" / "train.parquet") == corpus.train


def test_what_cannot_be_used_is_named(tables):
    check_usable(tables, where="here", n_least=40)
    with pytest.raises(InputError, match=r"here: 40 training reviews are fewer than one batch of 41"):
        check_usable(tables, where="here", n_least=41)
    with pytest.raises(InputError, match=r"1 empty reviews in test, the first is r1"):
        check_usable({**tables, "test": table(["t", " \n"])}, where="here", n_least=1)
    with pytest.raises(InputError, match=r"test has reviews of label 1 alone"):
        check_usable({**tables, "test": table(["t", "u"], [1, 1])}, where="here", n_least=1)
