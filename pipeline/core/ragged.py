"""Token ids as ragged rows of int32, and the folder that stores them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.core.arrays import load_array
from pipeline.core.errors import InputError

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
ROWS_PER_PIECE = 10_000


@dataclass(frozen=True)
class Ragged:
    """Rows of unequal length, concatenated: row i is `values[offsets[i]:offsets[i + 1]]`.

    Attributes:
        values: int32 [n_tokens], token ids.
        offsets: int64 [n_rows + 1], non-decreasing, from 0 to n_tokens.
    """

    values: Int32
    offsets: Int64

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> Int32:
        return self.values[self.offsets[row] : self.offsets[row + 1]]

    @property
    def lengths(self) -> Int64:
        """Tokens of each row, int64 [n_rows]."""
        return np.diff(self.offsets)

    def where(self, keep: NDArray[np.bool_]) -> "Ragged":
        """Keep the tokens where `keep`, bool [n_tokens], is true; a row without any stays, empty."""
        kept_before = np.concatenate([[0], np.cumsum(keep)])
        return Ragged(self.values[keep], kept_before[self.offsets])

    def rows(self, chosen: Int64) -> "Ragged":
        """Copy the rows `chosen`, int64 [n_chosen]; the others are not read."""
        values = np.concatenate([np.empty(0, np.int32), *(self[row] for row in chosen.tolist())])
        lengths = self.offsets[chosen + 1] - self.offsets[chosen]
        return Ragged(values, np.concatenate([[0], np.cumsum(lengths)]))

    def pieces(self) -> Iterator["Ragged"]:
        """Yield all rows, some thousands at a time, without a copy."""
        for start in range(0, len(self), ROWS_PER_PIECE):
            offsets = self.offsets[start : start + ROWS_PER_PIECE + 1]
            yield Ragged(self.values[offsets[0] : offsets[-1]], offsets - offsets[0])

    def below(self, n_types: int) -> "Ragged":
        """Keep the ids below `n_types`: the tokens in a vocabulary of the first `n_types` types."""
        return self.where(self.values < n_types)

    def save(self, folder: Path) -> None:
        """Write ids.npy and offsets.npy."""
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "ids.npy", self.values)
        np.save(folder / "offsets.npy", self.offsets)

    @classmethod
    def load(cls, folder: Path) -> "Ragged":
        """Memory-map ids.npy and offsets.npy.

        Raises:
            InputError: a file is missing or broken, or the two do not match.
        """
        values = load_array(folder / "ids.npy", np.dtype(np.int32), 1)
        offsets = load_array(folder / "offsets.npy", np.dtype(np.int64), 1)
        if not len(offsets) or offsets[0] != 0 or offsets[-1] != len(values) or np.any(np.diff(offsets) < 0):
            raise InputError(f"{folder}: offsets.npy does not match ids.npy; run `dvc repro --force tokenize`")
        return cls(values, offsets)


def load_labels(folder: Path) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """Load the labels, int8 [n_reviews], and the validation mask, bool [n_reviews], of the training reviews."""
    labels = load_array(folder / "labels.npy", np.dtype(np.int8), 1)
    return labels, load_array(folder / "valid.npy", np.dtype(np.bool_), 1)
