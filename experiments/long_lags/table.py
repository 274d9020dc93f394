"""The table of the long lags."""

from experiments.long_lags.summary import by_cell, cells_of, n_solved, sequences, wrong
from experiments.long_lags.tasks.table import TASKS
from experiments.record import Figures
from experiments.table import Row, Runs


def cell_of_table(run: Figures | None) -> str:
    """Format a run: `3 of 3, 5,600`, or `0 of 3, 48 % wrong`."""
    if run is None:
        return ""
    needed = sequences(run)
    solved = f"{n_solved(run)} of {len(run['seeds'])}"
    return f"{solved}, {100 * wrong(run):.0f} % wrong" if needed is None else f"{solved}, {needed:,.0f}"


def rows(runs: Runs) -> list[Row]:
    """Return a row per task, a column per cell."""
    return [
        {
            "task": TASKS[task].title,
            "LSTM of 1997, published": TASKS[task].published,
            "cap": f"{TASKS[task].cap:,}",
            **{f"`{cell}`": cell_of_table(cells.get(cell)) for cell in cells_of(runs)},
        }
        for task, cells in by_cell(runs).items()
    ]
