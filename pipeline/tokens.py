"""Token ids: ragged rows of int32, the types they stand for, and the folder that keeps both."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import InputError
from pipeline.files import read_json, write_json

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]


class Chunk(NamedTuple):
    """Some reviews, tokenized: the reviews' tokens in terms of the chunk's own list of types."""

    text: str  # the tokens of each review joined by spaces, each review ended by a newline
    types: list[str]
    ids: Int32  # [n_tokens], indices into `types`
    lengths: Int64  # [n_reviews], tokens


@dataclass(frozen=True)
class Ragged:
    """Rows of unequal length, end to end: row i is `values[offsets[i]:offsets[i + 1]]`.

    Attributes:
        values: int32 [n_tokens], token ids.
        offsets: int64 [n_rows + 1], from 0 to n_tokens, never falling.
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
        """Leave out the tokens where `keep`, bool [n_tokens], is false; rows stay, if empty."""
        kept_before = np.concatenate([[0], np.cumsum(keep)])
        return Ragged(self.values[keep], kept_before[self.offsets])

    def rows(self, keep: NDArray[np.bool_]) -> "Ragged":
        """Leave out the rows where `keep`, bool [n_rows], is false."""
        values = self.values[np.repeat(keep, self.lengths)]
        return Ragged(values, np.concatenate([[0], np.cumsum(self.lengths[keep])]))

    def below(self, n_types: int) -> "Ragged":
        """Keep the ids below `n_types`: the tokens that a vocabulary of the first `n_types` types knows."""
        return self.where(self.values < n_types)

    def save(self, folder: Path) -> None:
        """Write ids.npy and offsets.npy."""
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "ids.npy", self.values)
        np.save(folder / "offsets.npy", self.offsets)

    @classmethod
    def load(cls, folder: Path) -> "Ragged":
        """Map ids.npy and offsets.npy into memory.

        Raises:
            InputError: a file is missing or broken, or the two do not fit together.
        """
        values = load_array(folder / "ids.npy", np.dtype(np.int32), 1)
        offsets = load_array(folder / "offsets.npy", np.dtype(np.int64), 1)
        if not len(offsets) or offsets[0] != 0 or offsets[-1] != len(values) or np.any(np.diff(offsets) < 0):
            raise InputError(f"{folder}: offsets.npy does not fit ids.npy; run `dvc repro --force tokenize`")
        return cls(values, offsets)


def load_array(path: Path, dtype: np.dtype[Any], n_dimensions: int) -> NDArray[Any]:
    """Map a .npy file into memory, read-only.

    Raises:
        InputError: the file is missing, is cut short, or has another dtype or number of dimensions.
    """
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise InputError(f"{path} is missing; `dvc repro` makes it, `dvc checkout` brings it back") from None
    except (ValueError, EOFError, OSError) as error:
        raise InputError(f"{path} is not a whole .npy file ({error}); delete it and run `dvc repro`") from None
    if array.dtype != dtype or array.ndim != n_dimensions:
        raise InputError(
            f"{path} holds {array.dtype} with {array.ndim} dimensions, expected {dtype} with {n_dimensions};"
            " delete it and run `dvc repro`"
        )
    return array


def encode(chunks: Iterable[Chunk], index: Mapping[str, int]) -> Ragged:
    """Turn tokenized reviews into the ids of a vocabulary; tokens that it lacks are left out."""
    ids: list[Int32] = []
    lengths: list[Int64] = []
    for chunk in chunks:
        of_type = np.fromiter((index.get(token, -1) for token in chunk.types), np.int32, len(chunk.types))
        ids.append(of_type[chunk.ids])
        lengths.append(chunk.lengths)
    empty = np.empty(0, np.int32)
    every = Ragged(
        np.concatenate([empty, *ids]),
        np.concatenate([np.zeros(1, np.int64), np.cumsum(np.concatenate([np.empty(0, np.int64), *lengths]))]),
    )
    return every.where(every.values >= 0)


class TokenWriter:
    """Writes a folder of token ids from a stream of chunks, in memory that does not grow with the corpus.

    Ids are first given in order of appearance and written as they come; `finish` ranks the types by falling
    count, then string, and rewrites the ids block by block.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._index: dict[str, int] = {}
        self._counts = np.zeros(1 << 16, np.int64)
        self._splits: list[str] = []

    def add(self, split: str, chunks: Iterable[Chunk]) -> Iterator[str]:
        """Write the ids of one split; yield the text of each chunk once its ids are written."""
        (self._folder / split).mkdir()
        self._splits.append(split)
        lengths = [np.zeros(1, np.int64)]
        with open(self._folder / split / "ids.raw", "wb") as raw:
            for chunk in chunks:
                index = self._index
                of_type = np.fromiter(
                    (index.setdefault(token, len(index)) for token in chunk.types), np.int32, len(chunk.types)
                )
                if len(index) > len(self._counts):
                    self._counts = np.concatenate([self._counts, np.zeros(len(index), np.int64)])
                self._counts[of_type] += np.bincount(chunk.ids, minlength=len(chunk.types))
                raw.write(of_type[chunk.ids].tobytes())
                lengths.append(chunk.lengths)
                yield chunk.text
        np.save(self._folder / split / "offsets.npy", np.cumsum(np.concatenate(lengths)))

    def finish(self, tokenizer: Mapping[str, Any]) -> None:
        """Write types.tsv, tokenizer.json and each split's ids.npy."""
        types = list(self._index)
        counts = self._counts[: len(types)]
        order = sorted(range(len(types)), key=lambda i: (-counts[i], types[i]))
        with open(self._folder / "types.tsv", "w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{types[i]}\t{counts[i]}\n" for i in order)
        rank = np.empty(len(types), np.int32)
        rank[order] = np.arange(len(types), dtype=np.int32)
        for split in self._splits:
            raw = self._folder / split / "ids.raw"
            header = {"descr": "<i4", "fortran_order": False, "shape": (raw.stat().st_size // 4,)}
            with open(raw, "rb") as source, open(raw.with_name("ids.npy"), "wb") as target:
                np.lib.format.write_array_header_1_0(target, header)
                while block := source.read(4 << 20):
                    target.write(rank[np.frombuffer(block, np.int32)].tobytes())
            raw.unlink()
        write_json(self._folder / "tokenizer.json", dict(tokenizer))


def read_types(path: Path) -> tuple[list[str], Int64]:
    """Read types.tsv or vocab.tsv: the tokens and how often each occurs, int64, never rising.

    Raises:
        InputError: the file is missing, or a line is not a token, a tab and a number.
    """
    tokens: list[str] = []
    counts: list[int] = []
    try:
        with open(path, encoding="utf-8", newline="\n") as file:
            for number, line in enumerate(file, 1):
                token, tab, count = line.removesuffix("\n").partition("\t")
                if not (token and tab and count.isdecimal()):
                    raise InputError(
                        f"{path}, line {number}: {line[:60]!r} is not a token, a tab and a count;"
                        " delete the file and run `dvc repro`"
                    )
                tokens.append(token)
                counts.append(int(count))
    except FileNotFoundError:
        raise InputError(f"{path} is missing; `dvc repro` makes it, `dvc checkout` brings it back") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 ({error}); delete it and run `dvc repro`") from None
    return tokens, np.array(counts, np.int64)


def read_tokenizer(folder: Path) -> dict[str, Any]:
    """Read tokenizer.json: the tokenizer's name, its options and, for some, its sentence model."""
    value: dict[str, Any] = read_json(folder / "tokenizer.json")
    return value
