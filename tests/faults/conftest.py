"""What the faults share: the stages of a run, their outputs, and a seed that is printed."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import Project

OUTPUTS = ("data", "artifacts", "metrics", "plots", "predictions")
STAGES = (  # as their commands say, in the order of a run
    "params",
    "fetch",
    "tokenize",
    "embed",
    "baseline",
    "classify lstm_random 1",
    "classify lstm_frozen 1",
    "classify lstm_finetuned 1",
    "maas",
    "polarity",
    "ensemble",
    "student 1",
    "evaluate",
    "report",
)


def stages(*short: str) -> list[Any]:
    """Return the stages as parameters of a test; all but `short` have the marker `faults`."""
    return [label if label in short else pytest.param(label, marks=pytest.mark.faults) for label in STAGES]


@pytest.fixture
def rng() -> np.random.Generator:
    """Of a new seed each time, which is printed; FAULTS_SEED repeats one."""
    seed = int(os.environ.get("FAULTS_SEED", np.random.SeedSequence().generate_state(1)[0]))
    print(f"\nFAULTS_SEED={seed}")
    return np.random.default_rng(seed)


def outputs_of(project: Project) -> dict[str, bytes]:
    """Return the bytes of all outputs but seconds, by path; the report, which shows the seconds, is not among them."""
    return {path: content for path, content in project.bytes_of(*OUTPUTS).items() if "metrics/seconds/" not in path}


def unfinished(project: Project) -> list[Path]:
    """Return the files and folders that an atomic replacement has left."""
    return [path for path in project.folder.rglob("*.partial") if path.exists()]


def wait_for_an_epoch(project: Project) -> None:
    """Wait until the training of lstm_finetuned has saved a checkpoint."""
    deadline = time.monotonic() + 300
    while not (project.folder / ".checkpoints/lstm_finetuned-1/state.json").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def without_results(project: Project) -> Project:
    """Remove all that the stages made, DVC's cache and dvc.lock included."""
    for name in (*OUTPUTS, "report", ".dvc/cache", ".dvc/tmp", ".checkpoints"):
        shutil.rmtree(project.folder / name, ignore_errors=True)
    (project.folder / "dvc.lock").unlink()
    return project


@pytest.fixture(scope="module")
def once(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A copy of the project that has run, for the tests of a module that leave its outputs as they are."""
    copied = project.copy(tmp_path_factory.mktemp("once") / "project")
    yield copied
    shutil.rmtree(copied.folder)
