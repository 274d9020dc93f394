"""Every cell once more, in NumPy, as its source writes it: one token of one review.

`P` has the weights by name in float64; H is the hidden size. A state is a tuple whose first element is the output.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy import tanh
from scipy.special import expit as s

Array = np.ndarray
Weights = dict[str, Array]
State = tuple[Any, ...]


def affine(P: Weights, gate: str, x: Array, h: Array) -> Array:
    return P[f"W_{gate}"] @ x + P[f"R_{gate}"] @ h + P[f"b_{gate}"]


def rnn(P: Weights, x: Array, state: State) -> State:
    return (tanh(affine(P, "h", x, state[0])),)


def irnn(P: Weights, x: Array, state: State) -> State:
    return (np.maximum(affine(P, "h", x, state[0]), 0),)


def gru(P: Weights, x: Array, state: State) -> State:
    (h,) = state
    r, z = s(affine(P, "r", x, h)), s(affine(P, "z", x, h))
    n = tanh(P["W_n"] @ x + P["b_n"] + r * (P["R_u"] @ h + P["b_u"]))
    return ((1 - z) * n + z * h,)


def gru_cho(P: Weights, x: Array, state: State) -> State:
    (h,) = state
    r, z = s(affine(P, "r", x, h)), s(affine(P, "z", x, h))
    n = tanh(P["W_n"] @ x + P["R_n"] @ (r * h) + P["b_n"])
    return ((1 - z) * n + z * h,)


def greff(variant: str) -> Callable[[Weights, Array, State], State]:
    """The vanilla LSTM with one change, as section 3 of Greff et al. lists them."""

    def step(P: Weights, x: Array, state: State) -> State:
        h, c, *gates = state
        p = {gate: 0.0 if variant == "np" else P.get(f"p_{gate}", 0.0) for gate in "ifo"}

        def gate(name: str, cell: Array) -> Array:
            a = affine(P, name, x, h) + p[name] * cell
            if variant == "fgr":
                a = a + sum(P[f"R_{other}{name}"] @ value for other, value in zip("ifo", gates, strict=True))
            return s(a)

        z = affine(P, "z", x, h) if variant == "niaf" else tanh(affine(P, "z", x, h))
        i = 1.0 if variant == "nig" else gate("i", c)
        f = 1.0 if variant == "nfg" else 1 - i if variant == "cifg" else gate("f", c)
        c = i * z + f * c
        o = 1.0 if variant == "nog" else gate("o", c)
        h = o * c if variant == "noaf" else o * tanh(c)
        return (h, c, i, f, o) if variant == "fgr" else (h, c)

    return step


def lstm1997(P: Weights, x: Array, state: State) -> State:
    h, c = state
    i, o = s(affine(P, "i", x, h)), s(affine(P, "o", x, h))
    c = c + i * (4 * s(affine(P, "g", x, h)) - 2)
    return o * (2 * s(c) - 1), c


def depth_gated(P: Weights, x: Array, state: State, below: Array) -> State:
    h, c = state
    d = s(P["b_d"] + P["W_d"] @ x + P["p_d"] * c + P["p_below"] * below)
    z = tanh(affine(P, "z", x, h))
    i = s(affine(P, "i", x, h) + P["p_i"] * c)
    f = s(affine(P, "f", x, h) + P["p_f"] * c)
    c = f * c + i * z + d * below
    o = s(affine(P, "o", x, h) + P["p_o"] * c)
    return o * tanh(c), c


def clockwork(periods: Sequence[int]) -> Callable[[Weights, Array, State], State]:
    def step(P: Weights, x: Array, state: State) -> State:
        h, t = state
        new, size = h.copy(), len(h) // len(periods)
        for g, period in enumerate(periods):
            if t % period == 0:
                rows = slice(g * size, (g + 1) * size)
                a = P["W_h"][rows] @ x + P["b_h"][rows]
                for j, other in enumerate(periods):
                    if other >= period:
                        columns = slice(j * size, (j + 1) * size)
                        a = a + P["R_h"][rows, columns] @ h[columns]
                new[rows] = tanh(a)
        return new, t + 1

    return step


def mut1(P: Weights, x: Array, state: State) -> State:
    (h,) = state
    z = s(P["W_z"] @ x + P["b_z"])
    r = s(affine(P, "r", x, h))
    return (tanh(P["R_h"] @ (r * h) + tanh(P.get("W_x", np.eye(len(x))) @ x) + P["b_h"]) * z + h * (1 - z),)


def mut2(P: Weights, x: Array, state: State) -> State:
    (h,) = state
    z = s(affine(P, "z", x, h))
    r = s(P.get("W_x", np.eye(len(x))) @ x + P["R_r"] @ h + P["b_r"])
    return (tanh(P["R_h"] @ (r * h) + P["W_h"] @ x + P["b_h"]) * z + h * (1 - z),)


def mut3(P: Weights, x: Array, state: State) -> State:
    (h,) = state
    z = s(P["W_z"] @ x + P["R_z"] @ tanh(h) + P["b_z"])
    r = s(affine(P, "r", x, h))
    return (tanh(P["R_h"] @ (r * h) + P["W_h"] @ x + P["b_h"]) * z + h * (1 - z),)


PERIODS = (1, 3)
GREFF = ("vanilla", "nig", "nfg", "nog", "niaf", "noaf", "cifg", "np", "fgr")
STEPS: dict[str, Callable[..., State]] = {
    "rnn": rnn,
    "irnn": irnn,
    "gru": gru,
    "gru_cho": gru_cho,
    **{variant: greff(variant) for variant in GREFF},
    "lstm1997": lstm1997,
    "clockwork": clockwork(PERIODS),
    "mut1": mut1,
    "mut2": mut2,
    "mut3": mut3,
}


def states_of(cell: str, P: Weights, x: Array, below: Array | None = None) -> tuple[Array, Array | None]:
    """Run a cell over one review x [n, D]; return its outputs [n, H] and, if it has them, its cell states [n, H]."""
    zeros = np.zeros(len(P[next(name for name in P if name.startswith("b_"))]))
    state: State = {"fgr": (zeros,) * 5, "clockwork": (zeros, 0)}.get(
        cell, (zeros,) if cell in ("rnn", "irnn", "gru", "gru_cho", "mut1", "mut2", "mut3") else (zeros, zeros)
    )
    outputs, cells = [], []
    for t, token in enumerate(x):
        if below is not None:
            state = depth_gated(P, token, state, below[t])
        else:
            state = STEPS["vanilla" if cell == "depth_gated" else cell](P, token, state)
        outputs.append(state[0])
        cells.append(state[-1])
    return np.array(outputs), np.array(cells) if cell == "depth_gated" else None
