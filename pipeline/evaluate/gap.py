"""How far the figures on validation are from those on test.

Both are samples of reviews that no model was fitted to. A gap that is larger than its interval therefore means that
validation knows something that test does not: a model, its vectors or its choice have seen the validation reviews.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from pipeline.ensemble.predictions import Labels, Probabilities, correct


def gap(
    valid: Probabilities, valid_labels: Labels, test: Probabilities, test_labels: Labels, level: float
) -> dict[str, dict[str, float]]:
    """Compare the accuracy and the log loss of one model on validation and on test.

    Args:
        valid: [n_runs, n_valid], between 0 and 1, both excluded.
        valid_labels: int8 [n_valid].
        test: [n_runs, n_test].
        test_labels: int8 [n_test].
        level: one minus the coverage of the interval.

    Returns: for `accuracy` and `log_loss`, the latter in nats: `valid`, `test`, `gap` (validation minus test) and its
        normal interval, `low` to `high`, over the choice of reviews.
    """
    per_review = {
        "accuracy": (_right(valid, valid_labels), _right(test, test_labels)),
        "log_loss": (_losses(valid, valid_labels), _losses(test, test_labels)),
    }
    z = norm.ppf(1 - level / 2)
    figures = {}
    for name, (on_valid, on_test) in per_review.items():
        difference = on_valid.mean() - on_test.mean()
        error = z * np.sqrt(on_valid.var(ddof=1) / len(on_valid) + on_test.var(ddof=1) / len(on_test))
        ends = {"low": difference - error, "high": difference + error}
        numbers = {"valid": on_valid.mean(), "test": on_test.mean(), "gap": difference, **ends}
        figures[name] = {key: round(float(value), 5) for key, value in numbers.items()}
    return figures


def _right(probabilities: Probabilities, labels: Labels) -> NDArray[np.float64]:
    """Return the share of runs that are right about each review, [n_reviews]."""
    shares: NDArray[np.float64] = correct(labels, probabilities).mean(0)
    return shares


def _losses(probabilities: Probabilities, labels: Labels) -> NDArray[np.float64]:
    """Return the mean over the runs of the log loss of each review, [n_reviews]."""
    losses: NDArray[np.float64] = -np.log(np.where(labels == 1, probabilities, 1 - probabilities)).mean(0)
    return losses
