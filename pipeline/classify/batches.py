"""Batches of reviews: token ids on a device, of similar length, padded on the right.

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
    """Reviews as token ids, kept on a device, from which batches are gathered; `a + b` are the reviews of both."""

    def __init__(self, reviews: Ragged, config: NetworkConfig, device: torch.device) -> None:
        kept = head_and_tail(reviews, config.head_tokens, config.tail_tokens)
        # One padding id at the end, so that an empty review becomes one zero vector.
        self._values = torch.from_numpy(np.append(kept.values, np.int32(config.n_words))).to(device)
        self._starts = torch.from_numpy(kept.offsets[:-1].copy()).to(device)
        self._padding = config.n_words
        self.lengths = torch.from_numpy(kept.lengths)  # stays on the CPU, where batches are planned

    def __len__(self) -> int:
        return len(self.lengths)

    def __add__(self, other: "Reviews") -> "Reviews":
        both = copy(self)
        both._values = torch.cat([self._values, other._values])
        both._starts = torch.cat([self._starts, other._starts + len(self._values)])
        both.lengths = torch.cat([self.lengths, other.lengths])
        return both

    def padded_length(self, rows: Tensor) -> int:
        """Return T of a batch. It is a multiple of 32: with few distinct shapes, memory and kernels are reused."""
        return math.ceil(max(1, int(self.lengths[rows].max())) / LENGTH_MULTIPLE) * LENGTH_MULTIPLE

    def batch(self, rows: Tensor) -> Batch:
        """Gather the reviews `rows`, int64 [B] on the CPU."""
        device = self._values.device
        lengths = self.lengths[rows].to(device)
        places = torch.arange(self.padded_length(rows), device=device)  # [T]
        source = self._starts[rows.to(device)][:, None] + places  # [B, T]
        inside = places < lengths[:, None]  # [B, T]
        ids = self._values[source.clamp_(max=len(self._values) - 1)].long()  # [B, T]
        return Batch(ids.masked_fill_(~inside, self._padding), lengths.clamp(min=1))


@dataclass(frozen=True)
class Labelled:
    """Reviews on a device with their labels or soft labels, float32 [n_reviews] from 0 to 1, on the same device."""

    reviews: Reviews
    labels: Tensor


def load_labelled(folder: Path, config: NetworkConfig, device: torch.device) -> tuple[Labelled, Labelled]:
    """Load the labelled reviews of `folder`, data/tokens/train: those to train on and those to validate on."""
    reviews = Ragged.load(folder).below(config.n_words)
    labels, valid = load_labels(folder)

    def part(rows: NDArray[np.bool_]) -> Labelled:
        targets = torch.from_numpy(labels[rows].astype(np.float32))
        return Labelled(Reviews(reviews.rows(rows), config, device), targets.to(device))

    return part(~valid), part(valid)


def load_unlabelled(folder: Path, config: NetworkConfig, device: torch.device) -> Reviews:
    """Load the unlabelled reviews of `folder`, data/tokens/unsup."""
    return Reviews(Ragged.load(folder).below(config.n_words), config, device)


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


def head_and_tail(reviews: Ragged, head: int, tail: int) -> Ragged:
    """Keep the first `head` and the last `tail` tokens of each longer review: reviews open and close with a verdict."""
    lengths = reviews.lengths
    place = np.arange(len(reviews.values)) - np.repeat(reviews.offsets[:-1], lengths)
    return reviews.where((place < head) | (place >= np.repeat(lengths, lengths) - tail))
