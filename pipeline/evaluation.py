"""The comparison: metrics with intervals, paired tests and curves, all from the table of predictions.

A linear model has one column of the table, named as the model; an LSTM has one a seed, `<model>_<seed>`. Whatever is
reported for an LSTM is the mean over its seeds.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import f1_score, log_loss, roc_auc_score, roc_curve

from pipeline.errors import InputError
from pipeline.files import atomic

N_BINS = 15
DECIMALS = 4
N_CURVE_POINTS = 200
Probabilities = NDArray[np.float64]  # [n_seeds, n_reviews]
Labels = NDArray[np.int8]  # [n_reviews]


def make_predictions(
    ids: Sequence[str], labels: Labels, probabilities: Mapping[str, NDArray[np.floating[Any]]]
) -> pa.Table:
    """Make the table `id, label` and a float32 column a fit, clipped to [1e-4, 1 - 1e-4] and rounded to 4 decimals."""
    least = 10.0**-DECIMALS
    columns = {
        name: np.round(np.clip(p.astype(np.float64), least, 1 - least), DECIMALS).astype(np.float32)
        for name, p in probabilities.items()
    }
    return pa.table({"id": pa.array(ids, pa.string()), "label": pa.array(labels, pa.int8()), **columns})


def save_predictions(table: pa.Table, path: Path) -> None:
    """Write the table as parquet, small enough for git."""
    with atomic(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", compression_level=19)


def load_predictions(path: Path) -> pa.Table:
    """Read the table back.

    Raises:
        InputError: the file is missing, broken, or lacks `id` or `label`.
    """
    try:
        table = pq.read_table(path)
    except FileNotFoundError:
        raise InputError(f"{path} is missing; `git checkout` brings it back, `dvc repro evaluate` makes it") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{path} is not a whole parquet file ({error}); run `dvc repro --force evaluate`") from None
    if table.column_names[:2] != ["id", "label"]:
        raise InputError(f"{path} starts with the columns {table.column_names[:2]}, expected id, label")
    return table


def of_model(table: pa.Table, model: str, seeds: Sequence[int]) -> Probabilities:
    """Return the probabilities of a model, float64 [n_fits, n_reviews]: one fit, or one a seed."""
    names = [model] if model in table.column_names else [f"{model}_{seed}" for seed in seeds]
    # From float32 back to the decimals that were meant, so that 0.5 is 0.5.
    return np.stack([np.round(table[name].to_numpy().astype(np.float64), DECIMALS) for name in names])


def correct(labels: Labels, probabilities: Probabilities) -> NDArray[np.bool_]:
    """Tell which reviews each fit gets right, bool [n_fits, n_reviews]; 0.5 and above is positive."""
    right: NDArray[np.bool_] = (probabilities >= 0.5) == (labels == 1)
    return right


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


def wilson(accuracy: float, n: int) -> tuple[float, float]:
    """Return the ends of Wilson's interval of 95 % for a share of `n` reviews, the share rounded to whole ones."""
    interval = binomtest(round(accuracy * n), n).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)


def metrics(labels: Labels, probabilities: Probabilities) -> dict[str, float]:
    """Score one model: each figure the mean over its fits, the accuracy with its Wilson interval of 95 %."""
    n = len(labels)
    accuracy = float(correct(labels, probabilities).mean())
    low, high = wilson(accuracy, n)

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
    return {**{name: round(float(value), 5) for name, value in found.items()}, "n": n}


def paired(
    labels: Labels, model: Probabilities, reference: Probabilities, *, n_resamples: int, seed: int
) -> dict[str, float]:
    """Compare two models on the same reviews.

    Returns: `difference` of the accuracies with the 95 % percentile interval `low` to `high` of the paired bootstrap
        over reviews; `n_gained` and `n_lost`, reviews that only the model and only the reference gets right (mean over
        the fits, rounded); `mcnemar_p`, McNemar's exact two-sided test on them.
        Drawing reviews with replacement is drawing how often each value of the difference comes up: a multinomial.
    """
    right, reference_right = correct(labels, model), correct(labels, reference)
    differences = right.mean(0) - reference_right.mean(0)  # [n_reviews]
    values, counts = np.unique(differences, return_counts=True)
    n = len(labels)
    drawn = np.random.default_rng(seed).multinomial(n, counts / n, n_resamples) @ values / n
    low, high = np.quantile(drawn, [0.025, 0.975])
    pairs = [(a, b) for a in right for b in reference_right]
    n_gained = round(float(np.mean([(a & ~b).sum() for a, b in pairs])))
    n_lost = round(float(np.mean([(~a & b).sum() for a, b in pairs])))
    discordant = n_gained + n_lost
    return {
        "difference": round(float(differences.mean()), 5),
        "low": round(float(low), 5),
        "high": round(float(high), 5),
        "mcnemar_p": float(f"{binomtest(n_gained, discordant).pvalue if discordant else 1.0:.3g}"),
        "n_gained": n_gained,
        "n_lost": n_lost,
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
