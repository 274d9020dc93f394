"""Parquet files, within limits: a value that repeats takes no room in the file, but memory each time."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.core.errors import refusing
from pipeline.core.files import RESTORE, check_file

# A file may unpack to so many bytes, and so many times its size.
ALWAYS_UNPACKED, RATIO = 1 << 26, 100
ROWS_AT_ONCE = 128
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
        InputError: the file is missing or broken, a text in it is not UTF-8, or it unpacks to more than RATIO times its
            size.
    """
    n_bytes = check_file(source, remedy) if isinstance(source, Path) else len(source)
    most = ALWAYS_UNPACKED + RATIO * n_bytes
    file = source if isinstance(source, Path) else BytesIO(source)
    names = None if columns is None else list(columns)

    with refusing(name, problem, remedy), pq.ParquetFile(file) as parquet:
        groups = [parquet.metadata.row_group(i) for i in range(parquet.metadata.num_row_groups)]
        unpacked = sum(group.total_byte_size for group in groups)
        if unpacked <= most and parquet.metadata.num_rows <= most:
            unpacked = 0
            for batch in parquet.iter_batches(ROWS_AT_ONCE, columns=names, use_threads=False):
                unpacked += sum(map(_n_bytes, batch.columns))
                if unpacked > most:
                    break
        if unpacked > most or parquet.metadata.num_rows > most:
            raise ValueError(f"it unpacks to more than {most:,} bytes")
        # Where memory is so short that no thread can start, pyarrow would wait for its threads without an end.
        table = parquet.read(names, use_threads=False)
        table.validate(full=True)
    return table


def read_reviews(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a table that stage `fetch` wrote, or some columns of it.

    Raises:
        InputError: the file is missing or broken.
    """
    return read_parquet(path, path, NOT_REVIEWS, RESTORE, columns)
