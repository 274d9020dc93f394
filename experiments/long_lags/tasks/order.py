"""Experiment 6: in which order did two or three X and Y come?"""

import numpy as np
from numpy.random import Generator

from experiments.long_lags.tasks.batch import Batch, at_end, check_size, one_hot
from pipeline.core.errors import InputError

SYMBOLS = "abcdXYEB"  # four distractors, the two that count, the start and the end


def _draw(rng: Generator, n: int, length: int, spans: list[tuple[int, int]]) -> Batch:
    """Draw sequences of `length` to 1.1 `length` symbols with X or Y at a step of each span; one class per order."""
    lengths = rng.integers(length, length + length // 10 + 1, n)
    symbols, rows = rng.integers(4, size=(n, lengths.max())), np.arange(n)
    order = rng.integers(2, size=(n, len(spans)))
    for column, (first, last) in enumerate(spans):
        symbols[rows, rng.integers(first, last + 1, n)] = SYMBOLS.index("X") + order[:, column]
    symbols[:, 0], symbols[rows, lengths - 1] = SYMBOLS.index("E"), SYMBOLS.index("B")
    classes = order @ (2 ** np.arange(len(spans))[::-1])
    return at_end(one_hot(symbols, len(SYMBOLS)), lengths, one_hot(classes, 2 ** len(spans)))


def _check(length: int, lag: int, least: int) -> int:
    """Return a tenth of the length, in which each of the symbols lies.

    Raises:
        InputError: they do not fit before the lag.
    """
    check_size(length, lag)
    if length < 10 or length - lag < least * length // 10:
        raise InputError(
            f"X and Y do not fit into {length} steps before a lag of {lag}; the length must be 10 or more,"
            f" and the lag at most {length - least * length // 10}"
        )
    return length // 10


def draw_6a(rng: Generator, n: int, length: int, lag: int) -> Batch:
    """Draw two symbols, at 10 to 20 and 50 to 60 for a length of 100 and a lag of 40; four classes."""
    tenth = _check(length, lag, 4)
    return _draw(rng, n, length, [(tenth, 2 * tenth), (length - lag - tenth, length - lag)])


def draw_6b(rng: Generator, n: int, length: int, lag: int) -> Batch:
    """Draw three symbols, at 10 to 20, 33 to 43 and 66 to 76 for a length of 100 and a lag of 24; eight classes."""
    tenth = _check(length, lag, 6)
    middle = length // 3
    return _draw(rng, n, length, [(tenth, 2 * tenth), (middle, middle + tenth), (length - lag - tenth, length - lag)])
