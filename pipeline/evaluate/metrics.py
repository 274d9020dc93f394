"""Scores, curves and paired comparisons, all computed from the table of predictions.

Scores of a model with several seeds are means over its runs; curves pool the runs.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score, log_loss, roc_auc_score, roc_curve

from pipeline.ensemble.predictions import Answers, Labels, Probabilities, correct
from pipeline.evaluate.significance import difference, wilson

LEVEL = 0.05
N_BINS = 15
N_CURVE_POINTS = 200


def score(labels: Labels, probabilities: Probabilities) -> dict[str, float]:
    """Score one model: each figure is the mean over its runs; the accuracy has its Wilson interval of 95 %.

    With several runs there are also `accuracy_sd`, the standard deviation of their accuracies, and `n_seeds`.
    """
    n = len(labels)
    right = correct(labels, probabilities)
    accuracy, accuracies = float(right.mean()), right.mean(1)
    low, high = wilson(round(accuracy * n), n, LEVEL)

    def mean(metric: Callable[[NDArray[np.float64]], float]) -> float:
        return float(np.mean([metric(p) for p in probabilities]))

    figures = {
        "accuracy": accuracy,
        "accuracy_low": low,
        "accuracy_high": high,
        "f1": mean(lambda p: f1_score(labels, p >= 0.5, zero_division=0.0)),
        "roc_auc": mean(lambda p: roc_auc_score(labels, p)),
        "log_loss": mean(lambda p: log_loss(labels, p)),
        "ece": mean(lambda p: expected_calibration_error(labels, p)),
    }
    if len(accuracies) > 1:
        figures["accuracy_sd"] = accuracies.std(ddof=1)
    counts = {"n": n, **({"n_seeds": len(accuracies)} if len(accuracies) > 1 else {})}
    return {**{name: round(float(value), 5) for name, value in figures.items()}, **counts}


def expected_calibration_error(labels: Labels, p: NDArray[np.float64]) -> float:
    """Return the mean distance between predicted and observed share of positives in 15 bins, weighted by reviews.

    Source: Naeini et al., 2015, for the probability of the positive class.
    """
    bins = _bins(p)
    gaps = np.bincount(bins, p, N_BINS) - np.bincount(bins, labels == 1, N_BINS)
    return float(np.abs(gaps).sum() / len(p))


def _bins(p: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the bin of each probability, of N_BINS of equal width."""
    return np.minimum((p * N_BINS).astype(np.int64), N_BINS - 1)


def paired(model: Answers, reference: Answers, *, n_resamples: int, seed: int) -> dict[str, float]:
    """Compare two models on the same reviews.

    Returns: `difference` of the accuracies with its 95 % interval `low` to `high` and `p`; `n_gained` and `n_lost`,
        reviews that only the model and only the reference gets right (mean over pairs of runs, rounded). With one run
        each, the interval is the paired bootstrap's over reviews and p McNemar's; with several seeds both include the
        variance of the seeds, see `significance.difference`.
    """
    change = difference(reference, model, n_resamples=n_resamples, seed=seed, level=LEVEL)
    low, high = change.interval
    return {
        "difference": round(change.difference, 5),
        "low": round(low, 5),
        "high": round(high, 5),
        "p": float(f"{change.p:.3g}"),
        "n_gained": round(change.n_gained),
        "n_lost": round(change.n_lost),
    }


def compare_all(answers: Mapping[str, Answers], **options: int) -> dict[str, dict[str, dict[str, float]]]:
    """Compare each model with each one before it; `options` are those of `paired`. Returns: by model and reference."""
    models = list(answers)
    return {
        model: {reference: paired(answers[model], answers[reference], **options) for reference in models[:i]}
        for i, model in enumerate(models)
        if i
    }


def roc_points(labels: Labels, probabilities: Probabilities) -> list[dict[str, float]]:
    """Return the ROC curve of the pooled runs, as some 200 points, both ends included."""
    false_positive, true_positive, _ = roc_curve(np.tile(labels, len(probabilities)), probabilities.ravel())
    kept = np.unique(np.linspace(0, len(false_positive) - 1, N_CURVE_POINTS).round().astype(int))
    return [
        {"fpr": round(float(a), 5), "tpr": round(float(b), 5)}
        for a, b in zip(false_positive[kept], true_positive[kept], strict=True)
    ]


def calibration(labels: Labels, probabilities: Probabilities) -> list[dict[str, float]]:
    """Compare predicted with observed shares of positive reviews in 15 bins of equal width, with the runs pooled.

    Returns: for each bin that is not empty `predicted` (mean probability), `positive` (share of positive reviews) and
        `n` (reviews, mean over the runs).
    """
    p, y = probabilities.ravel(), np.tile(labels, len(probabilities))
    bins = _bins(p)
    n = np.bincount(bins, minlength=N_BINS)
    filled = np.flatnonzero(n)
    predicted = np.bincount(bins, p, N_BINS)[filled] / n[filled]
    positive = np.bincount(bins, y == 1, N_BINS)[filled] / n[filled]
    counts = n[filled] / len(probabilities)
    return [
        {"predicted": round(a, 4), "positive": round(b, 4), "n": round(c, 1)}
        for a, b, c in zip(predicted.tolist(), positive.tolist(), counts.tolist(), strict=True)
    ]


def confusion(labels: Labels, probabilities: Probabilities) -> list[dict[str, Any]]:
    """Count actual against predicted labels, mean over the runs."""
    names = ("negative", "positive")
    is_positive = probabilities >= 0.5
    return [
        {
            "actual": names[actual],
            "predicted": names[predicted],
            "n": round(float(((labels == actual) & (is_positive == bool(predicted))).sum(1).mean()), 1),
        }
        for actual in (0, 1)
        for predicted in (0, 1)
    ]


CURVES = {"roc": roc_points, "calibration": calibration, "confusion": confusion}
