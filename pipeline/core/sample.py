"""Samples of rows: what need not grow with the corpus works on one."""

import numpy as np
from numpy.typing import NDArray


def sample_rows(n_rows: int, most: int) -> NDArray[np.int64]:
    """Return the rows to keep of `n_rows`, int64, in order: all, or `most` of them at random, always the same ones."""
    if n_rows <= most:
        return np.arange(n_rows)
    return np.sort(np.random.default_rng(0).choice(n_rows, most, replace=False))
