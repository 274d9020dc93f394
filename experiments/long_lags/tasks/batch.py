"""A batch of a task, and what decides whether a sequence is answered correctly.

Shapes: B sequences, T steps of the longest, D inputs, K outputs, M steps of all sequences that have a target.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pipeline.core.errors import InputError

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Batch:
    """Sequences, padded on the right.

    Attributes:
        inputs: float32 [B, T, D].
        lengths: int64 [B], steps of each sequence.
        targets: float32 [B, T, K], what the network is trained on.
        mask: bool [B, T], the steps with a target.
        answers: float32 [B, T, K], what it is judged by: the targets, unless these are noisy or one of several.
    """

    inputs: Floats
    lengths: Ints
    targets: Floats
    mask: Bools
    answers: Floats

    def __len__(self) -> int:
        return len(self.lengths)

    def rows(self, index: Ints) -> "Batch":
        """Return some of the sequences."""
        return Batch(*(getattr(self, field.name)[index] for field in fields(self)))


Draw = Callable[[Generator, int, int, int], Batch]  # of n sequences with a length and a lag
Judge = Callable[[Floats, Batch], Bools]  # of outputs [M, K]: is each sequence [B] wrong?


def check_size(length: int, lag: int) -> None:
    """Check that a lag fits into a sequence.

    Raises:
        InputError: it does not.
    """
    if not 0 <= lag < length:
        raise InputError(
            f"a lag of {lag} steps does not fit into a sequence of {length}; choose a lag from 0 to {length - 1},"
            f" or a length above {lag}"
        )


def check_lag(length: int, lag: int, expected: int) -> None:
    """Check the lag of a task whose length decides it.

    Raises:
        InputError: it is another.
    """
    check_size(length, lag)
    if lag != expected:
        raise InputError(f"sequences of {length} steps have a lag of {expected} in this task, not {lag}; change both")


def one_hot(symbols: Ints, n_symbols: int) -> Floats:
    """Return symbols [...] as vectors [..., n_symbols]; a negative symbol, padding, as zeros."""
    vectors: Floats = (symbols[..., None] == np.arange(n_symbols)).astype(np.float32)
    return vectors


def at_end(inputs: Floats, lengths: Ints, targets: NDArray[Any], answers: NDArray[Any] | None = None) -> Batch:
    """Return a batch with targets [B, K] at the last step of each sequence alone; zero the inputs after it."""
    steps = np.arange(inputs.shape[1])
    mask = steps == lengths[:, None] - 1  # [B, T]
    kept = np.where((steps < lengths[:, None])[..., None], inputs, 0).astype(np.float32)
    spread = (mask[..., None] * targets[:, None]).astype(np.float32)  # [B, T, K]
    judged = spread if answers is None else (mask[..., None] * answers[:, None]).astype(np.float32)
    return Batch(kept, lengths, spread, mask, judged)


def per_sequence(wrong: Bools, batch: Batch) -> Bools:
    """Return for each sequence [B] whether any of its steps with a target, [M], is wrong."""
    rows = batch.mask.nonzero()[0]
    return np.bincount(rows, wrong, minlength=len(batch)) > 0


def within(tolerance: float) -> Judge:
    """Return a judge: a sequence is wrong if any output is off by `tolerance` or more."""

    def judge(outputs: Floats, batch: Batch) -> Bools:
        return per_sequence((np.abs(outputs - batch.answers[batch.mask]) >= tolerance).any(1), batch)

    return judge


def same_side(outputs: Floats, batch: Batch) -> Bools:
    """Judge two classes: a sequence is wrong if output and answer are on different sides of 0.5."""
    return per_sequence(((outputs > 0.5) != (batch.answers[batch.mask] > 0.5)).any(1), batch)
