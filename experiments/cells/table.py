"""Write the results of the cells into their README.md: `python -m experiments.cells.table`.

Reads:  experiments/cells/runs/
Writes: the parts of experiments/cells/README.md between the markers `runs` and `rates`
"""

import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np
from tabulate import tabulate

from experiments.cells.comparison import Compared, against, columns
from experiments.cells.run import CHOSEN, FIRST_SEED, RATES, RUNS, chosen_rate
from experiments.record import Figures
from experiments.table import mean, totals
from pipeline.core.files import read_json
from pipeline.report.markers import write_between_markers

Results: TypeAlias = Mapping[str, dict[str, dict[str, Figures]]]  # by cell, rate and seed
REFERENCE, LEVEL = "lstm", 0.05
README = Path("experiments/cells/README.md")


def read_results(folder: Path) -> Results:
    """Read the files CELL-RATE-SEED.json of a folder."""
    results: dict[str, dict[str, dict[str, Figures]]] = {}
    for path in sorted(folder.glob("*.json")):
        cell, rate, seed = path.stem.split("-")
        results.setdefault(cell, {}).setdefault(rate, {})[seed] = read_json(path)
    return results


def all_rates(results: Results) -> dict[str, dict[str, Figures]]:
    """Return the cells that were trained with each learning rate, with their results of the first seed by rate."""
    return {
        cell: {rate: by_rate[rate][FIRST_SEED] for rate in RATES}
        for cell, by_rate in results.items()
        if RATES.keys() <= by_rate.keys()
    }


def at_chosen_rate(results: Results) -> dict[str, list[Figures]]:
    """Return the runs of each cell at its chosen learning rate, the first seed first."""
    return {
        cell: [rates[chosen_rate(rates)], *(run for _, run in sorted(results[cell].get(CHOSEN, {}).items()))]
        for cell, rates in all_rates(results).items()
    }


def against_reference(results: Results) -> dict[str, Compared]:
    """Compare each cell with `lstm`, at the chosen rates."""
    return against(at_chosen_rate(results), REFERENCE, LEVEL)


def cells_table(results: Results) -> str:
    """Return a row per cell at its chosen learning rate, by falling accuracy, with its test against `lstm`."""
    runs, tests = at_chosen_rate(results), against_reference(results)
    rows = []
    for cell, by_seed in sorted(runs.items(), key=lambda item: -statistics.mean(run["accuracy"] for run in item[1])):
        speeds = [run["tokens_per_second"] for run in by_seed if run["tokens_per_second"]]
        rows.append(
            {
                "cell": f"`{cell}`",
                "width": by_seed[0]["hidden_size"],
                "parameters": f"{by_seed[0]['parameters']:,}",
                "learning rate": by_seed[0]["lr"],
                "seeds": len(by_seed),
                "accuracy": mean(by_seed, "accuracy"),
                "log loss": mean(by_seed, "log_loss"),
                **columns(tests.get(cell), REFERENCE, LEVEL),
                "tokens/s": f"{statistics.mean(speeds):,.0f}" if speeds else "",
            }
        )
    every = [run for by_rate in results.values() for by_seed in by_rate.values() for run in by_seed.values()]
    return f"{tabulate(rows, 'keys', 'pipe', disable_numparse=True)}\n\n{totals(every)}"


def shares(losses: np.ndarray) -> dict[str, float]:
    """Split the variance of losses [cells, rates] into cell, learning rate and their interaction; the shares sum to 1.

    Source: two-way analysis of variance with one run for each combination.
    """
    deviations = losses - losses.mean()
    total = float((deviations**2).sum())
    cell = losses.shape[1] * float((deviations.mean(1) ** 2).sum())
    rate = losses.shape[0] * float((deviations.mean(0) ** 2).sum())
    parts = {"cell": cell, "learning rate": rate, "interaction": total - cell - rate}
    return {name: part / total if total else 0.0 for name, part in parts.items()}


def rates_table(results: Results) -> str:
    """Return the log loss of each cell with each learning rate, and what of its variance the two explain."""
    tried = all_rates(results)
    rows = []
    for cell, by_rate in tried.items():
        marks = {rate: " (diverged)" * by_rate[rate]["diverged"] for rate in RATES}
        best = chosen_rate(by_rate)
        shown = {rate: f"{by_rate[rate]['log_loss']:.4f}{marks[rate]}" for rate in RATES}
        cells = {str(RATES[rate]): f"**{text}**" if rate == best else text for rate, text in shown.items()}
        rows.append({"cell": f"`{cell}`", **cells})
    table: str = tabulate(rows, "keys", "pipe", disable_numparse=True)
    losses = np.array([[by_rate[rate]["log_loss"] for rate in RATES] for by_rate in tried.values()])
    if len(losses) < 2:
        return table
    explained = ", ".join(f"{name} {100 * share:.0f} %" for name, share in shares(losses).items())
    return f"{table}\n\nShares of the variance of these losses: {explained}."


def main() -> None:
    """Write both tables."""
    results = read_results(RUNS)
    write_between_markers(README, "runs", cells_table(results))
    write_between_markers(README, "rates", rates_table(results))


if __name__ == "__main__":
    main()
