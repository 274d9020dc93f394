"""A corpus of reviews: train, unsup and test, what they share, and the part of train that is held out to choose by."""

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
MIN_TRAIN = 32


@dataclass(frozen=True)
class Corpus:
    """Three tables of `id, label, rating, movie, text`, a review a row.

    Labels are 1 (positive), 0 (negative), null in unsup; rating and movie are null where the corpus does not tell
    them. train and unsup also have `in_test`, whether the very same text stands in test; train has `valid`, whether
    it is held out for validation.
    """

    train: pa.Table
    unsup: pa.Table
    test: pa.Table

    def save(self, folder: Path) -> None:
        """Write {train,unsup,test}.parquet, each whole or not at all; the same bytes each time."""
        for split in SPLITS:
            with atomic(folder / f"{split}.parquet") as path:
                pq.write_table(getattr(self, split), path, compression="zstd")


def make_corpus(tables: Mapping[str, pa.Table], *, valid_frac: float, seed: int) -> Corpus:
    """Make a corpus of plain tables: mark what also stands in test, carve validation out of train.

    Args:
        tables: `train`, `unsup` and `test` with the columns of COLUMNS; train may bring its own `valid`.
        valid_frac: share of train to carve.
        seed: of the carving.
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
        valid = pa.array(carve(train, valid_frac, seed))
    return Corpus(train.append_column("valid", valid), marked["unsup"], test)


def carve(table: pa.Table, frac: float, seed: int) -> NDArray[np.bool_]:
    """Choose about `frac` of the rows, bool [n_rows], both labels in the proportion they have in all.

    All reviews of a movie go to the same side, since they share its names; a review without a movie stands alone.

    Raises:
        InputError: a label has fewer movies than that share needs.
    """
    labels = table["label"].to_numpy()
    own = pa.array([f"row {i}" for i in range(len(table))])
    movies = pc.coalesce(table["movie"], own).to_numpy(zero_copy_only=False)
    n_folds = max(2, round(1 / frac))
    for label, name in ((0, "negative"), (1, "positive")):
        n_movies = len(set(movies[labels == label]))
        if n_movies < n_folds:
            raise InputError(
                f"train has {name} reviews (label {label}) of {n_movies} movies, too few to split off one in {n_folds};"
                f" add {name} reviews or raise fetch.valid_frac and fetch.test_frac in params.yaml"
            )
    folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    chosen = np.zeros(len(table), np.bool_)
    chosen[next(iter(folds.split(labels, labels, movies)))[1]] = True
    return chosen


def check_usable(tables: Mapping[str, pa.Table], *, where: str) -> None:
    """Check that there is something to learn from and to measure on.

    Raises:
        InputError: a text is empty, a labelled split has one class only, or train has fewer than MIN_TRAIN reviews.
    """
    for split, table in tables.items():
        empty = pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(table["text"])), 0)
        if pc.any(empty).as_py():
            first = table["id"][pc.index(empty, True).as_py()].as_py()
            raise InputError(f"{where}: {pc.sum(empty)} empty reviews in {split}, the first is {first}; remove them")
        classes = pc.unique(table["label"]).to_pylist()
        if split != "unsup" and sorted(map(str, classes)) != ["0", "1"]:
            raise InputError(
                f"{where}: {split} has reviews of label {', '.join(map(str, classes)) or 'none'} alone;"
                " both 0 (negative) and 1 (positive) are needed"
            )
    if len(tables["train"]) < MIN_TRAIN:
        raise InputError(
            f"{where}: {len(tables['train'])} training reviews are too few, {MIN_TRAIN} the least; add some"
        )


def describe(corpus: Corpus) -> dict[str, dict[str, int]]:
    """Count rows, labels, movies, and the exact duplicates within and between the splits."""
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
