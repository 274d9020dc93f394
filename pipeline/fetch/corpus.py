"""The stage's work: batches of reviews become train, unsup and test, with their duplicates and the validation part."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.core.files import atomic
from pipeline.fetch.reviews import COLUMNS, SPLITS
from pipeline.fetch.splits import Split, split_reviews
from pipeline.fetch.spool import Facts, Spool

# A row group is complete with so many rows or bytes; until then, it stays in memory.
GROUP_ROWS, GROUP_BYTES = 1 << 13, 1 << 24
IN_TEST, VALID = pa.field("in_test", pa.bool_()), pa.field("valid", pa.bool_())
SCHEMAS = {"train": COLUMNS.append(IN_TEST).append(VALID), "unsup": COLUMNS.append(IN_TEST), "test": COLUMNS}


def write_corpus(
    batches: Iterable[pa.RecordBatch], folder: Path, *, where: str, valid_frac: float, test_frac: float, seed: int
) -> dict[str, Any]:
    """Write {train,unsup,test}.parquet, each atomically; the same bytes each time. No text stays in memory.

    The tables have the columns of COLUMNS, one review per row. Labels are 1 (positive), 0 (negative), and null in
    unsup; rating and movie are null if unknown. train and unsup also have `in_test`, whether test contains the same
    text; train has `valid`, whether the review is for validation.

    Args:
        batches: reviews, with the columns of BATCH.
        folder: for the tables, and for a temporary file of all reviews.
        where: names the corpus in an error.
        valid_frac: share of train to split off for validation, if no review is in the split valid.
        test_frac: share of the labelled reviews to split off for test, if no review is in that split.
        seed: seed of both choices.

    Returns: counts of reviews, labels, movies, of duplicates within and between the splits, and of texts that occur
        with both labels in a split; how test came about.

    Raises:
        InputError: the batches have too little to train or to evaluate on, or what reading them raises.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        spool = Spool(file, batches, where)
        split = split_reviews(spool.facts, where=where, valid_frac=valid_frac, test_frac=test_frac, seed=seed)
        texts = {name: np.unique(spool.facts.texts[split.splits == i]) for i, name in enumerate(SPLITS)}
        _write(spool, split, texts["test"], folder)
        return _describe(spool.facts, split, texts)


def _write(spool: Spool, split: Split, test_texts: NDArray[np.uint64], folder: Path) -> None:
    with ExitStack() as stack:
        tables = [stack.enter_context(_table(folder / f"{name}.parquet", SCHEMAS[name])) for name in SPLITS]
        start = 0
        for batch in spool:
            rows = slice(start, start + len(batch))
            start += len(batch)
            columns = {
                **{name: batch[name] for name in COLUMNS.names},
                "in_test": pa.array(_are_in(test_texts, spool.facts.texts[rows])),
                "valid": pa.array(split.valid[rows]),
            }
            for i, (name, append) in enumerate(zip(SPLITS, tables, strict=True)):
                chosen = split.splits[rows] == i
                if chosen.any():
                    table = pa.table([columns[column] for column in SCHEMAS[name].names], SCHEMAS[name])
                    append(table.filter(pa.array(chosen)))


@contextmanager
def _table(path: Path, schema: pa.Schema) -> Iterator[Callable[[pa.Table], None]]:
    """Yield a function that appends rows to a parquet file, which is written atomically."""
    with atomic(path) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
        waiting = [schema.empty_table()]
        n_rows = n_bytes = 0

        def write() -> None:
            nonlocal n_rows, n_bytes
            # In one piece: the pages of a file depend on the pieces of its columns.
            writer.write_table(pa.concat_tables(waiting).combine_chunks())
            waiting[:], n_rows, n_bytes = [], 0, 0

        def append(rows: pa.Table) -> None:
            nonlocal n_rows, n_bytes
            waiting.append(rows)
            n_rows, n_bytes = n_rows + len(rows), n_bytes + rows.nbytes
            if n_rows >= GROUP_ROWS or n_bytes >= GROUP_BYTES:
                write()

        yield append
        if waiting:
            write()


def _are_in(values: NDArray[np.uint64], some: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Return whether each of `some` is among `values`, which are sorted and at least one."""
    same: NDArray[np.bool_] = values[np.minimum(np.searchsorted(values, some), len(values) - 1)] == some
    return same


def _describe(facts: Facts, split: Split, texts: Mapping[str, NDArray[np.uint64]]) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for i, name in enumerate(SPLITS):
        rows = split.splits == i
        movies = np.unique(facts.movies[rows])
        figures[name] = {
            "reviews": int(rows.sum()),
            "positive": int((facts.labels[rows] == 1).sum()),
            "movies": int((movies != 0).sum()),
            "distinct_texts": len(texts[name]),
            "texts_with_both_labels": len(
                np.intersect1d(*(facts.texts[rows & (facts.labels == label)] for label in (0, 1)))
            ),
        }
    figures["train"]["valid"] = int(split.valid.sum())
    figures["texts_in_both"] = {
        f"{a}_{b}": len(np.intersect1d(texts[a], texts[b], assume_unique=True))
        for a, b in (("train", "test"), ("unsup", "test"), ("train", "unsup"))
    }
    figures["test_split"] = split.test
    return figures
