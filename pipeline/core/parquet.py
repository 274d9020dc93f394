"""Parquet files, within limits: a value that repeats takes no room in the file, but memory each time."""

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.core.errors import refusing
from pipeline.core.files import RESTORE, check_file
from pipeline.core.unpacking import most_unpacked

ROWS_AT_ONCE = 128
# By default pyarrow reads the texts of a whole row group at once, which has up to a million reviews.
PIECES = {"pre_buffer": False, "buffer_size": 1 << 20}
NOT_REVIEWS = "is not a readable table of reviews"


def _n_bytes(column: pa.Array) -> int:
    """Return the bytes that a column takes; those of a dictionary's texts as often as they occur."""
    if not pa.types.is_dictionary(column.type):
        return int(column.nbytes)
    values = column.dictionary
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return int(values.nbytes) * (1 + len(column))
    return pc.sum(pc.binary_length(values).take(column.indices)).as_py() or 0


def read_parquet(
    source: Path | bytes, name: object, problem: str, remedy: str, columns: Sequence[str] | None = None
) -> pa.Table:
    """Read a table.

    Args:
        source: the file, or its content.
        name: the file's name in an error.
        problem: what is then wrong with it.
        remedy: what to do.
        columns: the columns to read; all by default.

    Raises:
        InputError: the file is missing or broken, a text in it is not UTF-8, or it unpacks to far more than its size.
    """
    n_bytes = check_file(source, remedy) if isinstance(source, Path) else len(source)
    file = source if isinstance(source, Path) else BytesIO(source)
    names = None if columns is None else list(columns)
    with refusing(name, problem, remedy), pq.ParquetFile(file) as parquet:
        for _ in stream(parquet, n_bytes, names):
            pass
        # Where memory is so short that no thread can start, pyarrow would wait for its threads without an end.
        table = parquet.read(names, use_threads=False)
        table.validate(full=True)
    return table


def stream(parquet: pq.ParquetFile, n_bytes: int, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Stream a file of `n_bytes`, some rows at a time; raise ValueError as soon as it unpacks to more than it may."""
    most = most_unpacked(n_bytes)
    groups = [parquet.metadata.row_group(i) for i in range(parquet.metadata.num_row_groups)]
    unpacked = max(parquet.metadata.num_rows, sum(group.total_byte_size for group in groups))  # as it says
    if unpacked <= most:
        unpacked = 0
        for batch in parquet.iter_batches(ROWS_AT_ONCE, columns=columns, use_threads=False):
            unpacked += sum(map(_n_bytes, batch.columns))
            if unpacked > most:
                break
            yield batch
    if unpacked > most:
        raise ValueError(f"it unpacks to more than {most:,} bytes")


def read_reviews(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a table that stage `fetch` wrote, or some columns of it.

    Raises:
        InputError: the file is missing or broken.
    """
    return read_parquet(path, path, NOT_REVIEWS, RESTORE, columns)


def read_rows(path: Path, chosen: NDArray[np.int64]) -> pa.Table:
    """Read the rows `chosen`, int64 in rising order, of a table that stage `fetch` wrote; no other stays in memory.

    Raises:
        InputError: the file is missing or broken.
    """
    n_bytes = check_file(path, RESTORE)
    with refusing(path, NOT_REVIEWS, RESTORE), pq.ParquetFile(path, **PIECES) as parquet:
        start, kept = 0, []
        for batch in stream(parquet, n_bytes):
            first, last = np.searchsorted(chosen, [start, start + len(batch)])
            if first < last:
                kept.append(batch.take(pa.array(chosen[first:last] - start)))
            start += len(batch)
        table = pa.Table.from_batches(kept, parquet.schema_arrow)
        table.validate(full=True)
    return table
