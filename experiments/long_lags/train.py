"""Train a network on a task until it meets the criterion, or until the cap.

Against 1997: batches of 32 sequences and Adam with clipped gradients, where that paper updated after each sequence with
plain gradient descent; the gradient of the whole sequence, where it was truncated at the gates; 32 units, where it had
a few memory cells in blocks; a running mean of the weights is judged. A sequence counts as one, in a batch or not.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from experiments.long_lags.network import Network, loss, squash
from experiments.long_lags.tasks.batch import Batch, Floats
from experiments.long_lags.tasks.table import Task

BATCH = 32
LEARNING_RATE = 0.01
CLIP = 1.0  # the norm of the gradient
CHECK_EVERY = 25  # batches
CHUNK = 256  # sequences judged at once
WINDOW = 100  # batches whose weights are averaged, or a quarter of those so far


@dataclass(frozen=True)
class Score:
    """How a network did.

    Attributes:
        n: sequences it was judged on.
        n_wrong: of these.
        mean_error: mean absolute error.
        squared: mean squared error of each output, [K].
    """

    n: int
    n_wrong: int
    mean_error: float
    squared: list[float]

    def meets(self, task: Task) -> bool:
        """Return whether the criterion is met, if all sequences were judged."""
        return self.n_wrong <= task.n_wrong and self.mean_error < task.mean_error


@dataclass(frozen=True)
class Outcome:
    """A finished training.

    Attributes:
        sequences: trained on; until the criterion was met, if it was.
        solved: whether it was.
        diverged: whether the loss stopped being a number.
        score: at the end, on 512 fresh sequences.
        network: with the running mean of the weights.
        untrained: as it was at the start.
    """

    sequences: int
    solved: bool
    diverged: bool
    score: Score
    network: Network
    untrained: Network


def outputs_of(network: Network, batch: Batch, kind: str) -> Floats:
    """Return the outputs [M, K] at the steps with a target, as the task judges them."""
    with torch.no_grad():
        raw = network(*map(torch.from_numpy, (batch.inputs, batch.lengths, batch.mask)))
        values: Floats = squash(raw, kind).numpy()
    return values


def judge(network: Network, task: Task, batches: Callable[[int], Batch], n: int, *, stop: bool) -> Score:
    """Judge a network on n sequences.

    Args:
        network: to be judged.
        task: whose criterion counts.
        batches: returns a number of sequences.
        n: sequences.
        stop: once too many are wrong.
    """
    judged = n_wrong = steps = 0
    total, squared = 0.0, np.zeros(1)
    while judged < n and not (stop and n_wrong > task.n_wrong):
        batch = batches(min(CHUNK, n - judged))
        outputs = outputs_of(network, batch, task.output)
        errors = outputs.astype(np.float64) - batch.answers[batch.mask]
        n_wrong += int(task.judge(outputs, batch).sum())
        judged, steps = judged + len(batch), steps + len(errors)
        total, squared = total + float(np.abs(errors).mean(1).sum()), squared + (errors**2).sum(0)
    return Score(judged, n_wrong, total / steps, [float(value) for value in squared / steps])


def step(network: Network, optimizer: torch.optim.Optimizer, batch: Batch, kind: str) -> float:
    """Make one update and return the loss."""
    inputs, lengths, mask, targets = map(torch.from_numpy, (batch.inputs, batch.lengths, batch.mask, batch.targets))
    value = loss(network(inputs, lengths, mask), targets[mask], kind)
    optimizer.zero_grad()
    value.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(network.parameters(), CLIP)
    optimizer.step()
    return float(value.detach())


def start(task: Task, cell: str, seed: int) -> tuple[Network, torch.optim.Optimizer]:
    """Return a new network for a task, and its optimizer.

    Raises:
        InputError: there is no such cell, or the lag of the task does not fit.
    """
    one = task.draw(np.random.default_rng(0), 1, task.length, task.lag)
    torch.manual_seed(seed)
    network = Network(cell, one.inputs.shape[2], one.targets.shape[2], task.length)
    return network, torch.optim.Adam(network.parameters(), LEARNING_RATE)


def train(task: Task, cell: str, seed: int) -> Outcome:
    """Train one network.

    Raises:
        InputError: there is no such cell, or the lag of the task does not fit.
    """
    network, optimizer = start(task, cell, seed)
    untrained, average = deepcopy(network), deepcopy(network)
    rng, test_rng = np.random.default_rng([seed, 0]), np.random.default_rng([seed, 1])
    pool = task.draw(rng, task.n_train, task.length, task.lag) if task.n_train else None

    def training() -> Batch:
        return pool.rows(rng.integers(len(pool), size=BATCH)) if pool else task.draw(rng, BATCH, task.length, task.lag)

    def fresh(n: int) -> Batch:
        return task.draw(test_rng, n, task.length, task.lag)

    def succeeds() -> bool:
        answers_fresh = judge(average, task, fresh, task.n_test, stop=True).meets(task)
        return answers_fresh and (not pool or judge(average, task, lambda n: pool, len(pool), stop=True).meets(task))

    n_batches, solved, diverged = 0, False, False
    while n_batches * BATCH < task.cap and not solved and not diverged:
        n_batches += 1
        diverged = not np.isfinite(step(network, optimizer, training(), task.output))
        weight = max(1 / WINDOW, 4 / (n_batches + 3))
        with torch.no_grad():
            for mean, parameter in zip(average.parameters(), network.parameters(), strict=True):
                mean.lerp_(parameter, weight)
        if n_batches % CHECK_EVERY == 0 and not diverged:
            solved = succeeds()
    score = judge(untrained if diverged else average, task, fresh, 2 * CHUNK, stop=False)
    return Outcome(n_batches * BATCH, solved, diverged, score, average, untrained)
