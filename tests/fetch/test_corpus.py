"""What is written: splits, duplicates, counts, and what makes a corpus unusable."""

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.core.errors import InputError
from pipeline.fetch import corpus, splits
from pipeline.fetch.reviews import COLUMNS, batches_of
from pipeline.fetch.splits import carve, group_by_movie
from tests.fetch.written import reviews, written

TRAIN = reviews("train", [f"train {i}" for i in range(38)] + ["both", "train 0"])
UNSUP = reviews("unsup", ["u", "both", "train 1"])
TEST = reviews("test", ["t", "both"])


def write(*parts, **options):
    return written(batches_of(row for part in parts for row in part), **options)


def test_marks_duplicates_of_test():
    tables, figures = write(TRAIN, UNSUP, TEST)
    assert [row["text"] for row in tables["train"].to_pylist() if row["in_test"]] == ["both"]
    assert tables["unsup"]["in_test"].to_pylist() == [False, True, False]
    assert tables["test"].schema == COLUMNS
    assert figures["texts_in_both"] == {"train_test": 1, "unsup_test": 1, "train_unsup": 2}
    assert figures["train"] == {
        "reviews": 40,
        "positive": 20,
        "movies": 0,
        "distinct_texts": 39,
        "texts_with_both_labels": 1,
        "valid": 4,
    }
    assert figures["test_split"] == "as given"


def test_counts_texts_with_both_labels():
    rows = reviews("train", ["same", "same", "twice", "twice"], labels=[0, 1, 1, 1])
    figures = write(TRAIN, rows, UNSUP, TEST)[1]
    assert figures["train"]["texts_with_both_labels"] == 2  # "same", and "train 0" of TRAIN
    assert figures["test"]["texts_with_both_labels"] == 0


def test_reviews_of_all_splits_may_come_mixed():
    mixed = [row for rows in zip(TRAIN[:2], UNSUP[:2], TEST, strict=True) for row in rows] + TRAIN[2:] + UNSUP[2:]
    assert write(mixed) == write(TRAIN, UNSUP, TEST)


def test_no_movie_is_in_both_parts(rng):
    names = [f"m{i}" for i in rng.integers(0, 60, 600)]
    rows = reviews("train", [f"{i}" for i in range(600)], movies=names)
    tables, figures = write(rows, TEST)
    valid = tables["train"]["valid"].to_numpy()
    assert 30 < valid.sum() < 100
    assert not set(np.array(names)[valid]) & set(np.array(names)[~valid])
    assert abs(tables["train"]["label"].to_numpy()[valid].mean() - 0.5) < 0.1
    assert figures["train"]["movies"] == len(set(names))
    assert write(rows, TEST)[0] == tables


@pytest.mark.parametrize("most", [splits.MAX_GROUPS, 10], ids=["scikit-learn", "systematic"])
@pytest.mark.parametrize(("frac", "n_folds"), [(0.5, 2), (0.25, 4), (0.1, 10)])
def test_of_reviews_without_movies_just_that_share_is_chosen(monkeypatch, most, frac, n_folds):
    monkeypatch.setattr(splits, "MAX_GROUPS", most)
    labels = np.array([0, 1] * 100, np.int8)
    chosen = carve(labels, group_by_movie(np.zeros(200, np.uint64), np.array([], np.uint64)), frac, 1, where="train")
    assert chosen.sum() == 200 / n_folds
    assert labels[chosen].sum() == 100 / n_folds


def test_a_large_uneven_movie_does_not_become_the_share():
    movies = np.repeat(np.arange(61), [400, *[10] * 60])
    labels = np.arange(1000) % 2
    labels[:400] = np.arange(400) % 4 > 0
    for seed in range(3):
        chosen = carve(labels.astype(np.int8), movies, 0.2, seed, where="train")
        assert 100 <= chosen.sum() <= 200


def test_many_movies_are_sampled_with_the_labels_in_proportion(monkeypatch, rng):
    monkeypatch.setattr(splits, "MAX_GROUPS", 10)
    movies = rng.integers(0, 2000, 10_000)
    labels = (rng.random(10_000) < 0.2 + 0.6 * (movies % 2)).astype(np.int8)
    chosen = carve(labels, movies, 0.1, 1, where="train")
    assert not set(movies[chosen]) & set(movies[~chosen])
    assert abs(chosen.mean() - 0.1) < 0.01
    assert abs(labels[chosen].mean() - labels.mean()) < 0.02
    assert (carve(labels, movies, 0.1, 1, where="train") == chosen).all()
    assert (carve(labels, movies, 0.1, 2, where="train") != chosen).any()


def test_movies_are_numbered_in_the_order_of_their_names_if_that_is_known():
    movies = np.array([7, 0, 3, 7, 0], np.uint64)
    assert group_by_movie(movies, np.array([9, 7, 3], np.uint64)).tolist() == [1, -4, 2, 1, -1]
    assert group_by_movie(movies, np.array([], np.uint64)).tolist() == [1, -4, 0, 1, -1]


def test_the_corpus_keeps_its_own_validation_reviews():
    own = [{**row, "split": "valid" if i < 5 else "train"} for i, row in enumerate(TRAIN)]
    assert write(own, TEST)[0]["train"]["valid"].to_pylist() == [i < 5 for i in range(40)]


@pytest.mark.parametrize(
    ("movies", "message"),
    [
        ([None] * 6, r"^train has 3 negative reviews \(label 0\), too few to split off one in 10; .* fetch.valid_frac"),
        (list("aabbcc"), r"^train has negative reviews \(label 0\) of 3 movies, too few"),
    ],
)
def test_too_few_to_carve_speaks_of_movies_only_if_there_are_any(movies, message):
    rows = reviews("train", [str(i) for i in range(36)], [0, 1] * 3 + [1] * 30, movies + [f"m{i}" for i in range(30)])
    if movies[0] is None:
        rows = [{**row, "movie": None} for row in rows]
    with pytest.raises(InputError, match=message):
        write(rows, TEST)


def test_the_bytes_are_the_same_each_time_and_whatever_the_batches(tmp_path):
    rows = [*TRAIN, *UNSUP, *TEST]
    options = {"where": "here", "valid_frac": 0.1, "test_frac": 0.2, "seed": 0}
    batches = list(batches_of(rows))
    corpus.write_corpus(batches, tmp_path / "a", **options)
    corpus.write_corpus([batches[0].slice(i, 7) for i in range(0, len(rows), 7)], tmp_path / "b", **options)
    for name in ("train", "unsup", "test"):
        content = [(tmp_path / folder / f"{name}.parquet").read_bytes() for folder in "ab"]
        assert content[0] == content[1]


def test_a_row_group_has_a_limited_number_of_rows_and_bytes(monkeypatch, tmp_path):
    batches = [batch for row in [*TRAIN, *UNSUP, *TEST] for batch in batches_of([row])]
    options = {"where": "here", "valid_frac": 0.1, "test_frac": 0.2, "seed": 0}
    monkeypatch.setattr(corpus, "GROUP_ROWS", 16)
    corpus.write_corpus(batches, tmp_path, **options)
    sizes = groups(tmp_path / "train.parquet")
    assert sizes == [16, 16, 8]
    assert groups(tmp_path / "unsup.parquet") == [3]
    monkeypatch.setattr(corpus, "GROUP_BYTES", 1)
    corpus.write_corpus(batches, tmp_path, **options)
    assert groups(tmp_path / "train.parquet") == [1] * 40


def groups(path):
    metadata = pq.ParquetFile(path).metadata
    return [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]


def test_a_corpus_that_is_refused_leaves_the_old_one_and_no_other_file(tmp_path):
    options = {"where": "here", "valid_frac": 0.1, "test_frac": 0.2, "seed": 0}
    corpus.write_corpus(batches_of([*TRAIN, *TEST]), tmp_path, **options)
    before = {path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in tmp_path.iterdir()}
    with pytest.raises(InputError):
        corpus.write_corpus(batches_of([*TRAIN[:3], *TEST]), tmp_path, **options)
    assert {path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((TRAIN[:31], TEST), r"here: 31 training reviews, at least 32 are needed"),
        ((TEST,), r"here: 0 training reviews"),
        ((), r"here: 0 training reviews"),
        (([{**row, "split": "valid"} for row in TRAIN], TEST), r"here: 0 training reviews"),
        (
            (TRAIN, [{**row, "split": "valid"} for row in TRAIN[1:4:2]], TEST),
            r"here: valid has no negative reviews",
        ),
        (
            (reviews("train", [str(i) for i in range(40)], [1] * 40), TEST),
            r"here: train has no negative reviews \(label 0\); both",
        ),
        ((TRAIN, reviews("test", ["t", " \n", ""])), r"here: test has 2 empty reviews, the first test1; remove them"),
        ((TRAIN, reviews("test", ["t", " \n"])), r"here: test has an empty review, test1; remove it"),
        ((TRAIN, reviews("test", ["t", "u"], [1, 1])), r"here: test has no negative reviews"),
        ((TRAIN[1::2] + TRAIN[1::2],), r"here: train has no negative reviews"),
    ],
)
def test_an_unusable_corpus_is_named(parts, message):
    with pytest.raises(InputError, match=message):
        write(*parts)


def test_a_validation_part_of_one_label_is_refused(monkeypatch):
    monkeypatch.setattr(splits, "carve", lambda labels, *arguments, **options: np.isin(np.arange(len(labels)), [1, 3]))
    with pytest.raises(InputError, match="the validation part of train has no negative reviews"):
        write(TRAIN, TEST)


def test_a_text_larger_than_a_row_group_is_written(monkeypatch):
    monkeypatch.setattr(corpus, "GROUP_BYTES", 1000)
    long = reviews("train", ["x" * 5000], [1])
    tables, _ = write(TRAIN, long, TEST)
    assert pa.compute.max(pa.compute.binary_length(tables["train"]["text"])).as_py() == 5000
