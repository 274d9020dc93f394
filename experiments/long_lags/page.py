"""Write the page of the study, which opens offline: `python -m experiments.long_lags.page`.

Reads:  experiments/long_lags/runs/
Writes: experiments/long_lags/page.html
"""

from pathlib import Path

from jinja2 import FileSystemLoader

from experiments.long_lags.figures import FAMILIES, charts
from experiments.long_lags.summary import Runs, cells_of, longest_lag
from experiments.long_lags.table import rows
from experiments.long_lags.tasks.table import TASKS
from experiments.table import read_runs
from pipeline.core.errors import InputError
from pipeline.core.files import atomic
from pipeline.report.charts import CONFIG
from pipeline.report.template import render

HERE = Path(__file__).parent


def headline(runs: Runs) -> str:
    """Say up to which lag the plain network and the LSTM remember a number."""
    said: list[str] = []
    for cell, name in (("rnn", "a plain network"), ("lstm", "an LSTM")):
        if cell in cells_of(runs):
            lag = longest_lag(runs, "recall", cell)
            verb = "" if said else " remembers a number"
            said.append(f"{name}{verb} over {f'{lag:,} steps' if lag else 'none of these lags'}")
    sentence = ", ".join(said)
    return sentence[:1].upper() + sentence[1:] if said else "Other cells than the LSTM"


def page(runs: Runs) -> str:
    """Render the page: one HTML file with its scripts and styles, which loads nothing.

    Raises:
        InputError: there are no runs.
    """
    if not runs:
        raise InputError("there are no runs; make them with `dvc repro experiments/long_lags/dvc.yaml`")
    every = [one for figures in runs.values() for one in figures]
    cells = cells_of(runs)
    return render(
        "page.html.j2",
        FileSystemLoader(HERE),
        headline=headline(runs),
        charts=charts(runs, cells),
        rows=rows(runs),
        tasks=[TASKS[task] for task in TASKS if task in runs],
        longest={name: [(cell, longest_lag(runs, name, cell)) for cell in cells] for name in FAMILIES},
        n_runs=len(every),
        n_seeds=max(len(one["seeds"]) for one in every),
        hours=sum(one["seconds"] for one in every) / 3600,
        hardware=sorted({one["hardware"] for one in every}),
        config={**CONFIG, "legend": {**CONFIG["legend"], "columns": 4}},  # eight cells
    )


def write(folder: Path) -> None:
    """Write page.html from the runs in a folder of a study."""
    with atomic(folder / "page.html") as temporary:
        temporary.write_text(page(read_runs(folder / "runs")), "utf-8")


if __name__ == "__main__":
    write(Path("experiments/long_lags"))
