"""Run a stage with other parameters in a temporary folder, so that the files of the real run stay as they are."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.core.files import read_json
from pipeline.presets import apply

ROOT = Path(__file__).parent.parent


@contextmanager
def sandbox(changes: Mapping[str, Any], inputs: tuple[str, ...] = ()) -> Iterator[Path]:
    """Yield a temporary folder with a changed params.yaml and links to files of the real run.

    Args:
        changes: `{"section.key": value}`.
        inputs: files and folders to link to, relative to the root of the project.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "params.yaml").write_text(apply(changes, (ROOT / "params.yaml").read_text("utf-8")), "utf-8")
        for path in inputs:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).symlink_to(ROOT / path)
        yield folder


def run_stage(folder: Path, name: str, *arguments: str, quiet: bool = True) -> None:
    """Run a stage in a sandbox.

    Args:
        folder: of the sandbox.
        name: of the stage.
        arguments: of the stage, such as a model and a seed.
        quiet: hide what the stage prints to standard output.
    """
    # Through a shell: on Linux, the peak memory of a new process starts at that of the process that starts it.
    command = ["sh", "-c", '"$@"; exit $?', "sh", sys.executable, "-m", "stages", name, *arguments]
    stdout = subprocess.DEVNULL if quiet else None
    subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, stdout=stdout)


def scores(folder: Path, models: Sequence[str], seed: str) -> dict[str, float]:
    """Return the accuracy of each model on validation, and its log loss as `MODEL_log_loss`.

    Args:
        folder: of a sandbox in which the models were trained.
        models: their names.
        seed: of the LSTMs among them.
    """
    files = {model: f"{model}-{seed}" if model.startswith("lstm") else model for model in models}
    figures = {model: read_json(folder / f"metrics/valid/{name}.json") for model, name in files.items()}
    accuracies = {model: one["accuracy"] for model, one in figures.items()}
    return accuracies | {f"{model}_log_loss": one["log_loss"] for model, one in figures.items()}
