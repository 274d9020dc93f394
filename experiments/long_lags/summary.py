"""The results of the runs, as the table and the page show them."""

import statistics
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from experiments.long_lags.tasks.table import LAGS, TASKS
from experiments.record import Figures
from pipeline.cells.table import CELLS

Runs: TypeAlias = Mapping[str, list[Figures]]  # the figures of each cell, by task


def by_cell(runs: Runs) -> dict[str, dict[str, Figures]]:
    """Return the figures by task, then by cell, both in the order of their tables."""
    return {
        task: {cell: one for cell in CELLS for one in runs[task] if one["cell"] == cell}
        for task in TASKS
        if task in runs
    }


def cells_of(runs: Runs) -> list[str]:
    """Return the cells that have run."""
    seen = {one["cell"] for figures in runs.values() for one in figures}
    return [cell for cell in CELLS if cell in seen]


def n_solved(run: Figures) -> int:
    """Count the seeds that met the criterion."""
    return sum(seed["solved"] for seed in run["seeds"])


def share(run: Figures) -> float:
    """Return the share of seeds that met the criterion."""
    return n_solved(run) / len(run["seeds"])


def sequences(run: Figures) -> float | None:
    """Return the training sequences needed, the median of the seeds that met the criterion; None if none did."""
    needed = [seed["sequences"] for seed in run["seeds"] if seed["solved"]]
    return statistics.median(needed) if needed else None


def mean_over_seeds(values: Iterable[float | None]) -> float:
    """Return the mean of the numbers among the values; nan if there is none."""
    numbers = [value for value in values if value is not None]
    return statistics.mean(numbers) if numbers else float("nan")


def wrong(run: Figures) -> float:
    """Return the share of fresh sequences answered wrongly at the end, the mean over the seeds."""
    return mean_over_seeds(seed["wrong_frac"] for seed in run["seeds"])


def at_lags(runs: Runs, family: str) -> dict[int, dict[str, Figures]]:
    """Return the figures of the `latch` or the `recall` by lag and cell."""
    table = by_cell(runs)
    return {lag: table[f"{family}_{lag}"] for lag in LAGS if f"{family}_{lag}" in table}


def longest_lag(runs: Runs, family: str, cell: str) -> int:
    """Return the longest lag of the `latch` or `recall` at which all seeds of a cell succeed; 0 if there is none."""
    lags = {lag: cells.get(cell) for lag, cells in at_lags(runs, family).items()}
    return max((lag for lag, run in lags.items() if run and share(run) == 1), default=0)


def bands(runs: Runs, power: float) -> list[dict[str, str | float]]:
    """Return the mean squared error of each cell in each band, as a share of the band's power."""
    return [
        {
            "cell": cell,
            "band": band,
            "error": round(mean_over_seeds(seed["squared_error"][band] for seed in run["seeds"]) / power, 4),
        }
        for cell, run in by_cell(runs).get("sinusoids", {}).items()
        for band in TASKS["sinusoids"].bands
    ]
