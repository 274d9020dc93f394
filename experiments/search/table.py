"""Write the results of the search into its README.md: `python -m experiments.search.table`.

Reads:  experiments/search/runs/, experiments/search/winners.json
Writes: the parts of experiments/search/README.md between the markers `searches`, `runs` and `winners`
"""

from pathlib import Path

from tabulate import tabulate

from experiments.cells.comparison import against, columns
from experiments.record import Figures
from experiments.search.known import COMPARED
from experiments.search.winners import WINNERS
from experiments.table import Runs, mean, read_runs, totals
from pipeline.core.files import read_json
from pipeline.report.markers import write_between_markers

README, RUNS = Path("experiments/search/README.md"), Path("experiments/search/runs")
REFERENCE, LEVEL = "lstm", 0.05


def searches_table(runs: Runs) -> str:
    """Return a row per seed of the search."""
    rows = [
        {
            "seed": seed,
            "candidates": run["n_candidates"],
            "rejected": run["n_rejected"],
            "better than both starts": run["n_better"],
            **{f"loss of `{name}`": f"{loss:.4f}" for name, loss in run["starts"].items() if loss is not None},
            "lowest loss": f"{run['best'][0]['loss']:.4f}" if run["best"] else "",
        }
        for seed, run in enumerate(runs.get("evolve", []), 1)
    ]
    table: str = tabulate(rows, "keys", "pipe", disable_numparse=True)
    return table


def compared(runs: Runs) -> dict[str, list[Figures]]:
    """Return the runs of each cell that was compared, those of the table first."""
    cells = {name.removeprefix("compare-"): by_seed for name, by_seed in runs.items() if name.startswith("compare-")}
    return dict(sorted(cells.items(), key=lambda item: (item[0] not in COMPARED, item[0])))


def compare_table(runs: Runs) -> str:
    """Return a row per cell: both tasks, the reviews, and its test against `lstm` there."""
    cells = compared(runs)
    tests = against(cells, REFERENCE, LEVEL)
    rows = [
        {
            "cell": f"`{cell}`",
            "parameters": f"{by_seed[0]['parameters']:,}",
            "memory": mean(by_seed, "memory"),
            "order, loss": mean(by_seed, "order_loss"),
            "order, accuracy": mean(by_seed, "order_accuracy"),
            "reviews, accuracy": mean(by_seed, "accuracy"),
            "reviews, log loss": mean(by_seed, "log_loss"),
            **columns(tests.get(cell), REFERENCE, LEVEL),
        }
        for cell, by_seed in cells.items()
    ]
    every = [run for by_seed in runs.values() for run in by_seed]
    return f"{tabulate(rows, 'keys', 'pipe', disable_numparse=True)}\n\n{totals(every)}"


def winners_text(winners: dict[str, Figures]) -> str:
    """Return the equations of the winners."""
    texts = ["\n".join([f"{name}:", *(f"    {line}" for line in one["equations"])]) for name, one in winners.items()]
    return "```\n" + "\n\n".join(texts) + "\n```"


def main() -> None:
    """Write all three parts."""
    runs = read_runs(RUNS)
    write_between_markers(README, "searches", searches_table(runs))
    write_between_markers(README, "runs", compare_table(runs))
    write_between_markers(README, "winners", winners_text(read_json(WINNERS)))


if __name__ == "__main__":
    main()
