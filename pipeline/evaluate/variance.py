"""The variance of a difference in accuracy between settings: what of it reviews and seeds contribute."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit


@dataclass(frozen=True)
class SeedVariance:
    """The variance from the seeds of one model, or of the differences between runs that share a seed."""

    between: float  # s²/k: the variance of the k accuracies, divided by k
    within: float  # the part of it that comes from single reviews, which differ from run to run
    df: int  # k - 1

    @classmethod
    def of(cls, runs: NDArray[np.float64]) -> "SeedVariance":
        """Estimate it from runs, float64 [k, n_reviews], k at least 2.

        An answer is mean + review + seed + residual, as in a two-way analysis of variance; `within` is the mean square
        of the residuals over n k.
        """
        k, n = runs.shape
        accuracies = runs.mean(1)
        residuals = runs - accuracies[:, None] - runs.mean(0) + accuracies.mean()
        within = float((residuals**2).sum()) / ((k - 1) * (n - 1)) / (n * k)
        return cls(float(accuracies.var(ddof=1)) / k, within, k - 1)


@dataclass(frozen=True)
class VarianceComponents:
    """The variance of a difference D of means over seeds, split into reviews and seeds.

    By the law of total variance over the test set,

        Var(D) = Var(E[D | reviews]) + E[Var(D | reviews)]
               ≈ (S²/n - Σ MS/(n k)) + Σ s²/k,

    S² the variance over the n reviews of the difference of means over seeds (S²/n is the bootstrap's variance), s² the
    variance of the k accuracies, MS the mean square of the two-way residuals, which S² contains too and which must not
    count twice. The sums are over the models that have seeds; if both have the same seeds, s², MS and k are those of
    the differences of runs with the same seed, so that what a seed does to both cancels.

    The interval is D ± √(z² (S²/n - Σ MS/(n k)) + Σ t² s²/k), each variance times the quantile for how well it is
    known: z of the normal distribution for the reviews, which are many, and t with k - 1 degrees of freedom for the
    seeds, which are few. It covers at least as often as stated (Banerjee, Approximate Confidence Interval for Linear
    Functions of Means of k Populations When the Population Variances Are Not Equal, Sankhyā 22, 1960), and exactly as
    often if seeds dominate. It is never narrower than ± z √(S²/n), the interval of these runs alone: a difference that
    is not significant for these runs is not significant for their settings.
    """

    difference: float
    sample: float  # S²/n
    seeds: tuple[SeedVariance, ...]
    paired: bool

    @property
    def reviews(self) -> float:
        """The variance from the choice of reviews, without that from the seeds."""
        return max(0.0, self.sample - sum(part.within for part in self.seeds))

    @property
    def between_seeds(self) -> float:
        """The variance from the seeds."""
        return sum(part.between for part in self.seeds)

    def half(self, level: float) -> float:
        """Return half the width of the interval of 1 - level."""
        z = float(ndtri(level / 2))  # of the lower tail, which is exact where the upper is rounded to 1
        parts = sum(float(stdtrit(part.df, level / 2)) ** 2 * part.between for part in self.seeds)
        return float(max(z**2 * self.sample, z**2 * self.reviews + parts) ** 0.5)

    @property
    def p(self) -> float:
        """The level at which the interval just touches 0, by bisection; at least 1e-150."""
        if self.difference == 0:
            return 1.0
        low, high = -150.0, 0.0  # of the logarithm; the square of a smaller t would overflow
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if self.half(10.0**middle) > abs(self.difference) else (low, middle)
        return float(10.0**high)
