"""Batches of reviews, which every reader yields, and the digests that are remembered of their texts."""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

COLUMNS = pa.schema(
    [("id", pa.string()), ("label", pa.int8()), ("rating", pa.int8()), ("movie", pa.string()), ("text", pa.string())]
)
SPLITS = ("train", "unsup", "test")
SOURCE_SPLITS = (*SPLITS, "valid")  # the values of a batch's column `split`; valid becomes a part of train
BATCH = COLUMNS.append(pa.field("split", pa.string()))
# A batch has at most so many rows, and few more bytes of text.
ROWS_AT_ONCE, BYTES_AT_ONCE = 1024, 1 << 24
MAX_TEXT = 1 << 24  # bytes of a review; the longest of IMDB's 100,000 has 14,000


def digests(values: pa.Array) -> NDArray[np.uint64]:
    """Return 8 bytes of BLAKE2 of each string, uint64 [n]; 0 for a null.

    Strings of equal digests are taken as equal: of 10 million different ones, two share a digest with a probability
    of 3e-6.
    """
    raw = values.cast(pa.binary()).to_pylist()
    content = b"".join(bytes(8) if value is None else blake2b(value, digest_size=8).digest() for value in raw)
    return np.frombuffer(content, "<u8")


def batches_of(rows: Iterable[Mapping[str, Any]]) -> Iterator[pa.RecordBatch]:
    """Yield rows, mappings with the keys of BATCH, as batches."""
    rows = iter(rows)
    while some := list(islice(rows, ROWS_AT_ONCE)):
        yield pa.RecordBatch.from_pylist(some, BATCH)
