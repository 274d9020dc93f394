"""What the right answers of the runs of two cells say about a difference of the cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc

from experiments.cells.answers import right_of
from experiments.record import Figures
from pipeline.evaluate.significance import holm, verdict
from pipeline.evaluate.variance import SeedVariance, VarianceComponents

OUTLIER = 0.01  # the level of Cochran's test


def seed_variances(cells: Mapping[str, NDArray[np.float64]]) -> dict[str, SeedVariance]:
    """Return the variance that the seed contributes to each cell: the mean over cells, or its own if it is an outlier.

    Three seeds say little about the variance between seeds: the quantile of t with two degrees of freedom is so large
    that, corrected for twenty tests, no difference would ever count. All cells together have twenty times as many
    degrees of freedom, if a seed changes each of them by about as much. A cell that it changes far more, because a
    training failed, say, would make all intervals wide. Cochran's test finds such cells, one at a time.

    Source: ISO 5725-2, which pools the variances of laboratories in this way.

    Args:
        cells: of each cell which reviews its runs answer correctly, [k, n_reviews], the same k, at least 2.
    """
    own = {cell: SeedVariance.of(runs) for cell, runs in cells.items()}
    alike = sorted(own, key=lambda cell: own[cell].between)
    while len(alike) > 2 and _is_outlier([own[cell] for cell in alike]):
        alike.pop()
    shared = SeedVariance(
        between=float(np.mean([own[cell].between for cell in alike])),
        within=float(np.mean([own[cell].within for cell in alike])),
        df=sum(own[cell].df for cell in alike),
    )
    return {**own, **dict.fromkeys(alike, shared)}


def _is_outlier(rising: Sequence[SeedVariance]) -> bool:
    """Return whether the last and largest variance is an outlier among the others, by Cochran's test."""
    *others, largest = rising
    mean = float(np.mean([one.between for one in others]))
    p = fdtrc(largest.df, sum(one.df for one in others), largest.between / mean) if mean else 0.0
    return float(len(rising) * p) < OUTLIER


@dataclass(frozen=True)
class Compared:
    """A cell against another on the same reviews.

    Attributes:
        difference: of the accuracies.
        half: half the width of its 95 % interval, over reviews and seeds.
        p: of the two-sided test that there is no difference.
    """

    difference: float
    half: float
    p: float


def compare(
    runs: NDArray[np.float64], reference: NDArray[np.float64], seeds: tuple[SeedVariance, SeedVariance], level: float
) -> Compared:
    """Compare a cell with a reference, [k, n_reviews] each, given the variance that seeds contribute to either."""
    differences = runs.mean(0) - reference.mean(0)
    sample = float(differences.var(ddof=1)) / len(differences)
    variance = VarianceComponents(float(differences.mean()), sample, seeds, paired=False)
    return Compared(variance.difference, variance.half(level), variance.p)


def corrected(tests: Mapping[str, Compared]) -> dict[str, Compared]:
    """Correct the p of tests after Holm for their number."""
    p = holm([test.p for test in tests.values()])
    return {name: replace(test, p=one) for (name, test), one in zip(tests.items(), p, strict=True)}


def against(runs: Mapping[str, Sequence[Figures]], reference: str, level: float) -> dict[str, Compared]:
    """Compare each cell with a reference, p corrected; only cells with the most seeds, and at least two."""
    most = max(map(len, runs.values()), default=0)
    right = {cell: right_of(by_seed) for cell, by_seed in runs.items() if len(by_seed) == most > 1}
    if reference not in right:
        return {}
    seeds = seed_variances(right)
    return corrected(
        {
            cell: compare(one, right[reference], (seeds[cell], seeds[reference]), level)
            for cell, one in right.items()
            if cell != reference
        }
    )


def columns(test: Compared | None, reference: str, level: float) -> dict[str, str]:
    """Return the cells of a table about a test, by column; empty ones without a test."""
    return {
        f"against `{reference}`, points": f"{100 * test.difference:+.2f} ± {100 * test.half:.2f}" if test else "",
        "p, corrected": f"{test.p:.3f}" if test else "",
        "verdict": verdict(test.difference, test.p, level) if test else "",
    }
