"""Whether a difference can be told from noise: intervals, paired tests, the variance of the seed, many tests at once.

Two things make an accuracy what it is by chance: which reviews are in the test set, and which seed the training had.
The first is met by comparing on the same reviews (Dror et al., The Hitchhiker's Guide to Testing Statistical
Significance in Natural Language Processing, ACL 2018): McNemar's test, which Dietterich (Approximate Statistical
Tests for Comparing Supervised Classification Learning Algorithms, Neural Computation 10, 1998) recommends where a
model is trained once, and the paired bootstrap. They speak of the fits at hand. Whether the *setting* is better takes
several seeds (Bouthillier et al., Accounting for Variance in Machine Learning Benchmarks, MLSys 2021).

Reviews are taken to be independent, as is usual. That those of one film hang together is left out, and would make the
intervals wider.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, ndtr, ndtri, stdtrit

from pipeline.evaluate.predictions import Answers

Floats = NDArray[np.float64]
Interval = tuple[float, float]


def wilson(n_right: int, n: int, level: float) -> Interval:
    """Return the interval of a share: all p from which n_right / n is less than z standard errors away.

    (p̂ + z²/2n ± z √(p̂(1 - p̂)/n + z²/4n²)) / (1 + z²/n), z the 1 - level/2 quantile of the normal distribution.

    Source: Wilson, 1927.
    """
    share, z = n_right / n, float(ndtri(1 - level / 2))
    middle = share + z**2 / (2 * n)
    half = z * (share * (1 - share) / n + z**2 / (4 * n**2)) ** 0.5
    low, high = (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)
    return (0.0 if n_right == 0 else low), (1.0 if n_right == n else high)


def mcnemar(n_gained: int, n_lost: int) -> float:
    """Return McNemar's exact two-sided p: of the reviews that changed side, each way is as likely as the other.

    min(1, 2 P(X <= min(gained, lost))), X binomial of gained + lost reviews with probability 1/2.

    Source: McNemar, 1947; Dietterich, 1998.
    """
    n = n_gained + n_lost
    return min(1.0, 2 * float(bdtr(min(n_gained, n_lost), n, 0.5))) if n else 1.0


def bootstrap(differences: Floats, *, n_resamples: int, seed: int, level: float) -> Interval:
    """Return the percentile interval of the mean of `differences` [n_reviews], the reviews drawn with replacement.

    Drawing reviews with replacement is drawing how often each value of the difference comes up: a multinomial.
    """
    values, counts = np.unique(differences, return_counts=True)
    n = len(differences)
    drawn = np.random.default_rng(seed).multinomial(n, counts / n, n_resamples) @ values / n
    low, high = np.quantile(drawn, [level / 2, 1 - level / 2])
    return float(low), float(high)


def discordant_pairs(after: NDArray[np.bool_], before: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Count for every pair of fits [n_fits, n_reviews] the reviews that only `after` and only `before` gets right."""
    return [(int((a & ~b).sum()), int((~a & b).sum())) for a, b in product(after, before)]


def holm(p: Sequence[float]) -> list[float]:
    """Correct p values for their number m: the i-th smallest times m - i + 1, not below the ones before it, at most 1.

    If no difference is real, the chance that any corrected value is under the level is at most the level.

    Source: Holm, 1979.
    """
    corrected, so_far = [0.0] * len(p), 0.0
    for rank, i in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        so_far = max(so_far, min(1.0, (len(p) - rank) * p[i]))
        corrected[i] = so_far
    return corrected


@dataclass(frozen=True)
class SeedVariance:
    """One source of the seeds' variance: the fits of a side, or the differences of fits that share a seed."""

    between: float  # s²/k: variance of the k accuracies, by their number
    within: float  # what of it the single reviews make, which differ from fit to fit
    df: int  # k - 1

    @classmethod
    def of(cls, fits: Floats) -> "SeedVariance":
        """Measure it on fits [k, n_reviews], k from 2 on.

        A fit's answer is mean + review + seed + the rest, as in a two-way analysis of variance; `within` is the mean
        square of the rest by n k.
        """
        k, n = fits.shape
        accuracies = fits.mean(1)
        rest = fits - accuracies[:, None] - fits.mean(0) + accuracies.mean()
        return cls(float(accuracies.var(ddof=1)) / k, float((rest**2).sum()) / ((k - 1) * (n - 1)) / (n * k), k - 1)


@dataclass(frozen=True)
class VarianceComponents:
    """The variance of a difference of means over seeds, in what the reviews and what the seeds make of it.

    By the law of total variance over the test set,

        Var(D) = Var(E[D | reviews]) + E[Var(D | reviews)]
               ≈ (S²/n - Σ MS/(n k)) + Σ s²/k,

    S² the variance over the n reviews of the difference of means over seeds (S²/n is the variance that the bootstrap
    has), s² the variance of the k accuracies, MS the mean square of the two-way rest, which S² holds too and which
    must not be counted twice. The sums are over the sides that have seeds; if both have the same ones, s², MS and k are
    those of the differences of fits with the same seed, so that what a seed does to both sides cancels.

    The interval is D ± √(z² (S²/n - Σ MS/(n k)) + Σ t² s²/k), each variance times the quantile that it is known to: z
    of the normal distribution for the reviews, which are many, and t with k - 1 degrees of freedom for the seeds, which
    are few. It covers at least as often as stated (Banerjee, Approximate Confidence Interval for Linear Functions of
    Means of k Populations When the Population Variances Are Not Equal, Sankhyā 22, 1960), and just as often where the
    seeds rule. It is never taken narrower than ± z √(S²/n), the interval of the fits at hand, so that what cannot be
    told for these fits is not told for their setting.
    """

    difference: float
    sample: float  # S²/n
    seeds: tuple[SeedVariance, ...]
    paired: bool

    @property
    def reviews(self) -> float:
        """The variance that the choice of reviews makes, seeds aside."""
        return max(0.0, self.sample - sum(part.within for part in self.seeds))

    def half(self, level: float) -> float:
        """Return half the width of the interval."""
        z = float(ndtri(level / 2))  # of the lower tail, which is exact where the upper is rounded to 1
        parts = sum(float(stdtrit(part.df, level / 2)) ** 2 * part.between for part in self.seeds)
        return float(max(z**2 * self.sample, z**2 * self.reviews + parts) ** 0.5)

    @property
    def p(self) -> float:
        """The level at which the interval just touches 0, found by halving; 1e-150 stands for anything less."""
        if self.difference == 0:
            return 1.0
        low, high = -150.0, 0.0  # of the logarithm; the square of a smaller t would overflow
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if self.half(10.0**middle) > abs(self.difference) else (low, middle)
        return float(10.0**high)


@dataclass(frozen=True)
class Difference:
    """How the answers of one model changed from A to B."""

    difference: float  # of the accuracies, B - A; of several seeds, of their means
    interval: Interval  # of reviews and seeds where both are known, else `fits_interval`
    fits_interval: Interval  # of the paired bootstrap over reviews: these fits, other reviews
    n_gained: float  # reviews that B alone gets right; mean over the pairs of fits
    n_lost: float
    mcnemar: tuple[float, ...]  # of each pair of fits, of equal seeds if both sides have the same ones
    both: VarianceComponents | None  # None where a side has a single seed, or neither has any
    seed_unknown: bool  # a side has a single seed
    p: float  # see `test`
    test: str  # mcnemar | reviews and seeds | reviews
    same: bool  # all answers are the same


def difference(a: Answers, b: Answers, *, n_resamples: int, seed: int, level: float) -> Difference:
    """Compare what a model got right in B with what it got right in A, on the same reviews.

    The p value is McNemar's where both sides have one fit; that of `VarianceComponents` where both have several seeds, or one
    has several and the other is fitted once, without a seed; and where one has several and the other a single one,
    that of the normal approximation over reviews, 2 Φ(-|D| / √(S²/n)).
    """
    before, after = a.right.astype(np.float64), b.right.astype(np.float64)
    paired = len(a.seeds) > 1 and set(a.seeds) == set(b.seeds)
    if paired:
        order = [b.seeds.index(one) for one in a.seeds]
        pairs = [pair for i, j in enumerate(order) for pair in discordant_pairs(b.right[j : j + 1], a.right[i : i + 1])]
        parts: tuple[SeedVariance, ...] = (SeedVariance.of(after[order] - before),)
    else:
        pairs = discordant_pairs(b.right, a.right)
        parts = tuple(SeedVariance.of(fits) for fits in (before, after) if len(fits) > 1)
    differences = after.mean(0) - before.mean(0)
    sample = float(differences.var(ddof=1)) / len(differences) if len(differences) > 1 else 0.0
    found = float(differences.mean())
    p_of_pairs = tuple(mcnemar(*pair) for pair in pairs)
    seed_unknown = 1 in (len(a.seeds), len(b.seeds))
    both = VarianceComponents(found, sample, parts, paired) if parts and not seed_unknown else None
    if both:
        p, test = both.p, "reviews and seeds"
    elif len(pairs) == 1:
        p, test = p_of_pairs[0], "mcnemar"
    else:
        p, test = (2 * float(ndtr(-abs(found) / sample**0.5)) if sample else float(found == 0)), "reviews"
    of_fits = bootstrap(differences, n_resamples=n_resamples, seed=seed, level=level)
    return Difference(
        difference=found,
        interval=(found - both.half(level), found + both.half(level)) if both else of_fits,
        fits_interval=of_fits,
        n_gained=float(np.mean([gained for gained, _ in pairs])),
        n_lost=float(np.mean([lost for _, lost in pairs])),
        mcnemar=p_of_pairs,
        both=both,
        seed_unknown=seed_unknown,
        p=p,
        test=test,
        same=all(pair == (0, 0) for pair in pairs),
    )
