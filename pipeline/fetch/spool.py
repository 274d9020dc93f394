"""Reviews on the disk, and in memory 22 bytes of each: what the splits and the counts depend on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.core.errors import InputError
from pipeline.fetch.official import find_official
from pipeline.fetch.reviews import BATCH, SOURCE_SPLITS, digests

MAX_MOVIES = 100_000  # whose names are kept


@dataclass(frozen=True)
class Facts:
    """What is remembered of the reviews, arrays of shape [n_reviews] in their order.

    Attributes:
        texts: uint64, digest of the text.
        movies: uint64, digest of the movie, 0 if it is unknown.
        labels: int8, 1 or 0, -1 in unsup.
        splits: int8, place in SOURCE_SPLITS.
        official: int32, as of `find_official`; -1 in unsup.
        movie_order: uint64 [n_movies], the digests of all movies in the order of their names; empty if there are more
            than MAX_MOVIES.
    """

    texts: NDArray[np.uint64]
    movies: NDArray[np.uint64]
    labels: NDArray[np.int8]
    splits: NDArray[np.int8]
    official: NDArray[np.int32]
    movie_order: NDArray[np.uint64]


DTYPES = {"texts": "u8", "movies": "u8", "labels": "i1", "splits": "i1", "official": "i4"}


class Spool:
    """All reviews in a temporary file, to be read again in the same order.

    Args:
        file: an empty file, open to be written and read.
        batches: reviews, with the columns of BATCH.
        where: names the corpus in an error.

    Raises:
        InputError: a text is empty, or what the batches raise.
    """

    def __init__(self, file: IO[bytes], batches: Iterable[pa.RecordBatch], where: str) -> None:
        self._file = file
        content = {name: bytearray() for name in DTYPES}
        movies: set[str] = set()
        empty: dict[str, list[str]] = {split: [] for split in SOURCE_SPLITS}
        options = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
        with pa.ipc.new_stream(file, BATCH, options=options) as writer:
            for batch in batches:
                writer.write_batch(batch)
                for name, values in _facts(batch).items():
                    content[name] += values.tobytes()
                if len(movies) <= MAX_MOVIES:
                    movies.update(pc.unique(batch["movie"].drop_null()).to_pylist())
                for row in batch.filter(pc.equal(pc.utf8_trim_whitespace(batch["text"]), "")).to_pylist():
                    empty[row["split"]].append(row["id"])
        for split, ids in empty.items():
            if ids:
                n_empty = "an empty review," if len(ids) == 1 else f"{len(ids)} empty reviews, the first"
                raise InputError(f"{where}: {split} has {n_empty} {ids[0]}; remove {'it' if len(ids) == 1 else 'them'}")
        order = pa.array(sorted(movies) if len(movies) <= MAX_MOVIES else [], pa.string())
        arrays = {name: np.frombuffer(content[name], dtype) for name, dtype in DTYPES.items()}
        self.facts = Facts(**arrays, movie_order=digests(order))

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        self._file.seek(0)
        yield from pa.ipc.open_stream(self._file, options=pa.ipc.IpcReadOptions(use_threads=False))


def _facts(batch: pa.RecordBatch) -> dict[str, NDArray[Any]]:
    labels = pc.fill_null(batch["label"], -1).to_numpy(zero_copy_only=False)
    official = np.full(len(batch), -1, np.int32)
    official[labels >= 0] = find_official(batch["text"].filter(pa.array(labels >= 0)))
    return {
        "texts": digests(batch["text"]),
        "movies": digests(batch["movie"]),
        "labels": labels,
        "splits": np.array([SOURCE_SPLITS.index(split) for split in batch["split"].to_pylist()], np.int8),
        "official": official,
    }
