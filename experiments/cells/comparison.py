"""What the right answers of the runs of two cells say about a difference of the cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from experiments.cells.answers import right_of
from experiments.record import Figures
from pipeline.evaluate.significance import holm, verdict
from pipeline.evaluate.variance import SeedVariance, VarianceComponents


def pooled(cells: Sequence[NDArray[np.float64]]) -> SeedVariance:
    """Return the variance that the seed of a cell contributes, as the mean over cells.

    Three seeds say little about the variance between seeds: the quantile of t with two degrees of freedom is so large
    that, corrected for twenty tests, no difference would ever count. All cells together have twenty times as many
    degrees of freedom, if a seed changes each of them by about as much.

    Args:
        cells: of each cell which reviews its runs answer correctly, [k, n_reviews], the same k, at least 2.
    """
    parts = [SeedVariance.of(runs) for runs in cells]
    return SeedVariance(
        between=float(np.mean([part.between for part in parts])),
        within=float(np.mean([part.within for part in parts])),
        df=sum(part.df for part in parts),
    )


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


def compare(runs: NDArray[np.float64], reference: NDArray[np.float64], seeds: SeedVariance, level: float) -> Compared:
    """Compare a cell with a reference, [k, n_reviews] each, given the variance that seeds contribute to each."""
    differences = runs.mean(0) - reference.mean(0)
    sample = float(differences.var(ddof=1)) / len(differences)
    variance = VarianceComponents(float(differences.mean()), sample, (seeds, seeds), paired=False)
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
    seeds = pooled(list(right.values()))
    others = {cell: one for cell, one in right.items() if cell != reference}
    return corrected({cell: compare(one, right[reference], seeds, level) for cell, one in others.items()})


def columns(test: Compared | None, reference: str, level: float) -> dict[str, str]:
    """Return the cells of a table about a test, by column; empty ones without a test."""
    return {
        f"against `{reference}`, points": f"{100 * test.difference:+.2f} ± {100 * test.half:.2f}" if test else "",
        "p, corrected": f"{test.p:.3f}" if test else "",
        "verdict": verdict(test.difference, test.p, level) if test else "",
    }
