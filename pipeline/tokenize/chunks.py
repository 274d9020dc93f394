"""Chunks of tokenized reviews, and their ids in a vocabulary."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from pipeline.core.ragged import Int32, Int64, Ragged


class Chunk(NamedTuple):
    """Some tokenized reviews, with ids in the chunk's own list of types."""

    text: str  # one line per review, its tokens joined by spaces
    types: list[str]
    ids: Int32  # [n_tokens], indices into `types`
    lengths: Int64  # [n_reviews], tokens


def lines_of(chunks: Iterable[Chunk]) -> list[str]:
    """Return the tokens of each review, joined by spaces."""
    return "".join(chunk.text for chunk in chunks).split("\n")[:-1]


def encode(chunks: Iterable[Chunk], index: Mapping[str, int]) -> Ragged:
    """Return the ids of tokenized reviews in a vocabulary; tokens not in it are left out."""
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
