"""Experiment 1: the embedded Reber grammar. No long lags; many networks learn it."""

import numpy as np
from numpy.random import Generator

from experiments.long_lags.tasks.batch import Batch, Bools, Floats, one_hot, per_sequence

SYMBOLS = "BTPSXVE"
# The state after each of the two symbols of a state, as likely as one another. Source: Reber, 1967.
GRAMMAR: dict[int, dict[str, int]] = {
    0: {"T": 1, "P": 2},
    1: {"S": 1, "X": 3},
    2: {"T": 2, "V": 4},
    3: {"X": 2, "S": 5},
    4: {"P": 3, "V": 5},
}
END = 5  # the state in which only E follows


def reber(rng: Generator) -> tuple[str, list[str]]:
    """Return a Reber string after its B, and the symbols that were possible at each place: ("TXSE", ["TP", ...])."""
    string, possible, state = "", [], 0
    while state != END:
        choices = GRAMMAR[state]
        symbol = list(choices)[rng.integers(2)]
        possible.append("".join(choices))
        string, state = string + symbol, choices[symbol]
    return string + "E", [*possible, "E"]


def embedded(rng: Generator) -> tuple[str, list[str]]:
    """Return a string B, T or P, Reber string, the same T or P, E; and what was possible after each symbol but E."""
    outer = "TP"[rng.integers(2)]
    inner, possible = reber(rng)
    return f"B{outer}B{inner}{outer}E", ["TP", "B", *possible, outer, "E"]


def draw(rng: Generator, n: int, length: int, lag: int) -> Batch:
    """Draw strings; the target at each symbol is the next one, the answers are all that were possible."""
    strings = [embedded(rng) for _ in range(n)]
    lengths = np.array([len(string) - 1 for string, _ in strings])
    symbols = np.full((n, lengths.max() + 1), -1)
    answers = np.zeros((n, lengths.max(), len(SYMBOLS)), np.float32)
    for row, (string, possible) in enumerate(strings):
        symbols[row, : len(string)] = [SYMBOLS.index(symbol) for symbol in string]
        for step, choices in enumerate(possible):
            answers[row, step, [SYMBOLS.index(symbol) for symbol in choices]] = 1
    vectors = one_hot(symbols, len(SYMBOLS))  # [B, T + 1, 7]
    mask = np.arange(lengths.max()) < lengths[:, None]
    return Batch(vectors[:, :-1] * mask[..., None], lengths, vectors[:, 1:], mask, answers)


def most_active(outputs: Floats, batch: Batch) -> Bools:
    """Judge: a string is wrong if at any symbol an impossible one is as active as a possible one."""
    possible = batch.answers[batch.mask] > 0
    least = np.where(possible, outputs, np.inf).min(1)
    return per_sequence(np.where(possible, -np.inf, outputs).max(1) >= least, batch)
