"""Train the tutorial's network: Adadelta, a validation each 370 updates, early stopping by the error."""

import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from experiments.tutorial import protocol
from experiments.tutorial.network import Network
from pipeline.core.ragged import Int64, Ragged

N_TIMED = 12  # batches that are timed to predict the cost
TOKENS_PER_BATCH = 1 << 14  # in prediction
Batches = Callable[[Int64, np.random.Generator], list[Int64]]


@dataclass(frozen=True)
class Reviews:
    """Reviews as ids below `N_ROWS`, and their labels, int8 [n_reviews]."""

    ids: Ragged
    labels: NDArray[np.int8]

    def rows(self, rows: Int64) -> "Reviews":
        """Return some reviews, in the order of `rows`, int64 [n]."""
        parts = [self.ids[row] for row in rows]
        offsets = np.cumsum([0, *map(len, parts)])
        return Reviews(Ragged(np.concatenate([np.empty(0, np.int32), *parts]), offsets), self.labels[rows])

    def batch(self, rows: Int64) -> tuple[Tensor, Tensor]:
        """Return ids, int64 [B, T], padded on the right, and lengths, int64 [B]; an empty review has one padding."""
        lengths = np.maximum(self.ids.lengths[rows], 1)
        ids = np.full((len(rows), lengths.max()), protocol.PADDING, np.int64)
        for i, row in enumerate(rows):
            tokens = self.ids[row]
            ids[i, : len(tokens)] = tokens
        return torch.from_numpy(ids), torch.from_numpy(lengths)


@dataclass(frozen=True)
class History:
    """What a training did: its updates, its epochs begun, and the validation errors in order."""

    updates: int
    epochs: int
    errors: list[float]


@torch.inference_mode()
def probabilities(network: Network, reviews: Reviews) -> NDArray[np.float64]:
    """Return the probability of each review being positive, float64 [n_reviews]."""
    network.eval()
    p = np.empty(len(reviews.labels))
    order, lengths = np.argsort(-reviews.ids.lengths, kind="stable"), reviews.ids.lengths
    start = 0
    while start < len(order):
        rows = order[start : start + max(1, TOKENS_PER_BATCH // max(1, int(lengths[order[start]])))]
        p[rows] = network(*reviews.batch(rows)).double().softmax(1)[:, 1].numpy()
        start += len(rows)
    return p


def error(network: Network, reviews: Reviews) -> float:
    """Return the share of reviews with a wrong answer."""
    return float(((probabilities(network, reviews) >= 0.5) != (reviews.labels == 1)).mean())


def optimizer(network: Network) -> torch.optim.Optimizer:
    """Return Adadelta with the tutorial's constants; it has no learning rate."""
    return torch.optim.Adadelta((w for w in network.parameters() if w.requires_grad), lr=1.0, rho=0.95, eps=1e-6)


def update(network: Network, optim: torch.optim.Optimizer, train: Reviews, rows: Int64) -> None:
    """Make one update on the reviews `rows`."""
    network.train()
    optim.zero_grad()
    loss = nn.functional.cross_entropy(network(*train.batch(rows)), torch.from_numpy(train.labels[rows].astype("q")))
    loss.backward()  # type: ignore[no-untyped-call]
    optim.step()


def predict_seconds(
    network: Network, train: Reviews, valid: Reviews, plan: Batches, max_epochs: int
) -> tuple[float, float]:
    """Time some updates of a copy of the network; return the seconds of an epoch, and of all epochs.

    An epoch includes its validations, taken to cost a third of an update per token.
    """
    copy = deepcopy(network)
    optim, rng = optimizer(copy), np.random.default_rng(0)
    with torch.random.fork_rng(devices=[]):
        batches = plan(train.ids.lengths, rng)
        update(copy, optim, train, batches[0])  # the first one also allocates
        timed = batches[1 : N_TIMED + 1] or batches
        started = time.process_time()
        for rows in timed:
            update(copy, optim, train, rows)
    seconds = (time.process_time() - started) / len(timed) * len(batches)
    per_token = seconds / max(1, len(train.ids.values))
    validations = len(batches) / protocol.UPDATES_PER_VALIDATION
    epoch = seconds + validations * len(valid.ids.values) * per_token / 3
    return epoch, epoch * max_epochs


def train_network(
    network: Network, train: Reviews, valid: Reviews, plan: Batches, max_epochs: int, seed: int
) -> History:
    """Train until the tutorial's early stopping or the last epoch; leave the weights of the lowest validation error.

    Args:
        network: is trained in place.
        train: reviews to train on.
        valid: reviews to validate on.
        plan: makes the batches of an epoch.
        max_epochs: the limit.
        seed: of the order of the reviews.
    """
    optim, rng = optimizer(network), np.random.default_rng(seed)
    errors: list[float] = []
    best = deepcopy(network.state_dict())
    updates = 0
    for epoch in range(1, max_epochs + 1):
        for rows in plan(train.ids.lengths, rng):
            update(network, optim, train, rows)
            updates += 1
            if updates % protocol.UPDATES_PER_VALIDATION:
                continue
            errors.append(error(network, valid))
            if protocol.is_best(errors):
                best = deepcopy(network.state_dict())
            if protocol.stops(errors):
                network.load_state_dict(best)
                return History(updates, epoch, errors)
    if errors:  # without any, the last weights remain, as in the tutorial
        network.load_state_dict(best)
    return History(updates, max_epochs, errors)
