"""Which validation reviews a run answers correctly, in few bytes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from experiments.record import Figures


def to_hex(right: NDArray[np.bool_]) -> str:
    """Write which reviews are right, bool [n_reviews], as hexadecimal digits of four reviews each."""
    return np.packbits(right).tobytes().hex()


def from_hex(digits: str, n_reviews: int) -> NDArray[np.bool_]:
    """Read which reviews are right, bool [n_reviews]."""
    return np.unpackbits(np.frombuffer(bytes.fromhex(digits), np.uint8), count=n_reviews).astype(np.bool_)


def scores(z: NDArray[np.float32], labels: NDArray[np.int8]) -> Figures:
    """Return accuracy, log loss in nats and right answers of logits [n_reviews] for labels 0 or 1."""
    right = (z > 0) == (labels == 1)
    losses = np.logaddexp(0, np.where(labels == 1, -z, z).astype(np.float64))
    return {
        "accuracy": round(float(right.mean()), 4),
        "log_loss": round(float(losses.mean()), 4),
        "n_reviews": len(right),
        "right": to_hex(right),
    }


def right_of(by_seed: Sequence[Figures]) -> NDArray[np.float64]:
    """Return which reviews the runs of a cell answer correctly, 0 or 1, float64 [n_runs, n_reviews]."""
    return np.stack([from_hex(run["right"], run["n_reviews"]) for run in by_seed]).astype(np.float64)
