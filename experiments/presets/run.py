"""Run the whole pipeline with a preset and keep its figures: `python -m experiments.presets.run NAME`.

The run has a clone of the last commit, .presets/NAME/, and shares the cache of the real run: stages that the preset
does not change are restored. An interrupted run continues where it was; after new commits, delete the clone first.

Reads:  presets/NAME.yaml, the last commit, .dvc/cache/; IMDB_ARCHIVE, see README.md
Writes: .presets/NAME/, experiments/presets/NAME.json, the table of docs/results.md between the markers `presets`
"""

import subprocess
import sys
from pathlib import Path

from tabulate import tabulate

from experiments.record import Figures
from experiments.sandbox import ROOT
from pipeline.core.errors import InputError
from pipeline.core.files import read_json, write_json
from pipeline.presets import arguments, read_preset
from pipeline.report.markers import write_between_markers
from pipeline.report.tables import measured_on

KEPT = ("accuracy", "accuracy_low", "accuracy_high", "log_loss")
SHOWN = ("nbsvm", "lstm_frozen", "lstm_finetuned", "lstm_student", "ensemble")
FOLDER = ROOT / "experiments/presets"


def clone(name: str) -> Path:
    """Return the folder of a preset's run, which is made from the last commit if it is not there."""
    folder = ROOT / ".presets" / name
    if not folder.exists():
        _run(ROOT, "git", "clone", "--quiet", str(ROOT), str(folder))
        _run(folder, "dvc", "cache", "dir", "--local", str(ROOT / ".dvc/cache"))
        _run(folder, sys.executable, "-m", "pipeline", "preset", name, "--write", "params.yaml")
    return folder


def figures(folder: Path, name: str) -> Figures:
    """Return what a finished run measured, and where."""
    seconds = {path.stem: read_json(path) for path in sorted((folder / "metrics/seconds").glob("*.json"))}
    valid = {path.stem: read_json(path) for path in sorted((folder / "metrics/valid").glob("*.json"))}
    test = read_json(folder / "metrics/test.json")
    commit = subprocess.run(["git", "rev-parse", "--short=10", "HEAD"], cwd=folder, capture_output=True, text=True)
    return {
        "parameters": read_preset(folder / "presets", name),
        "test": {model: {key: score[key] for key in KEPT} for model, score in test.items()},
        "valid": valid,
        "seconds": {stage: measured["seconds"] for stage, measured in seconds.items()},
        "measured_on": measured_on(seconds),
        "commit": commit.stdout.strip(),
    }


def table(runs: dict[str, Figures]) -> str:
    """Return the test accuracies of each preset's run as Markdown, with the time and the hardware.

    Models that a run lacks, because only some stages ran, have empty cells.
    """
    rows = []
    for name, run in runs.items():
        test = run["test"]
        cells = {f"`{model}`": f"{test[model]['accuracy']:.4f}" if model in test else "" for model in SHOWN}
        rows.append({"preset": f"`{name}`", **cells, "measured on": run["measured_on"], "commit": run["commit"]})
    return str(tabulate(rows, "keys", "pipe", disable_numparse=True))


def main(name: str) -> None:
    """Run, record, write the table."""
    arguments(read_preset(ROOT / "presets", name))  # an unknown one is refused before anything runs
    folder = clone(name)
    _run(folder, "dvc", "repro")
    write_json(FOLDER / f"{name}.json", figures(folder, name))
    runs = {path.stem: read_json(path) for path in sorted(FOLDER.glob("*.json"))}
    write_between_markers(ROOT / "docs/results.md", "presets", table(runs))


def _run(folder: Path, *command: str) -> None:
    subprocess.run(command, cwd=folder, check=True)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:] or [""])
    except InputError as error:
        sys.exit(f"error: {error}")
