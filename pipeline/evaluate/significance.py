"""Whether a difference in accuracy exceeds noise: intervals, paired tests, many tests at once.

Two kinds of chance make an accuracy: which reviews are in the test set, and which seed the training had. Comparing on
the same reviews reduces the first (Dror et al., The Hitchhiker's Guide to Testing Statistical Significance in Natural
Language Processing, ACL 2018): by McNemar's test, which Dietterich (Approximate Statistical Tests for Comparing
Supervised Classification Learning Algorithms, Neural Computation 10, 1998) recommends for models trained once, and by
the paired bootstrap. Both are about these runs. Whether the *setting* is better takes several seeds (Bouthillier et
al., Accounting for Variance in Machine Learning Benchmarks, MLSys 2021).

Reviews are taken as independent, as is usual; allowing for reviews of the same film would widen the intervals.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, ndtr, ndtri

from pipeline.ensemble.predictions import Answers
from pipeline.evaluate.variance import SeedVariance, VarianceComponents

Interval = tuple[float, float]


def wilson(n_right: int, n: int, level: float) -> Interval:
    """Return Wilson's interval of a share: all p from which n_right / n is less than z standard errors away.

    (p̂ + z²/2n ± z √(p̂(1 - p̂)/n + z²/4n²)) / (1 + z²/n), z the 1 - level/2 quantile of the normal distribution.

    Source: Wilson, 1927.
    """
    share, z = n_right / n, float(ndtri(1 - level / 2))
    middle = share + z**2 / (2 * n)
    half = z * (share * (1 - share) / n + z**2 / (4 * n**2)) ** 0.5
    low, high = (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)
    return (0.0 if n_right == 0 else low), (1.0 if n_right == n else high)


def mcnemar(n_gained: int, n_lost: int) -> float:
    """Return McNemar's exact two-sided p: each discordant review is as likely to be gained as to be lost.

    min(1, 2 P(X <= min(gained, lost))), X binomial of gained + lost reviews with probability 1/2.

    Source: McNemar, 1947; Dietterich, 1998.
    """
    n = n_gained + n_lost
    return min(1.0, 2 * float(bdtr(min(n_gained, n_lost), n, 0.5))) if n else 1.0


def bootstrap(differences: NDArray[np.float64], *, n_resamples: int, seed: int, level: float) -> Interval:
    """Return the percentile interval of the mean of `differences` [n_reviews], reviews resampled with replacement.

    Resampling reviews is the same as drawing how often each distinct difference occurs: a multinomial.
    """
    values, counts = np.unique(differences, return_counts=True)
    n = len(differences)
    drawn = np.random.default_rng(seed).multinomial(n, counts / n, n_resamples) @ values / n
    low, high = np.quantile(drawn, [level / 2, 1 - level / 2])
    return float(low), float(high)


def discordant_pairs(after: NDArray[np.bool_], before: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Count for each pair of runs [n_runs, n_reviews] the reviews that only `after` and only `before` gets right."""
    return [(int((a & ~b).sum()), int((~a & b).sum())) for a, b in product(after, before)]


def holm(p: Sequence[float]) -> list[float]:
    """Correct p values for their number m: the i-th smallest times m - i + 1, not below the previous one, at most 1.

    If no difference is real, the chance that any corrected value is below the level is at most the level.

    Source: Holm, 1979.
    """
    corrected, largest = [0.0] * len(p), 0.0
    for rank, i in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        largest = max(largest, min(1.0, (len(p) - rank) * p[i]))
        corrected[i] = largest
    return corrected


def verdict(difference: float, p: float, level: float, *, same: bool = False) -> str:
    """Return what a test concludes about B against A.

    Args:
        difference: of the accuracies, B - A.
        p: of the test, corrected if there were several.
        level: of the test.
        same: whether all answers are the same.

    Returns: `better`, `worse`, `within noise` or `same answers`.
    """
    if same:
        return "same answers"
    if p >= level:
        return "within noise"
    return "better" if difference > 0 else "worse"


@dataclass(frozen=True)
class Difference:
    """How the answers of one model changed from A to B."""

    difference: float  # of the accuracies, B - A; with several seeds, of their means
    interval: Interval  # over reviews and seeds if both are known, else `bootstrap_interval`
    bootstrap_interval: Interval  # of the paired bootstrap over reviews: other reviews, these runs
    n_gained: float  # reviews that only B gets right; mean over the pairs of runs
    n_lost: float
    mcnemar: tuple[float, ...]  # of each pair of runs; of equal seeds if A and B have the same ones
    variance: VarianceComponents | None  # None if A or B has a single seed, or neither has any
    seed_unknown: bool  # A or B has a single seed
    p: float  # see `test`
    test: str  # mcnemar | reviews and seeds | reviews
    same: bool  # all answers are the same


def difference(a: Answers, b: Answers, *, n_resamples: int, seed: int, level: float) -> Difference:
    """Compare what a model gets right in B with what it gets right in A, on the same reviews.

    p is McNemar's if A and B have one run each. It is that of `VarianceComponents` if both have several seeds, or if
    one has several and the other is trained once, without a seed. If one has several seeds and the other a single one,
    it is that of the normal approximation over reviews, 2 Φ(-|D| / √(S²/n)).

    Args:
        a: the answers before.
        b: the answers after.
        n_resamples: of the bootstrap.
        seed: of the bootstrap.
        level: of the test; the intervals are of 1 - level.
    """
    before, after = a.right.astype(np.float64), b.right.astype(np.float64)
    paired = len(a.seeds) > 1 and set(a.seeds) == set(b.seeds)
    if paired:
        order = [b.seeds.index(one) for one in a.seeds]
        pairs = [pair for i, j in enumerate(order) for pair in discordant_pairs(b.right[j : j + 1], a.right[i : i + 1])]
        parts: tuple[SeedVariance, ...] = (SeedVariance.of(after[order] - before),)
    else:
        pairs = discordant_pairs(b.right, a.right)
        parts = tuple(SeedVariance.of(runs) for runs in (before, after) if len(runs) > 1)
    differences = after.mean(0) - before.mean(0)
    sample = float(differences.var(ddof=1)) / len(differences) if len(differences) > 1 else 0.0
    mean = float(differences.mean())
    p_of_pairs = tuple(mcnemar(*pair) for pair in pairs)
    seed_unknown = 1 in (len(a.seeds), len(b.seeds))
    variance = VarianceComponents(mean, sample, parts, paired) if parts and not seed_unknown else None
    if variance:
        p, test = variance.p, "reviews and seeds"
    elif len(pairs) == 1:
        p, test = p_of_pairs[0], "mcnemar"
    else:
        p, test = (2 * float(ndtr(-abs(mean) / sample**0.5)) if sample else float(mean == 0)), "reviews"
    over_reviews = bootstrap(differences, n_resamples=n_resamples, seed=seed, level=level)
    return Difference(
        difference=mean,
        interval=(mean - variance.half(level), mean + variance.half(level)) if variance else over_reviews,
        bootstrap_interval=over_reviews,
        n_gained=float(np.mean([gained for gained, _ in pairs])),
        n_lost=float(np.mean([lost for _, lost in pairs])),
        mcnemar=p_of_pairs,
        variance=variance,
        seed_unknown=seed_unknown,
        p=p,
        test=test,
        same=all(pair == (0, 0) for pair in pairs),
    )
