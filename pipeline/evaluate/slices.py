"""Accuracy by kind of review: its length, its stars, its share of words without a vector."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.ensemble.predictions import Labels, Probabilities, correct
from pipeline.evaluate.metrics import LEVEL
from pipeline.evaluate.significance import wilson

N_GROUPS = 5
Groups = dict[str, NDArray[np.bool_]]  # the reviews of each group, bool [n_reviews], by its name


def by_quantile(values: NDArray[np.floating[Any]] | NDArray[np.integer[Any]], form: str, n: int = N_GROUPS) -> Groups:
    """Split reviews into at most `n` groups of about equal size by a value.

    Equal values share a group. A group is named by its least and greatest value.

    Args:
        values: [n_reviews]; those with NaN are in no group.
        form: the format of the values in names.
        n: how many groups.
    """
    known = np.isfinite(values)
    if not known.any():
        return {}
    cuts = np.unique(np.quantile(values[known], np.arange(1, n) / n, method="inverted_cdf"))
    place = np.searchsorted(cuts, values)
    groups: Groups = {}
    for i in range(len(cuts) + 1):
        inside = known & (place == i)
        if inside.any():
            ends = dict.fromkeys(format(end, form) for end in (values[inside].min(), values[inside].max()))
            name = " to ".join(ends)
            groups[name] = groups.get(name, np.zeros_like(inside)) | inside  # two may have the same formatted name
    return groups


def groups_of(
    lengths: NDArray[np.int64], n_known: NDArray[np.int64], ratings: Sequence[int | None]
) -> dict[str, Groups]:
    """Split reviews in three ways.

    Args:
        lengths: int64 [n_reviews], tokens of each.
        n_known: int64 [n_reviews], those of them that have a vector.
        ratings: the stars of each review, None if unknown.

    Returns: by `length` in tokens, by `rating` in stars (empty if none is known), and by `oov`, the share of tokens
        without a vector: reviews that have none of these, then the others in groups of equal size.
    """
    oov = 1 - n_known / np.maximum(lengths, 1)
    oov[lengths == 0] = 0
    stars = sorted({rating for rating in ratings if rating is not None})
    return {
        "length": by_quantile(lengths, "d"),
        "rating": {str(star): np.array([rating == star for rating in ratings]) for star in stars},
        "oov": ({"none": oov == 0} if (oov == 0).any() else {})
        | by_quantile(np.where(oov > 0, oov, np.nan), ".1%", N_GROUPS - 1),
    }


def accuracies(
    groups: Mapping[str, Groups], labels: Labels, probabilities: Mapping[str, Probabilities]
) -> list[dict[str, str | int | float]]:
    """Score each model on each group of reviews.

    Returns: rows of `slice`, `group`, `n` (its reviews), `model`, `accuracy` (mean over the runs), and the Wilson
        interval of 95 %, `low` to `high`.
    """
    rows: list[dict[str, str | int | float]] = []
    right = {model: correct(labels, p).mean(0) for model, p in probabilities.items()}
    for kind, parts in groups.items():
        for name, inside in parts.items():
            for model, share in right.items():
                n = int(inside.sum())
                accuracy = float(share[inside].mean())
                low, high = wilson(round(accuracy * n), n, LEVEL)
                scores = {"accuracy": accuracy, "low": low, "high": high}
                rounded = {key: round(value, 5) for key, value in scores.items()}
                rows.append({"slice": kind, "group": name, "n": n, "model": model, **rounded})
    return rows
