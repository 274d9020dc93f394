"""Write the folder of token ids from a stream of chunks."""

from collections.abc import Generator, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.core.files import write_json
from pipeline.core.progress import Advance
from pipeline.core.vocabulary import write_types
from pipeline.tokenize.chunks import Chunk
from pipeline.tokenize.source import Source
from pipeline.tokenize.tokenizer import Tokenizer, tokenize


class TokenWriter:
    """Writes a folder of token ids from a stream of chunks; memory grows with the vocabulary, not with the corpus.

    `add` numbers the types in order of appearance; `finish` ranks them by falling count, then string, and rewrites the
    ids block by block. Validation reviews are not counted, so that the vocabulary does not know them.

    Attributes:
        n_tokens: by split, the tokens written.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._index: dict[str, int] = {}
        self._counts = np.zeros(1 << 16, np.int64)
        self.n_tokens: dict[str, int] = {}

    @property
    def n_types(self) -> int:
        """The number of types so far."""
        return len(self._index)

    def add(self, split: str, chunks: Iterable[Chunk], counted: NDArray[np.bool_]) -> Generator[str, None, None]:
        """Write the ids of one split; yield the text of each chunk after its ids.

        Args:
            split: its name.
            chunks: its reviews, tokenized.
            counted: bool [n_reviews], the reviews whose tokens are counted.
        """
        (self._folder / split).mkdir()
        self.n_tokens[split] = start = 0
        ids, offsets = self._folder / split / "ids.raw", self._folder / split / "offsets.npy"
        with open(ids, "wb") as raw, open(offsets, "wb") as ends:
            _write_header(ends, "<i8", len(counted) + 1)
            ends.write(bytes(8))
            for chunk in chunks:
                index = self._index
                of_type = np.fromiter(
                    (index.setdefault(token, len(index)) for token in chunk.types), np.int32, len(chunk.types)
                )
                if len(index) > len(self._counts):
                    self._counts = np.concatenate([self._counts, np.zeros(len(index), np.int64)])
                is_counted = np.repeat(counted[start : start + len(chunk.lengths)], chunk.lengths)
                start += len(chunk.lengths)
                self._counts[of_type] += np.bincount(chunk.ids[is_counted], minlength=len(chunk.types))
                raw.write(of_type[chunk.ids].tobytes())
                ends.write((self.n_tokens[split] + np.cumsum(chunk.lengths)).tobytes())
                self.n_tokens[split] += len(chunk.ids)
                yield chunk.text

    def finish(self, tokenizer: Mapping[str, Any]) -> None:
        """Write types.tsv, tokenizer.json and each split's ids.npy."""
        types = list(self._index)
        by_string = np.fromiter(map(self._index.__getitem__, sorted(types)), np.int64, len(types))
        order = by_string[np.argsort(-self._counts[by_string], kind="stable")]
        write_types(self._folder / "types.tsv", (types[i] for i in order), self._counts[order])
        rank = np.empty(len(types), np.int32)
        rank[order] = np.arange(len(types), dtype=np.int32)
        for split, n_tokens in self.n_tokens.items():
            raw = self._folder / split / "ids.raw"
            with open(raw, "rb") as source, open(raw.with_name("ids.npy"), "wb") as target:
                _write_header(target, "<i4", n_tokens)
                while block := source.read(4 << 20):
                    target.write(rank[np.frombuffer(block, np.int32)].tobytes())
            raw.unlink()
        write_json(self._folder / "tokenizer.json", dict(tokenizer))


def _write_header(file: IO[bytes], dtype: str, n_values: int) -> None:
    """Write what np.save writes before the values of an array of one dimension."""
    np.lib.format.write_array_header_1_0(file, {"descr": dtype, "fortran_order": False, "shape": (n_values,)})


def write_tokens(
    source: Source,
    tokenizer: Tokenizer,
    folder: Path,
    corpus: Path,
    advance: Advance,
    *,
    scheduler: str | None = None,
) -> dict[str, Any]:
    """Tokenize the reviews of a source and write them.

    Args:
        source: the reviews.
        tokenizer: splits them.
        folder: is created with token ids, types, labels and validation mask.
        corpus: the file for the text, one review per line.
        advance: is called with the number of reviews done.
        scheduler: see `tokenize`.

    Returns: `n_types`, and by split `n_reviews`, `n_dropped_in_test` and `n_tokens`.
    """
    writer = TokenWriter(folder)
    figures: dict[str, Any] = {}
    labels, valid = source.labels()
    with open(corpus, "w", encoding="utf-8", newline="\n") as lines:
        for split, kept in source.keep.items():
            counted = ~valid if split == "train" else np.ones(kept.sum(), np.bool_)
            chunks = tokenize(source.texts(split), tokenizer, scheduler=scheduler)
            with closing(writer.add(split, chunks, counted)) as texts:
                for text in texts:
                    lines.write(text)
                    advance(text.count("\n"))
    writer.finish(tokenizer.config)
    np.save(folder / "train" / "labels.npy", labels)
    np.save(folder / "train" / "valid.npy", valid)
    for split, kept in source.keep.items():
        figures[split] = {
            "n_reviews": int(kept.sum()),
            "n_dropped_in_test": int((~kept).sum()),
            "n_tokens": writer.n_tokens[split],
        }
    return {**figures, "n_types": writer.n_types}
