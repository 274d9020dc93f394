"""Batches of reviews: token ids on a device, padded on the right, of similar length."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.classify.network import NetworkConfig
from pipeline.core.ragged import Ragged, load_labels


class Batch(NamedTuple):
    """Reviews as the network takes them: ids int64 [B, T], padded on the right, and lengths int64 [B]."""

    ids: Tensor
    lengths: Tensor


STRIDE = 32


def head_and_tail(reviews: Ragged, head: int, tail: int) -> Ragged:
    """Keep the first `head` and the last `tail` tokens of each review that is longer: openings and verdicts."""
    lengths = reviews.lengths
    place = np.arange(len(reviews.values)) - np.repeat(reviews.offsets[:-1], lengths)
    return reviews.where((place < head) | (place >= np.repeat(lengths, lengths) - tail))


class Reviews:
    """Reviews as token ids, resident on a device, from which batches are gathered."""

    def __init__(self, reviews: Ragged, config: NetworkConfig, device: torch.device) -> None:
        kept = head_and_tail(reviews, config.head_tokens, config.tail_tokens)
        # One padding id at the end, so that an empty review reads as one zero vector.
        self._values = torch.from_numpy(np.append(kept.values, np.int32(config.n_words))).to(device)
        self._starts = torch.from_numpy(kept.offsets[:-1].copy()).to(device)
        self._padding = config.n_words
        self.lengths = torch.from_numpy(kept.lengths)  # stays on the CPU, where batches are planned

    def __len__(self) -> int:
        return len(self.lengths)

    def batch(self, rows: Tensor) -> Batch:
        """Gather `rows`, int64 [B] on the CPU; a length is at least 1.

        T is a multiple of 32: few shapes let memory and prepared kernels be used again.
        """
        device = self._values.device
        lengths = self.lengths[rows]
        longest = max(1, int(lengths.max()))
        places = torch.arange(math.ceil(longest / STRIDE) * STRIDE, device=device)
        lengths = lengths.to(device)
        source = self._starts[rows.to(device)][:, None] + places  # [B, T]
        inside = places < lengths[:, None]
        ids = self._values[source.clamp_(max=len(self._values) - 1)].long()
        return Batch(ids.masked_fill_(~inside, self._padding), lengths.clamp(min=1))


BUCKET_BATCHES = 50


def batches(lengths: Tensor, batch_size: int, generator: torch.Generator) -> list[Tensor]:
    """Shuffle rows into batches of like length: sort within buckets of some batches, then shuffle the batches.

    Each row comes once. Padding stays small, and which rows meet changes from epoch to epoch.
    """
    order = torch.randperm(len(lengths), generator=generator)
    found: list[Tensor] = []
    for bucket in torch.split(order, batch_size * BUCKET_BATCHES):
        found.extend(torch.split(bucket[torch.argsort(lengths[bucket], stable=True)], batch_size))
    return [found[i] for i in torch.randperm(len(found), generator=generator).tolist()]


@dataclass(frozen=True)
class Labelled:
    """Reviews on a device with their labels, float32 [n_reviews] on the same device."""

    reviews: Reviews
    labels: Tensor


def load_labelled(folder: Path, config: NetworkConfig, device: torch.device) -> tuple[Labelled, Labelled]:
    """Load the labelled reviews of data/tokens/train: those to fit and those to validate on."""
    reviews = Ragged.load(folder).below(config.n_words)
    labels, valid = load_labels(folder)

    def part(rows: NDArray[np.bool_]) -> Labelled:
        targets = torch.from_numpy(labels[rows].astype(np.float32))
        return Labelled(Reviews(reviews.rows(rows), config, device), targets.to(device))

    return part(~valid), part(valid)


def load_unlabelled(folder: Path, config: NetworkConfig, device: torch.device) -> Reviews:
    """Load the unlabelled reviews of data/tokens/unsup."""
    return Reviews(Ragged.load(folder).below(config.n_words), config, device)
