"""The statistics: against statsmodels, by hand, and by simulation where nothing differs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm, ttest_1samp
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from pipeline.ensemble.predictions import Answers
from pipeline.evaluate.significance import Difference, difference, holm, mcnemar, verdict, wilson
from pipeline.evaluate.variance import SeedVariance, VarianceComponents

LEVELS = st.sampled_from([0.01, 0.05, 0.2])
N_TRIALS = 400


@given(st.integers(0, 60), st.integers(1, 60), LEVELS)
def test_wilson_equals_statsmodels(n_right: int, n_wrong: int, level: float) -> None:
    expected = proportion_confint(n_right, n_right + n_wrong, alpha=level, method="wilson")
    assert wilson(n_right, n_right + n_wrong, level) == pytest.approx(expected, abs=1e-12)


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_equals_statsmodels(n_gained: int, n_lost: int) -> None:
    expected = statsmodels_mcnemar([[7, n_gained], [n_lost, 9]], exact=True).pvalue if n_gained + n_lost else 1.0
    assert mcnemar(n_gained, n_lost) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_is_exact_far_in_the_tail() -> None:
    assert mcnemar(1594, 483) == pytest.approx(binomtest(483, 2077).pvalue, rel=1e-9)


@pytest.mark.parametrize("n", [1, 2, 3, 10])
def test_holm_equals_statsmodels(n: int, rng: np.random.Generator) -> None:
    for p in np.round(rng.random((20, n)) ** 3, 2):  # ties among them
        assert holm(p.tolist()) == pytest.approx(multipletests(p, method="holm")[1].tolist(), abs=1e-12)


def test_no_p_value_needs_no_correction() -> None:
    assert holm([]) == []


@pytest.mark.parametrize(
    ("change", "p", "same", "expected"),
    [
        (0.01, 0.049, False, "better"),
        (-0.01, 0.049, False, "worse"),
        (0.01, 0.05, False, "within noise"),
        (0.0, 1.0, True, "same answers"),
    ],
)
def test_a_verdict_follows_p_and_the_sign(change: float, p: float, same: bool, expected: str) -> None:
    assert verdict(change, p, 0.05, same=same) == expected


def compared(before: np.ndarray, after: np.ndarray, seeds: tuple[int, ...], others: tuple[int, ...]) -> Difference:
    return difference(Answers(before, seeds), Answers(after, others), n_resamples=500, seed=1, level=0.05)


def test_a_change_by_hand() -> None:
    before = np.array([[1, 1, 1, 0, 0, 0, 0, 0]], bool)
    after = np.array([[1, 1, 0, 1, 1, 1, 1, 0]], bool)
    change = compared(before, after, (), ())
    assert change.difference == pytest.approx(3 / 8)
    assert (change.n_gained, change.n_lost) == (4, 1)
    assert change.p == change.mcnemar[0] == pytest.approx(2 * (1 + 5) / 2**5)
    assert (change.test, change.seed_unknown, change.same, change.variance) == ("mcnemar", False, False, None)


def test_the_same_answers_are_no_difference() -> None:
    runs = np.array([[1, 0, 1], [0, 1, 1]], bool)
    change = compared(runs, runs, (1, 2), (1, 2))
    assert (change.difference, change.p, change.interval) == (0, 1, (0, 0))
    assert change.same


def test_runs_of_equal_seeds_are_paired_in_any_order(rng: np.random.Generator) -> None:
    before, after = rng.random((2, 3, 200)) < 0.8
    change = compared(before, after, (1, 2, 3), (1, 2, 3))
    turned = compared(before, after[::-1], (1, 2, 3), (3, 2, 1))
    assert change == turned
    assert change.variance is not None
    assert change.variance.paired
    assert len(change.mcnemar) == 3
    other = compared(before, after, (1, 2, 3), (4, 5, 6))
    assert other.variance is not None
    assert not other.variance.paired
    assert len(other.mcnemar) == 9


def test_a_single_seed_leaves_the_variance_of_seeds_unknown(rng: np.random.Generator) -> None:
    runs = rng.random((3, 200)) < 0.8
    one = compared(runs[:1], runs[1:2], (1,), (2,))
    assert one.seed_unknown
    assert one.test == "mcnemar"
    several = compared(runs[:1], runs[1:], (1,), (2, 3))
    assert several.seed_unknown
    assert several.variance is None
    assert several.test == "reviews"


def test_the_two_way_analysis_by_hand(rng: np.random.Generator) -> None:
    runs = rng.random((4, 50))
    k, n = runs.shape
    estimated = SeedVariance.of(runs)
    rest = [runs[s, i] - runs[s].mean() - runs[:, i].mean() + runs.mean() for s in range(k) for i in range(n)]
    assert estimated.within == pytest.approx(np.square(rest).sum() / ((k - 1) * (n - 1)) / (n * k))
    assert estimated.between == pytest.approx(np.var(runs.mean(1), ddof=1) / k)
    assert estimated.df == 3


def test_variance_components_recover_simulated_ones() -> None:
    rng = np.random.default_rng(1)
    k, n, n_trials = 3, 400, 300
    of_seed, of_review, of_rest = 0.03, 0.5, 0.4
    reviews, seeds, means = [], [], []
    for _ in range(n_trials):
        y = rng.normal(0, of_review, n) + rng.normal(0, of_seed, (k, 1)) + rng.normal(0, of_rest, (k, n))
        part = SeedVariance.of(y)
        both = VarianceComponents(y.mean(), y.mean(0).var(ddof=1) / n, (part,), True)
        reviews.append(both.reviews)
        seeds.append(part.between)
        means.append(y.mean())
    assert np.mean(reviews) == pytest.approx(of_review**2 / n, rel=0.02)
    assert np.mean(seeds) == pytest.approx((of_seed**2 + of_rest**2 / n) / k, rel=0.15)
    assert np.var(means) == pytest.approx(np.mean(reviews) + np.mean(seeds), rel=0.2)


def test_if_seeds_dominate_p_is_that_of_a_t_test(rng: np.random.Generator) -> None:
    # Answers do not depend on the review, so reviews contribute no variance.
    deltas = [0.3, 0.1, 0.25, 0.2]
    before = np.zeros((4, 1000), bool)
    after = np.stack([rng.permutation(np.arange(1000) < 1000 * delta) for delta in deltas])
    change = compared(before, after, (1, 2, 3, 4), (1, 2, 3, 4))
    assert change.p == pytest.approx(ttest_1samp(deltas, 0).pvalue, rel=0.02)


def test_p_is_the_level_at_which_the_interval_touches_zero() -> None:
    for d in (0.001, 0.01, 0.05, 1.0, 50.0):
        both = VarianceComponents(d, 1e-5, (SeedVariance(2e-5, 5e-6, 2), SeedVariance(1e-5, 2e-6, 4)), False)
        assert both.half(both.p) == pytest.approx(d, rel=1e-6)
    assert VarianceComponents(0.5, 1e-5, (SeedVariance(0.0, 0.0, 2),), True).p == pytest.approx(
        2 * norm.sf(0.5 / 1e-5**0.5), rel=1e-6
    )


def test_the_interval_is_never_narrower_than_that_over_reviews() -> None:
    both = VarianceComponents(0.01, 4e-6, (SeedVariance(1e-9, 3e-6, 2),), True)
    assert both.half(0.05) == pytest.approx(1.96 * 2e-3, rel=1e-3)


def answers_of(rng: np.random.Generator, chances: np.ndarray, k: int, of_seed: float) -> np.ndarray:
    """Draw what k runs get right: each review has a chance, which the seed shifts."""
    return rng.random((k, len(chances))) < np.clip(chances + rng.normal(0, of_seed, (k, 1)), 0, 1)


def false_positives(k: int, of_seed: float, seeds: tuple[int, ...], others: tuple[int, ...]) -> tuple[float, float]:
    """Compare runs of one setting many times; return how often p and the bootstrap are significant."""
    rng = np.random.default_rng(11)
    by_p = by_bootstrap = 0
    for _ in range(N_TRIALS):
        chances = rng.beta(4, 0.6, 1500)
        change = difference(
            Answers(answers_of(rng, chances, k, of_seed), seeds),
            Answers(answers_of(rng, chances, k, of_seed), others),
            n_resamples=1000,
            seed=int(rng.integers(1 << 30)),
            level=0.05,
        )
        by_p += change.p < 0.05
        by_bootstrap += not change.bootstrap_interval[0] <= 0 <= change.bootstrap_interval[1]
    return by_p / N_TRIALS, by_bootstrap / N_TRIALS


ERROR = 2.6 * (0.05 * 0.95 / N_TRIALS) ** 0.5  # of 99 %


def test_the_false_positive_rate_is_the_level() -> None:
    by_p, by_bootstrap = false_positives(1, 0.0, (), ())
    assert by_p == pytest.approx(0.05, abs=ERROR)
    assert by_bootstrap == pytest.approx(0.05, abs=ERROR)


@pytest.mark.parametrize("k", [2, 3, 5])
def test_the_false_positive_rate_with_several_seeds_is_the_level(k: int) -> None:
    seeds = tuple(range(k))
    by_p, by_bootstrap = false_positives(k, 0.1, seeds, seeds)
    assert by_p == pytest.approx(0.05, abs=ERROR)
    assert by_bootstrap > 0.4  # which ignores the seeds


def test_the_false_positive_rate_against_a_model_trained_once_is_at_most_the_level() -> None:
    rng = np.random.default_rng(11)
    n_significant = 0
    for _ in range(N_TRIALS):
        chances = rng.beta(4, 0.6, 1500)
        before = Answers(answers_of(rng, chances, 1, 0.0), ())
        after = Answers(answers_of(rng, chances, 3, 0.05), (1, 2, 3))
        change = difference(before, after, n_resamples=10, seed=1, level=0.05)
        assert change.test == "reviews and seeds"
        n_significant += change.p < 0.05
    assert n_significant / N_TRIALS <= 0.05 + ERROR


@pytest.mark.parametrize(("of_seed", "others"), [(0.0, (0, 1, 2)), (0.01, (0, 1, 2)), (0.01, (7, 8, 9))])
def test_the_false_positive_rate_with_noise_from_reviews_and_seeds_is_at_most_the_level(
    of_seed: float, others: tuple[int, ...]
) -> None:
    by_p, _ = false_positives(3, of_seed, (0, 1, 2), others)
    assert by_p <= 0.05 + ERROR


def test_a_real_change_is_significant() -> None:
    rng = np.random.default_rng(2)
    chances = rng.beta(4, 0.6, 5000)
    before = answers_of(rng, chances - 0.05, 3, 0.003)
    change = compared(before, answers_of(rng, chances, 3, 0.003), (1, 2, 3), (1, 2, 3))
    assert change.p < 0.05
    assert change.difference > 0


def test_holm_bounds_the_false_positives_of_twenty_tests() -> None:
    rng = np.random.default_rng(3)
    n_significant = 0
    for _ in range(100):
        chances = rng.beta(4, 0.6, 500)
        before = answers_of(rng, chances, 1, 0)
        p = [compared(before, answers_of(rng, chances, 1, 0), (), ()).p for _ in range(20)]
        n_significant += min(holm(p)) < 0.05
    assert n_significant / 100 <= 0.05 + 2.6 * (0.05 * 0.95 / 100) ** 0.5
