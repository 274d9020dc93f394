"""Write the results of a study into its README.md: `python -m experiments.table STUDY`.

Reads:  experiments/STUDY/runs/
Writes: the part of experiments/STUDY/README.md between the markers `runs`
"""

import statistics
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

from tabulate import tabulate

from experiments.record import Figures
from pipeline.core.files import read_json
from pipeline.report.markers import write_between_markers

Runs: TypeAlias = Mapping[str, list[Figures]]  # the figures of each seed, by the name of the run
Row: TypeAlias = dict[str, str | int]  # cells by column


def read_by_seed(folder: Path) -> dict[str, dict[str, Figures]]:
    """Read the files NAME-SEED.json of a folder, by name and seed."""
    runs: dict[str, dict[str, Figures]] = {}
    for path in sorted(folder.glob("*.json")):
        name, _, seed = path.stem.rpartition("-")
        runs.setdefault(name, {})[seed] = read_json(path)
    return runs


def read_runs(folder: Path) -> Runs:
    """Read the files NAME-SEED.json of a folder, by name."""
    return {name: list(by_seed.values()) for name, by_seed in read_by_seed(folder).items()}


def totals(every: Sequence[Figures]) -> str:
    """Say how many runs there are, their time, and their hardware; runs without seconds took those of the others."""
    known = [run["seconds"] for run in every if "seconds" in run]
    hours = statistics.mean(known or [0]) * len(every) / 3600
    hardware = ", ".join(sorted({run["hardware"] for run in every}))
    return f"{len(every)} runs, {hours:.1f} hours of one core: {hardware}."


def mean(by_seed: list[Figures], key: str) -> str:
    """Format the mean of a figure, with the standard deviation if there are several seeds: `0.9150 ± 0.0071`."""
    values = [run[key] for run in by_seed]
    spread = f" ± {statistics.stdev(values):.4f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.4f}{spread}" if values else ""


def intrinsic(by_seed: list[Figures], key: str) -> str:
    """Format the mean of an intrinsic score, with its coverage: `0.258 (92 %)`."""
    score = statistics.mean(run[key].get("accuracy", run[key].get("spearman")) for run in by_seed)
    return f"{score:.3f} ({100 * by_seed[0][key]['coverage']:.0f} %)"


def on_vectors(by_seed: list[Figures]) -> Row:
    """Return the cells about the models on top of some vectors, and the time that the vectors took."""
    return {
        "seeds": len(by_seed),
        "bag of vectors": mean(by_seed, "bag_of_vectors"),
        "frozen LSTM": mean(by_seed, "lstm_frozen"),
        "its log loss": mean(by_seed, "lstm_frozen_log_loss"),
        "seconds to train the vectors": f"{statistics.mean(run['embed_seconds'] for run in by_seed):.0f}",
    }


def table(study: str, runs: Runs) -> str:
    """Return the results as Markdown, with the number of runs, their time and their hardware."""
    rows = import_module(f"experiments.{study}.table").rows
    every = [run for by_seed in runs.values() for run in by_seed]
    return f"{tabulate(rows(runs), 'keys', 'pipe', disable_numparse=True)}\n\n{totals(every)}"


def main(study: str) -> None:
    """Write the table of a study."""
    folder = Path("experiments") / study
    write_between_markers(folder / "README.md", "runs", table(study, read_runs(folder / "runs")))


if __name__ == "__main__":
    main(*sys.argv[1:])
