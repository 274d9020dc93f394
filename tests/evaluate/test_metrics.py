"""Scores and curves against their definitions, by brute force."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from pipeline.ensemble.predictions import Answers, correct
from pipeline.evaluate import metrics


@st.composite
def scored(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Draw labels [n], both classes among them, and probabilities [n_runs, n] of four decimals."""
    n, n_runs = draw(st.integers(2, 30)), draw(st.integers(1, 3))
    labels = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n).filter(lambda drawn: len(set(drawn)) == 2))
    decimals = draw(st.lists(st.integers(1, 9999), min_size=n * n_runs, max_size=n * n_runs))
    return np.array(labels, np.int8), np.array(decimals).reshape(n_runs, n) / 10_000


@given(scored())
def test_scores_by_brute_force(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    labels, probabilities = drawn
    scores = metrics.score(labels, probabilities)
    n = len(labels)
    assert scores.get("n_seeds", 1) == len(probabilities)
    if len(probabilities) > 1:
        accuracies_of_runs = [np.mean((run >= 0.5) == (labels == 1)) for run in probabilities]
        assert scores["accuracy_sd"] == pytest.approx(np.std(accuracies_of_runs, ddof=1), abs=1e-5)

    accuracy = np.mean([(p >= 0.5) == (y == 1) for run in probabilities for p, y in zip(run, labels, strict=True)])
    assert scores["accuracy"] == pytest.approx(accuracy, abs=1e-5)
    assert scores["n"] == n

    # Wilson, 1927: the p at which the observed share is z standard errors away.
    share, z = round(accuracy * n) / n, norm.ppf(0.975)
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    assert (scores["accuracy_low"], scores["accuracy_high"]) == pytest.approx((middle - half, middle + half), abs=1e-5)

    aucs, losses, f1s, eces = [], [], [], []
    for run in probabilities:
        positive, negative = run[labels == 1], run[labels == 0]
        wins = (positive[:, None] > negative).sum() + 0.5 * (positive[:, None] == negative).sum()
        aucs.append(wins / (len(positive) * len(negative)))
        losses.append(-np.mean(np.where(labels == 1, np.log(run), np.log(1 - run))))
        both = ((run >= 0.5) & (labels == 1)).sum()
        f1s.append(2 * both / ((run >= 0.5).sum() + (labels == 1).sum()))
        gap = 0.0
        for k in range(15):
            inside = (run >= k / 15) & (run < (k + 1) / 15)
            if inside.any():
                gap += inside.sum() / n * abs(run[inside].mean() - labels[inside].mean())
        eces.append(gap)
    for name, values in (("roc_auc", aucs), ("log_loss", losses), ("f1", f1s), ("ece", eces)):
        assert scores[name] == pytest.approx(np.mean(values), abs=2e-5), name


def of(labels: np.ndarray, probabilities: np.ndarray, *seeds: int) -> Answers:
    """Which answers are right, [n_runs, n]."""
    return Answers(correct(labels, probabilities), seeds)


def test_a_paired_difference_by_hand() -> None:
    labels = np.array([1, 1, 1, 1, 0, 0, 0, 0], np.int8)
    model = np.array([[0.9, 0.9, 0.9, 0.2, 0.1, 0.1, 0.1, 0.1]])  # 7 right
    reference = np.array([[0.9, 0.1, 0.1, 0.9, 0.1, 0.9, 0.9, 0.1]])  # 4 right
    change = metrics.paired(of(labels, model), of(labels, reference), n_resamples=2000, seed=1)
    assert change["difference"] == pytest.approx(3 / 8)
    assert (change["n_gained"], change["n_lost"]) == (4, 1)
    assert change["p"] == pytest.approx(2 * (1 + 5) / 2**5)  # two-sided binomial, 1 or fewer of 5
    assert change["low"] <= change["difference"] <= change["high"]


def test_the_bootstrap_agrees_with_resampling_reviews(rng: np.random.Generator) -> None:
    labels = rng.integers(0, 2, 400).astype(np.int8)
    model, reference = (np.clip(labels + rng.normal(0, s, (2, 400)), 0, 1) for s in (0.5, 0.7))
    change = metrics.paired(of(labels, model, 1), of(labels, reference), n_resamples=20_000, seed=1)
    right = correct(labels, model).mean(0) - correct(labels, reference).mean(0)
    drawn = [right[rng.integers(0, 400, 400)].mean() for _ in range(20_000)]
    assert (change["low"], change["high"]) == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.004)


def test_with_several_seeds_interval_and_p_include_their_variance(rng: np.random.Generator) -> None:
    labels = rng.integers(0, 2, 2000).astype(np.int8)
    reference = np.where(rng.random((1, 2000)) < 0.8, labels, 1 - labels).astype(float)
    shares = np.array([0.76, 0.83, 0.90])[:, None]  # accuracies of three seeds
    model = np.where(rng.random((3, 2000)) < shares, labels, 1 - labels).astype(float)
    several = metrics.paired(of(labels, model, 1, 2, 3), of(labels, reference), n_resamples=2000, seed=1)
    one = metrics.paired(of(labels, model[1:2], 2), of(labels, reference), n_resamples=2000, seed=1)
    assert several["difference"] == pytest.approx(one["difference"], abs=0.02)
    assert several["low"] < 0 < several["high"]  # whereas that of one seed is clear
    assert one["low"] > 0
    assert several["p"] > 0.05 > one["p"]


def test_a_model_against_itself_is_no_difference() -> None:
    labels, p = np.array([0, 1, 1], np.int8), np.array([[0.2, 0.7, 0.4]])
    assert metrics.paired(of(labels, p), of(labels, p), n_resamples=50, seed=1) == {
        "difference": 0.0,
        "low": 0.0,
        "high": 0.0,
        "p": 1.0,
        "n_gained": 0,
        "n_lost": 0,
    }


@given(scored())
def test_curves_are_bounded_and_count_every_review(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    labels, probabilities = drawn
    roc = metrics.roc_points(labels, probabilities)
    assert (roc[0]["fpr"], roc[0]["tpr"]) == (0, 0)
    assert (roc[-1]["fpr"], roc[-1]["tpr"]) == (1, 1)
    assert all(a["fpr"] <= b["fpr"] and a["tpr"] <= b["tpr"] for a, b in pairwise(roc))
    cells = metrics.confusion(labels, probabilities)
    assert sum(cell["n"] for cell in cells) == pytest.approx(len(labels), abs=0.3)
    bins = metrics.calibration(labels, probabilities)
    assert sum(one["n"] for one in bins) == pytest.approx(len(labels), abs=1)
    assert all(0 <= one["positive"] <= 1 for one in bins)


def test_the_roc_curve_stays_small() -> None:
    rng = np.random.default_rng(1)
    points = metrics.roc_points(rng.integers(0, 2, 25_000).astype(np.int8), rng.random((1, 25_000)))
    assert len(points) <= metrics.N_CURVE_POINTS


def test_each_model_is_compared_with_those_before_it() -> None:
    labels = np.array([1, 1, 0, 0], np.int8)
    one = of(labels, np.array([[0.9, 0.1, 0.1, 0.1]]))
    compared = metrics.compare_all({"a": one, "b": one, "c": one}, n_resamples=10, seed=1)
    assert {model: list(references) for model, references in compared.items()} == {"b": ["a"], "c": ["a", "b"]}
    assert compared["b"]["a"] == metrics.paired(one, one, n_resamples=10, seed=1)
