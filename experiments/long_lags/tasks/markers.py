"""Experiments 4 and 5: add or multiply the two marked numbers of a sequence; and a simpler one: recall a single one."""

import numpy as np
from numpy.random import Generator

from experiments.long_lags.tasks.batch import Batch, Floats, Ints, at_end, check_size
from pipeline.core.errors import InputError

FIRST = 10  # the first marked number is among so many


def _marked(rng: Generator, n: int, length: int, lag: int) -> tuple[Ints, Floats, Ints]:
    """Draw lengths from `length` to 1.1 `length`, their markers [n, T] and the two marked steps [n, 2].

    One of the first ten numbers is marked by 1, then another of the first `length` - `lag` - 1; the lag of 1997 is half
    the length. The first and the last marker are -1.

    Raises:
        InputError: too few numbers come before the lag.
    """
    check_size(length, lag)
    early = length - lag - 1
    if early < FIRST:
        raise InputError(
            f"{FIRST} numbers must come before the lag, and {early} do; lower the lag, or raise the length"
        )
    lengths = rng.integers(length, length + length // 10 + 1, n)
    one = rng.integers(FIRST, size=n)
    two = rng.integers(early - 1, size=n)
    two += two >= one  # any but the first marked
    rows, markers = np.arange(n), np.zeros((n, lengths.max()), np.float32)
    markers[rows, one] = markers[rows, two] = 1
    markers[:, 0] = markers[rows, lengths - 1] = -1
    return lengths, markers, np.stack([one, two], 1)


def _batch(values: Floats, markers: Floats, lengths: Ints, targets: Floats) -> Batch:
    return at_end(np.stack([values, markers], 2), lengths, targets[:, None])


def draw_adding(rng: Generator, n: int, length: int, lag: int) -> Batch:
    """Draw numbers in [-1, 1]; the target is 0.5 + (X1 + X2) / 4. A marked first number, marked -1, counts as 0."""
    lengths, markers, marked = _marked(rng, n, length, lag)
    values = rng.uniform(-1, 1, markers.shape).astype(np.float32)
    x = np.where(marked == 0, 0, np.take_along_axis(values, marked, 1))
    return _batch(values, markers, lengths, 0.5 + x.sum(1) / 4)


def draw_multiplication(rng: Generator, n: int, length: int, lag: int) -> Batch:
    """Draw numbers in [0, 1]; the target is X1 X2. A marked first number, marked -1, counts as 1."""
    lengths, markers, marked = _marked(rng, n, length, lag)
    values = rng.uniform(0, 1, markers.shape).astype(np.float32)
    x = np.where(marked == 0, 1, np.take_along_axis(values, marked, 1))
    return _batch(values, markers, lengths, x.prod(1))


def draw_recall(rng: Generator, n: int, length: int, lag: int) -> Batch:
    """Draw numbers in [-1, 1]; one of the first `length` - `lag` is marked by 1, and it is the target."""
    check_size(length, lag)
    values = rng.uniform(-1, 1, (n, length)).astype(np.float32)
    marked, rows, markers = rng.integers(length - lag, size=n), np.arange(n), np.zeros((n, length), np.float32)
    markers[rows, marked] = 1
    return _batch(values, markers, np.full(n, length), values[rows, marked])
