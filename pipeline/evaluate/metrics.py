"""The comparison: metrics with intervals, paired tests and curves, all from the table of predictions.

What is reported of a model of several seeds is the mean over them; its curves are of all fits together.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score, log_loss, roc_auc_score, roc_curve

from pipeline.evaluate.predictions import Answers, Labels, Probabilities, correct
from pipeline.evaluate.significance import difference, wilson

LEVEL = 0.05
N_BINS = 15
N_CURVE_POINTS = 200


def calibration(labels: Labels, probabilities: Probabilities) -> list[dict[str, float]]:
    """Compare predicted with observed shares of positive reviews in 15 bins of equal width, all fits together.

    Returns: for each bin that holds a review `predicted` (mean probability), `positive` (share of positive reviews)
        and `n` (reviews, mean over the fits).
    """
    p, y = probabilities.ravel(), np.tile(labels, len(probabilities))
    bins = np.minimum((p * N_BINS).astype(int), N_BINS - 1)
    n = np.bincount(bins, minlength=N_BINS)
    filled = np.flatnonzero(n)
    predicted = np.bincount(bins, p, N_BINS)[filled] / n[filled]
    positive = np.bincount(bins, y == 1, N_BINS)[filled] / n[filled]
    counts = n[filled] / len(probabilities)
    return [
        {"predicted": round(a, 4), "positive": round(b, 4), "n": round(c, 1)}
        for a, b, c in zip(predicted.tolist(), positive.tolist(), counts.tolist(), strict=True)
    ]


def expected_calibration_error(labels: Labels, p: NDArray[np.float64]) -> float:
    """Return the mean distance of predicted and observed share of positives over 15 bins, weighted by their reviews.

    Source: Naeini et al., 2015, for the probability of the positive class.
    """
    bins = np.minimum((p * N_BINS).astype(int), N_BINS - 1)
    gaps = np.bincount(bins, p, N_BINS) - np.bincount(bins, labels == 1, N_BINS)
    return float(np.abs(gaps).sum() / len(p))


def metrics(labels: Labels, probabilities: Probabilities) -> dict[str, float]:
    """Score one model: each figure the mean over its fits, the accuracy with its Wilson interval of 95 %.

    Of several fits also `accuracy_sd`, the standard deviation of their accuracies, and `n_seeds`.
    """
    n = len(labels)
    right = correct(labels, probabilities)
    accuracy, accuracies = float(right.mean()), right.mean(1)
    low, high = wilson(round(accuracy * n), n, LEVEL)

    def mean(score: Any) -> float:
        return float(np.mean([score(p) for p in probabilities]))

    found = {
        "accuracy": accuracy,
        "accuracy_low": low,
        "accuracy_high": high,
        "f1": mean(lambda p: f1_score(labels, p >= 0.5, zero_division=0.0)),
        "roc_auc": mean(lambda p: roc_auc_score(labels, p)),
        "log_loss": mean(lambda p: log_loss(labels, p)),
        "ece": mean(lambda p: expected_calibration_error(labels, p)),
    }
    if len(accuracies) > 1:
        found["accuracy_sd"] = accuracies.std(ddof=1)
    counts = {"n": n, **({"n_seeds": len(accuracies)} if len(accuracies) > 1 else {})}
    return {**{name: round(float(value), 5) for name, value in found.items()}, **counts}


def paired(model: Answers, reference: Answers, *, n_resamples: int, seed: int) -> dict[str, float]:
    """Compare two models on the same reviews.

    Returns: `difference` of the accuracies with its 95 % interval `low` to `high` and `p`; `n_gained` and `n_lost`,
        reviews that only the model and only the reference gets right (mean over pairs of fits, rounded). With one fit
        each, the interval is the paired bootstrap's over reviews and p McNemar's; with several seeds both hold the
        variance of the seeds too, see `significance.difference`.
    """
    found = difference(reference, model, n_resamples=n_resamples, seed=seed, level=LEVEL)
    low, high = found.interval
    return {
        "difference": round(found.difference, 5),
        "low": round(low, 5),
        "high": round(high, 5),
        "p": float(f"{found.p:.3g}"),
        "n_gained": round(found.n_gained),
        "n_lost": round(found.n_lost),
    }


def roc_points(labels: Labels, probabilities: Probabilities) -> list[dict[str, float]]:
    """Return the ROC curve of all fits together as some 200 points, ends included."""
    false_positive, true_positive, _ = roc_curve(np.tile(labels, len(probabilities)), probabilities.ravel())
    kept = np.unique(np.linspace(0, len(false_positive) - 1, N_CURVE_POINTS).round().astype(int))
    return [
        {"fpr": round(float(a), 5), "tpr": round(float(b), 5)}
        for a, b in zip(false_positive[kept], true_positive[kept], strict=True)
    ]


def confusion(labels: Labels, probabilities: Probabilities) -> list[dict[str, Any]]:
    """Count actual against predicted labels, mean over the fits."""
    names = ("negative", "positive")
    predicted = probabilities >= 0.5
    return [
        {
            "actual": names[actual],
            "predicted": names[said],
            "n": round(float(((labels == actual) & (predicted == bool(said))).sum(1).mean()), 1),
        }
        for actual in (0, 1)
        for said in (0, 1)
    ]
