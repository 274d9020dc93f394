"""Splits, duplicates, and what makes a corpus unusable."""

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


def test_marks_duplicates_of_test(tables):
    corpus = make_corpus(tables, valid_frac=0.1, seed=0)
    assert [row["text"] for row in corpus.train.to_pylist() if row["in_test"]] == ["both"]
    assert corpus.unsup["in_test"].to_pylist() == [False, True, False]
    assert corpus.test.column_names == COLUMNS.names
    figures = describe(corpus)
    assert figures["texts_in_both"] == {"train_test": 1, "unsup_test": 1, "train_unsup": 2}
    assert figures["train"] == {"reviews": 40, "positive": 20, "movies": 0, "distinct_texts": 39, "valid": 4}


def test_no_movie_is_in_both_parts(rng):
    movies = [f"m{i}" for i in rng.integers(0, 60, 600)]
    whole = table([str(i) for i in range(600)], movies=movies)
    valid = carve(whole, 0.1, 3, where="train")
    assert 30 < valid.sum() < 100
    assert not set(np.array(movies)[valid]) & set(np.array(movies)[~valid])
    labels = whole["label"].to_numpy()
    assert abs(labels[valid].mean() - 0.5) < 0.1
    assert (carve(whole, 0.1, 3, where="train") == valid).all()


@pytest.mark.parametrize(("frac", "n_folds"), [(0.5, 2), (0.25, 4), (0.1, 10)])
def test_of_reviews_without_movies_just_that_share_is_chosen(frac, n_folds):
    whole = table([str(i) for i in range(200)])
    assert carve(whole, frac, 1, where="train").sum() == 200 / n_folds


def test_the_corpus_keeps_its_own_validation_reviews(tables):
    own = [i < 5 for i in range(40)]
    tables["train"] = tables["train"].append_column("valid", pa.array(own))
    assert make_corpus(tables, valid_frac=0.1, seed=0).train["valid"].to_pylist() == own


@pytest.mark.parametrize(
    ("movies", "message"),
    [
        (None, r"^train has 3 negative reviews \(label 0\), too few to split off one in 10; .* fetch.valid_frac"),
        (list("aabbcc"), r"^train has negative reviews \(label 0\) of 3 movies, too few"),
    ],
)
def test_too_few_to_carve_speaks_of_movies_only_if_there_are_any(tables, movies, message):
    tables["train"] = table([str(i) for i in range(6)], movies=movies)
    with pytest.raises(InputError, match=message):
        make_corpus(tables, valid_frac=0.1, seed=0)


def test_saves_the_same_bytes(tables, tmp_path):
    corpus = make_corpus(tables, valid_frac=0.1, seed=0)
    for name in ("a", "b"):
        corpus.save(tmp_path / name)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
    assert pq.read_table(tmp_path / "a" / "train.parquet") == corpus.train


def with_valid(train, valid):
    return train.append_column("valid", pa.array(valid))


def test_an_unusable_corpus_is_named(tables):
    train = tables["train"]
    check_usable(tables, where="here")
    for changed, message in (
        ({"train": train.slice(0, 31)}, r"here: 31 training reviews, at least 32 are needed"),
        ({"train": train.slice(0, 0)}, r"here: 0 training reviews"),
        ({"train": with_valid(train, [True] * 40)}, r"here: 0 training reviews"),
        ({"train": with_valid(train, [i in (1, 3) for i in range(40)])}, r"here: valid has no negative reviews"),
        (
            {"train": table([str(i) for i in range(40)], [1] * 40)},
            r"here: train has no negative reviews \(label 0\); both",
        ),
        ({"test": table(["t", " \n"])}, r"1 empty reviews in test, the first is r1"),
        ({"test": table(["t", "u"], [1, 1])}, r"here: test has no negative reviews"),
        ({"test": table([])}, r"here: test has no negative reviews \(label 0\) and no positive reviews \(label 1\)"),
    ):
        with pytest.raises(InputError, match=message):
            check_usable({**tables, **changed}, where="here")


def test_a_validation_part_of_one_label_is_refused(tables):
    tables["train"] = with_valid(tables["train"], [i in (1, 3) for i in range(40)])
    with pytest.raises(InputError, match="the validation part of train has no negative reviews"):
        make_corpus(tables, valid_frac=0.1, seed=0)
