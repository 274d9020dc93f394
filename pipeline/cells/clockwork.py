"""The clockwork RNN: modules of units, each updated once in its period and copied in between."""

from collections.abc import Sequence

import torch
from torch import Tensor, tanh, where

from pipeline.cells.equation import Gates, Vectors


def clockwork(w: Gates, fixed: Vectors, x: Tensor, h: Tensor, k: Tensor) -> tuple[Tensor, Tensor]:
    """Koutnik et al., 2014: `k` counts the tokens since a unit's update; all units take part in the first token."""
    h = where(k == 0, tanh(w.h(x, h)), h)
    return h, (k + 1) % fixed.period


def constants(hidden_size: int, periods: Sequence[int]) -> dict[str, Tensor]:
    """Return `period`, [H], that of each unit, and `R_h`, [H, H], 1 where a unit (row) reads another (column).

    A unit reads those of its own period and of longer ones.
    """
    period = torch.tensor(periods, dtype=torch.float32).repeat_interleave(hidden_size // len(periods))
    return {"period": period, "R_h": (period[None] >= period[:, None]).float()}
