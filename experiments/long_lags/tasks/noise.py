"""Experiment 3 and Bengio's latch and two sequences: a signal, then noise on the same input, then the question.

The signal is the first `length` - `lag` inputs, so the last of them is at least `lag` steps before the target.
"""

import numpy as np
from numpy.random import Generator

from experiments.long_lags.tasks.batch import Batch, Bools, Floats, Ints, at_end, check_size

VARIANCE = 0.2  # of the noise
TARGET_VARIANCE = 0.1  # of 3c
PATTERNS = 1994  # the seed of the patterns of the two sequences: the same in every run


def _noise(rng: Generator, *shape: int) -> Floats:
    return rng.normal(0, VARIANCE**0.5, shape).astype(np.float32)


def _signals(rng: Generator, n: int, length: int, lag: int) -> tuple[Bools, Ints, Floats, Floats]:
    """Draw the class of each sequence, its length from `length` to 1.1 `length`, noise, and signals of 1 or -1."""
    check_size(length, lag)
    first = rng.random(n) < 0.5
    lengths = rng.integers(length, length + length // 10 + 1, n)
    noise = _noise(rng, n, int(lengths.max()), 1)
    signal = np.broadcast_to(np.where(first, 1, -1)[:, None, None], (n, length - lag, 1)).astype(np.float32)
    return first, lengths, noise, signal


def draw_3a(rng: Generator, n: int, length: int, lag: int) -> Batch:
    """Draw a signal of 1 or -1 without noise, then noise; the target is 1 or 0."""
    first, lengths, inputs, signal = _signals(rng, n, length, lag)
    inputs[:, : length - lag] = signal
    return at_end(inputs, lengths, first[:, None])


def draw_3b(rng: Generator, n: int, length: int, lag: int) -> Batch:
    """Draw as in 3a, with the same noise on the signal too."""
    first, lengths, inputs, signal = _signals(rng, n, length, lag)
    inputs[:, : length - lag] += signal
    return at_end(inputs, lengths, first[:, None])


def draw_3c(rng: Generator, n: int, length: int, lag: int) -> Batch:
    """Draw inputs as in 3a; the target is 0.2 or 0.8 with Gaussian noise, the answer is without it."""
    first, lengths, inputs, signal = _signals(rng, n, length, lag)
    inputs[:, : length - lag] = signal
    answers = np.where(first, 0.2, 0.8)[:, None]
    return at_end(inputs, lengths, answers + rng.normal(0, TARGET_VARIANCE**0.5, (n, 1)), answers)


def draw_two_sequences(rng: Generator, n: int, length: int, lag: int) -> Batch:
    """Draw one of two fixed patterns with noise on it, then noise; the target is 1 for the first, 0 for the second."""
    first, lengths, inputs, _ = _signals(rng, n, length, lag)
    patterns = np.random.default_rng(PATTERNS).normal(size=(2, length - lag, 1))
    inputs[:, : length - lag] += np.where(first[:, None, None], patterns[0], patterns[1]).astype(np.float32)
    return at_end(inputs, lengths, first[:, None])


def draw_latch(rng: Generator, n: int, length: int, lag: int) -> Batch:
    """Draw `length` - `lag` inputs of 1 or -1, one by default, then noise; the target is 1 or 0."""
    check_size(length, lag)
    first, inputs = rng.random(n) < 0.5, _noise(rng, n, length, 1)
    inputs[:, : length - lag] = np.where(first, 1, -1)[:, None, None]
    return at_end(inputs, np.full(n, length), first[:, None])


def draw_parity(rng: Generator, n: int, length: int, lag: int) -> Batch:
    """Draw inputs of 1 and -1; the target is 1 if their product is 1, else 0."""
    check_size(length, lag)
    inputs = np.where(rng.random((n, length, 1)) < 0.5, 1, -1)
    return at_end(inputs.astype(np.float32), np.full(n, length), inputs.prod(1) > 0)
