"""Write the folder of token ids from a stream of chunks."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.core.files import write_json
from pipeline.core.progress import Advance
from pipeline.core.ragged import Ragged
from pipeline.core.vocabulary import read_types
from pipeline.tokenize.chunks import Chunk
from pipeline.tokenize.source import Source
from pipeline.tokenize.tokenizer import Tokenizer, tokenize


class TokenWriter:
    """Writes a folder of token ids from a stream of chunks; memory grows with the vocabulary, not with the corpus.

    `add` numbers the types in order of appearance; `finish` ranks them by falling count, then string, and rewrites the
    ids block by block. Validation reviews are not counted, so that the vocabulary does not know them.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._index: dict[str, int] = {}
        self._counts = np.zeros(1 << 16, np.int64)
        self._splits: list[str] = []

    def add(self, split: str, chunks: Iterable[Chunk], counted: NDArray[np.bool_]) -> Iterator[str]:
        """Write the ids of one split; yield the text of each chunk after its ids.

        Args:
            split: its name.
            chunks: its reviews, tokenized.
            counted: bool [n_reviews], the reviews whose tokens are counted.
        """
        (self._folder / split).mkdir()
        self._splits.append(split)
        lengths = [np.zeros(1, np.int64)]
        start = 0
        with open(self._folder / split / "ids.raw", "wb") as raw:
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


def write_tokens(source: Source, tokenizer: Tokenizer, folder: Path, corpus: Path, advance: Advance) -> dict[str, Any]:
    """Tokenize the reviews of a source and write them.

    Args:
        source: the reviews.
        tokenizer: splits them.
        folder: is created with token ids, types, labels and validation mask.
        corpus: the file for the text, one review per line.
        advance: is called with the number of reviews done.

    Returns: `n_types`, and by split `n_reviews`, `n_dropped_in_test` and `n_tokens`.
    """
    writer = TokenWriter(folder)
    figures: dict[str, Any] = {}
    labels, valid = source.labels()
    with open(corpus, "w", encoding="utf-8", newline="\n") as lines:
        for split, kept in source.keep.items():
            counted = ~valid if split == "train" else np.ones(kept.sum(), np.bool_)
            for text in writer.add(split, tokenize(source.texts(split), tokenizer), counted):
                lines.write(text)
                advance(text.count("\n"))
    writer.finish(tokenizer.config)
    np.save(folder / "train" / "labels.npy", labels)
    np.save(folder / "train" / "valid.npy", valid)
    for split, kept in source.keep.items():
        figures[split] = {
            "n_reviews": int(kept.sum()),
            "n_dropped_in_test": int((~kept).sum()),
            "n_tokens": len(Ragged.load(folder / split).values),
        }
    return {**figures, "n_types": len(read_types(folder / "types.tsv")[0])}
