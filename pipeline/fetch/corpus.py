"""A corpus of reviews: train, unsup and test, their duplicates, and the validation part of train."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from pipeline.core.errors import InputError
from pipeline.core.files import atomic

COLUMNS = pa.schema(
    [("id", pa.string()), ("label", pa.int8()), ("rating", pa.int8()), ("movie", pa.string()), ("text", pa.string())]
)
SPLITS = ("train", "unsup", "test")
LABEL_NAMES = {0: "negative", 1: "positive"}
MIN_TRAIN = 32  # training reviews, the validation part included if it is to be split off


@dataclass(frozen=True)
class Corpus:
    """Three tables of `id, label, rating, movie, text`, one review per row.

    Labels are 1 (positive), 0 (negative), and null in unsup; rating and movie are null if unknown. train and unsup also
    have `in_test`, whether test contains the same text; train has `valid`, whether the review is for validation.
    """

    train: pa.Table
    unsup: pa.Table
    test: pa.Table

    def save(self, folder: Path) -> None:
        """Write {train,unsup,test}.parquet, each atomically; the same bytes each time."""
        for split in SPLITS:
            with atomic(folder / f"{split}.parquet") as path:
                pq.write_table(getattr(self, split), path, compression="zstd")


def make_corpus(tables: Mapping[str, pa.Table], *, valid_frac: float, seed: int) -> Corpus:
    """Make a corpus from plain tables: mark duplicates of test, split validation off train.

    Args:
        tables: `train`, `unsup` and `test` with the columns of COLUMNS; train may have its own `valid`.
        valid_frac: share of train to split off.
        seed: seed of the split.

    Raises:
        InputError: train or its validation part lacks a label.
    """
    test = tables["test"]
    marked = {
        split: tables[split].append_column("in_test", pc.is_in(tables[split]["text"], test["text"].combine_chunks()))
        for split in ("train", "unsup")
    }
    train = marked["train"]
    if "valid" in train.column_names:
        valid = train["valid"]
        train = train.drop_columns(["valid"])
    else:
        valid = pa.array(carve(train, valid_frac, seed, where="train"))
    for name, rows in (("the training part of train", pc.invert(valid)), ("the validation part of train", valid)):
        _check_labels(train.filter(rows), name)
    return Corpus(train.append_column("valid", valid), marked["unsup"], test)


def carve(table: pa.Table, frac: float, seed: int, *, where: str) -> NDArray[np.bool_]:
    """Choose about `frac` of the rows, bool [n_rows], with the label proportions of the whole.

    Reviews of one movie share its names, so all of them are chosen or none; a review without a movie is its own group.

    Args:
        table: rows with `label` and `movie`.
        frac: share to choose.
        seed: seed of the choice.
        where: names the table in an error.

    Raises:
        InputError: a label has fewer movies than that share needs.
    """
    labels = table["label"].to_numpy()
    own = pa.array([f"row {i}" for i in range(len(table))])
    movies = pc.coalesce(table["movie"], own).to_numpy(zero_copy_only=False)
    n_folds = max(2, round(1 / frac))
    for label, name in LABEL_NAMES.items():
        n_movies = len(set(movies[labels == label]))
        if n_movies < n_folds:
            count = f"{n_movies} {name} reviews (label {label})"
            if table["movie"].null_count < len(table):
                count = f"{name} reviews (label {label}) of {n_movies} movies"
            raise InputError(
                f"{where} has {count}, too few to split off one in {n_folds}; add {name} reviews or raise"
                " fetch.valid_frac and fetch.test_frac in params.yaml"
            )
    folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    chosen = np.zeros(len(table), np.bool_)
    chosen[next(iter(folds.split(labels, labels, movies)))[1]] = True
    return chosen


def check_usable(tables: Mapping[str, pa.Table], *, where: str) -> None:
    """Check that there is enough to train and to evaluate on.

    Args:
        tables: by split, with the columns of COLUMNS; train may have `valid`.
        where: names the corpus in an error.

    Raises:
        InputError: a text is empty, a labelled split lacks a label, or train has fewer than MIN_TRAIN reviews.
    """
    for split, table in tables.items():
        empty = pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(table["text"])), 0)
        if pc.any(empty).as_py():
            first = table["id"][pc.index(empty, True).as_py()].as_py()
            raise InputError(f"{where}: {pc.sum(empty)} empty reviews in {split}, the first is {first}; remove them")
    train = tables["train"]
    valid = train["valid"] if "valid" in train.column_names else pa.array(np.zeros(len(train), np.bool_))
    training = train.filter(pc.invert(valid))
    if len(training) < MIN_TRAIN:
        raise InputError(f"{where}: {len(training)} training reviews, at least {MIN_TRAIN} are needed; add some")
    _check_labels(training, f"{where}: train")
    if "valid" in train.column_names:
        _check_labels(train.filter(valid), f"{where}: valid")
    if "test" in tables:
        _check_labels(tables["test"], f"{where}: test")


def _check_labels(table: pa.Table, name: str) -> None:
    present = set(table["label"].to_pylist())
    missing = [f"{title} reviews (label {label})" for label, title in LABEL_NAMES.items() if label not in present]
    if missing:
        raise InputError(f"{name} has no {' and no '.join(missing)}; both labels are needed, add some")


def describe(corpus: Corpus) -> dict[str, dict[str, int]]:
    """Count reviews, labels, movies, and exact duplicates within and between the splits."""
    texts = {split: getattr(corpus, split)["text"].to_pylist() for split in SPLITS}
    distinct = {split: set(texts[split]) for split in SPLITS}
    figures: dict[str, dict[str, int]] = {}
    for split in SPLITS:
        table = getattr(corpus, split)
        figures[split] = {
            "reviews": len(table),
            "positive": pc.sum(table["label"]).as_py() or 0,
            "movies": len(pc.unique(pc.drop_null(table["movie"]))),
            "distinct_texts": len(distinct[split]),
        }
    figures["train"]["valid"] = pc.sum(corpus.train["valid"]).as_py()
    figures["texts_in_both"] = {
        f"{a}_{b}": len(distinct[a] & distinct[b])
        for a, b in (("train", "test"), ("unsup", "test"), ("train", "unsup"))
    }
    return figures
