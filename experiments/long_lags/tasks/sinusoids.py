"""A slow and a fast sinusoid in noise: can a network follow both?"""

import numpy as np
from numpy.random import Generator

from experiments.long_lags.tasks.batch import Batch, Bools, Floats, Ints, check_size

PERIODS = {"slow": (50, 100), "fast": (4, 8)}  # steps
VARIANCE = 0.2  # of the noise; each sinusoid has a power of 0.5
POWER = 0.5
TOLERANCE = 0.2  # a band's squared error as a share of its power


def draw(rng: Generator, n: int, length: int, lag: int) -> Batch:
    """Draw noisy sums; the targets are the next value of each sinusoid, without noise, from step `lag` on.

    Periods and phases are drawn anew for each sequence, so the network has to read them off its input.
    """
    check_size(length, lag)
    steps = np.arange(length + 1)
    waves = np.empty((n, length + 1, len(PERIODS)), np.float32)
    for band, (shortest, longest) in enumerate(PERIODS.values()):
        period, phase = rng.uniform(shortest, longest, (n, 1)), rng.uniform(0, 2 * np.pi, (n, 1))
        waves[..., band] = np.sin(2 * np.pi * steps / period + phase)
    noise = rng.normal(0, VARIANCE**0.5, (n, length)).astype(np.float32)
    inputs = (waves[:, :-1].sum(2) + noise)[..., None]
    lengths: Ints = np.full(n, length)
    return Batch(inputs, lengths, waves[:, 1:], np.tile(steps[:-1] >= lag, (n, 1)), waves[:, 1:])


def follows_both(outputs: Floats, batch: Batch) -> Bools:
    """Judge: a sequence is wrong if in either band the mean squared error exceeds a fifth of the power."""
    squared = (outputs - batch.answers[batch.mask]) ** 2
    by_sequence = squared.reshape(len(batch), -1, len(PERIODS)).mean(1)  # all sequences have as many steps
    wrong: Bools = (by_sequence > TOLERANCE * POWER).any(1)
    return wrong
