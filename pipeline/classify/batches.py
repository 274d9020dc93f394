"""Batches of reviews: token ids of similar length, padded on the right, on a device.

Shapes: B reviews in a batch, T tokens of the longest, rounded up to a multiple of 32.
"""

import math
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.classify.network import NetworkConfig
from pipeline.core.ragged import Ragged, load_labels

LENGTH_MULTIPLE = 32
BATCHES_PER_BUCKET = 50


class Batch(NamedTuple):
    """The network's input: ids int64 [B, T], padded on the right, and lengths int64 [B], at least 1."""

    ids: Tensor
    lengths: Tensor


class Reviews:
    """Reviews as token ids, read from their memory-mapped files batch by batch; `a + b` are the reviews of both.

    Attributes:
        lengths: int64 [n_reviews], on the CPU, the tokens of each review that the network reads.
    """

    def __init__(
        self, reviews: Ragged, config: NetworkConfig, device: torch.device, rows: NDArray[np.int64] | None = None
    ) -> None:
        """Take `rows` of the reviews, int64 [n_reviews], or all of them."""
        self._sources: tuple[Ragged, ...] = (reviews,)
        self._config, self._device = config, device
        rows = np.arange(len(reviews)) if rows is None else rows
        self._rows = np.stack([np.zeros_like(rows), rows], 1)  # [n_reviews, 2]: a source, a row of it
        kept = np.minimum(lengths_below(reviews, config.n_words)[rows], config.head_tokens + config.tail_tokens)
        self.lengths = torch.from_numpy(kept)

    def __len__(self) -> int:
        return len(self.lengths)

    def __add__(self, other: "Reviews") -> "Reviews":
        both = copy(self)
        both._sources = self._sources + other._sources
        both._rows = np.concatenate([self._rows, other._rows + np.array([len(self._sources), 0])])
        both.lengths = torch.cat([self.lengths, other.lengths])
        return both

    def padded_length(self, rows: Tensor) -> int:
        """Return T of a batch. It is a multiple of 32: with few distinct shapes, memory and kernels are reused."""
        return math.ceil(max(1, int(self.lengths[rows].max())) / LENGTH_MULTIPLE) * LENGTH_MULTIPLE

    def batch(self, rows: Tensor) -> Batch:
        """Gather the reviews `rows`, int64 [B] on the CPU."""
        config = self._config
        ids = np.full((len(rows), self.padded_length(rows)), config.n_words, np.int64)
        for i, (source, row) in enumerate(self._rows[rows.numpy()].tolist()):
            review = self._sources[source][row]
            kept = head_and_tail(review[review < config.n_words], config.head_tokens, config.tail_tokens)
            ids[i, : len(kept)] = kept
        lengths = self.lengths[rows].clamp(min=1)  # an empty review becomes one zero vector
        return Batch(torch.from_numpy(ids).to(self._device), lengths.to(self._device))


@dataclass(frozen=True)
class Labelled:
    """Reviews on a device with their labels or soft labels, float32 [n_reviews] from 0 to 1, on the same device."""

    reviews: Reviews
    labels: Tensor


def load_labelled(folder: Path, config: NetworkConfig, device: torch.device) -> tuple[Labelled, Labelled]:
    """Load the labelled reviews of `folder`, data/tokens/train: those to train on and those to validate on."""
    reviews = Ragged.load(folder)
    labels, valid = load_labels(folder)

    def part(rows: NDArray[np.int64]) -> Labelled:
        targets = torch.from_numpy(labels[rows].astype(np.float32))
        return Labelled(Reviews(reviews, config, device, rows), targets.to(device))

    return part(np.flatnonzero(~valid)), part(np.flatnonzero(valid))


def load_unlabelled(folder: Path, config: NetworkConfig, device: torch.device) -> Reviews:
    """Load the unlabelled reviews of `folder`, data/tokens/unsup."""
    return Reviews(Ragged.load(folder), config, device)


def batches(lengths: Tensor, batch_size: int, generator: torch.Generator) -> list[Tensor]:
    """Shuffle reviews into batches of similar length: sort within buckets of 50 batches, then shuffle the batches.

    There is little padding, and the reviews of a batch change from epoch to epoch.

    Args:
        lengths: int64 [n_reviews], on the CPU.
        batch_size: reviews per batch; some batches have fewer.
        generator: of the random order.

    Returns: the rows of each batch, int64 [B]; each review is in one batch.
    """
    order = torch.randperm(len(lengths), generator=generator)
    planned: list[Tensor] = []
    for bucket in torch.split(order, batch_size * BATCHES_PER_BUCKET):
        planned.extend(torch.split(bucket[torch.argsort(lengths[bucket], stable=True)], batch_size))
    return [planned[i] for i in torch.randperm(len(planned), generator=generator).tolist()]


def head_and_tail(ids: NDArray[np.int32], head: int, tail: int) -> NDArray[np.int32]:
    """Keep the first `head` and the last `tail` tokens of a longer review: reviews open and close with a verdict."""
    return ids if len(ids) <= head + tail else np.concatenate([ids[:head], ids[len(ids) - tail :]])


def lengths_below(reviews: Ragged, n_words: int) -> NDArray[np.int64]:
    """Return the number of ids below `n_words` in each review, int64 [n_reviews]."""
    lengths = [piece.below(n_words).lengths for piece in reviews.pieces()]
    return np.concatenate([np.empty(0, np.int64), *lengths])
