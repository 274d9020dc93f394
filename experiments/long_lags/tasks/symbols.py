"""Experiment 2: remember the first symbol until the last. Without noise, with it, and with a lag of random length."""

import numpy as np
from numpy.random import Generator

from experiments.long_lags.tasks.batch import Batch, Ints, at_end, check_lag, check_size, one_hot

P_END = 0.1  # of 2c: the probability that e is next


def _framed(rng: Generator, between: Ints) -> Ints:
    """Return sequences [n, p + 1] of p + 1 symbols: x or y, which are p - 1 and p, `between` [n, p - 1], the same."""
    n, length = between.shape[0], between.shape[1] + 1
    first = length - 1 + rng.integers(2, size=(n, 1))
    return np.concatenate([first, between, first], 1)


def draw_2a(rng: Generator, n: int, length: int, lag: int) -> Batch:
    """Draw (x, a1 ... a(p-1), x) or the same with y, p = length; the target at each symbol is the next one."""
    check_lag(length, lag, length - 1)
    symbols = _framed(rng, np.tile(np.arange(length - 1), (n, 1)))
    vectors = one_hot(symbols, length + 1)  # [n, p + 1, p + 1]
    lengths, mask = np.full(n, length), np.ones((n, length), np.bool_)
    return Batch(vectors[:, :-1], lengths, vectors[:, 1:], mask, vectors[:, 1:])


def draw_2b(rng: Generator, n: int, length: int, lag: int) -> Batch:
    """Draw as in 2a, with random symbols between; the target is the last symbol, the one that can be predicted."""
    check_lag(length, lag, length - 1)
    symbols = _framed(rng, rng.integers(length - 1, size=(n, length - 1)))
    vectors = one_hot(symbols, length + 1)
    return at_end(vectors[:, :-1], np.full(n, length), vectors[:, -1])


def draw_2c(rng: Generator, n: int, length: int, lag: int) -> Batch:
    """Draw b, x or y, q random symbols or more, e; the target is the x or y.

    After q symbols, e comes with probability 0.1, else another random symbol, and so on. There are p = q random
    symbols, numbered from 0, then b, x, y, e; `length` = q + 3 is the least, and the lag is q + 1.
    """
    check_size(length, lag)
    check_lag(length, lag, length - 2)
    p = q = length - 3
    extra = rng.geometric(P_END, n) - 1
    lengths = q + 3 + extra
    symbols = rng.integers(p, size=(n, lengths.max()))
    chosen = p + 1 + rng.integers(2, size=n)
    symbols[:, 0], symbols[:, 1] = p, chosen
    symbols[np.arange(n), lengths - 1] = p + 3
    return at_end(one_hot(symbols, p + 4), lengths, one_hot(chosen, p + 4))
