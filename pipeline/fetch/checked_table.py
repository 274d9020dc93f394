"""The rows of one table of your own corpus, checked: each kind of problem is counted and its first row named."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.core.errors import InputError
from pipeline.fetch.names import LABELS, NULLS, SPLIT_NAMES, plain
from pipeline.fetch.reviews import BATCH, MAX_TEXT, digests
from pipeline.fetch.tables import array_of, read_table


class CheckedTable:
    """One table.

    Args:
        path: the file.
        name: the start of the ids of reviews that have none.
        split: of the reviews if the table has no column `split`; unsup needs no column `label`.
    """

    # In the order in which they are reported.
    SPLIT = "split {}; use train, valid, unsup, test"
    LABEL = "label {}; use 0 or negative, 1 or positive (unsup needs none)"
    TEXT = "no text; remove the row"
    LONG = f"a text of {{}} bytes, a review has at most {MAX_TEXT:,}; shorten it"
    ID = "id {}; give each its own"

    def __init__(self, path: Path, name: str, split: str) -> None:
        self.path, self._name, self._split = path, name, split
        self.n_rows = 0
        self.ids: list[NDArray[np.uint64]] = []  # digests, if it has a column id
        self._problems: dict[str, tuple[int, str, int]] = {}  # first row, its value, number of rows

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the reviews with the columns of BATCH.

        Raises:
            InputError: the file cannot be read, or, at its end, a row has a problem.
        """
        for rows in read_table(self.path, LABELS, needs_label=self._split != "unsup"):
            reviews = self._reviews(rows)
            self.n_rows += len(rows)
            if not self._problem():
                yield reviews
        if problem := self._problem():
            raise InputError(self.message(problem, *self._problems[problem]))

    def _problem(self) -> str | None:
        kinds = (self.SPLIT, self.LABEL, self.TEXT, self.LONG, *((self.ID,) if self.ids else ()))
        return next((kind for kind in kinds if kind in self._problems), None)

    def message(self, problem: str, row: int, value: str, n_rows: int) -> str:
        """Return what is wrong with `n_rows` rows, of which the first is `row`, from 0."""
        count = f"; {n_rows} rows in all are like this" if n_rows > 1 else ""
        return f"{self.path}, row {row + 1}: {problem.format(value)}{count}"

    def _note(self, problem: str, values: list[Any], bad: list[bool]) -> None:
        """Count the bad ones of a batch's rows."""
        if any(bad):
            at = bad.index(True)
            row, value, n_rows = self._problems.get(problem, (self.n_rows + at, repr(values[at]), 0))
            self._problems[problem] = row, value, n_rows + sum(bad)

    def _reviews(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        given = {name: rows[name].to_pylist() for name in rows.schema.names if name not in ("id", "text")}
        names = [plain(name) for name in given.get("split", [self._split] * len(rows))]
        splits = [SPLIT_NAMES.get(name) for name in names]
        self._note(self.SPLIT, names, [split is None for split in splits])
        raw = given.get("label", [None] * len(rows))
        labels = [None if split == "unsup" else LABELS.get(plain(y)) for y, split in zip(raw, splits, strict=True)]
        self._note(self.LABEL, raw, [y is None and split != "unsup" for y, split in zip(labels, splits, strict=True)])
        try:
            columns = {
                "id": self._ids(rows),
                "label": pa.array(labels, pa.int8()),
                "rating": _optional(given, "rating", len(rows)).cast(pa.float64()).cast(pa.int8()),
                "movie": _optional(given, "movie", len(rows)).cast(pa.string()),
                "text": rows["text"].cast(pa.string()),
                "split": pa.array(splits, pa.string()),
            }
        except pa.ArrowException as error:
            place = f"{self.path}, rows {self.n_rows + 1} to {self.n_rows + len(rows)}"
            raise InputError(f"{place}: a value does not fit its column ({error}); correct it") from None
        lengths = pc.fill_null(pc.binary_length(columns["text"]), 0).to_pylist()
        empty = pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(pc.fill_null(columns["text"], ""))), 0).to_pylist()
        self._note(self.TEXT, lengths, empty)
        self._note(self.LONG, lengths, [length > MAX_TEXT for length in lengths])
        return pa.RecordBatch.from_pydict(columns, BATCH)

    def _ids(self, rows: pa.RecordBatch) -> pa.Array:
        """Return the ids; the table's name and the number of the row from 0 where there are none."""
        ids = rows["id"].cast(pa.string()) if "id" in rows.schema.names else pa.nulls(len(rows), pa.string())
        self._note(self.ID, [None] * len(rows), ids.is_null().to_pylist())
        if ids.null_count < len(rows):
            self.ids.append(digests(ids))
        return pc.coalesce(ids, pa.array([f"{self._name}/{self.n_rows + i}" for i in range(len(rows))], pa.string()))


def _optional(given: dict[str, list[Any]], name: str, n_rows: int) -> pa.Array:
    """Return a column with nulls for what means a missing value; all nulls if there is no such column."""
    return array_of([None if plain(value) in NULLS else value for value in given.get(name, [None] * n_rows)])
