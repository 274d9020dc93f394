"""The time of `python -m pipeline compare`, imports and git included."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import figure, median_seconds
from experiments.sandbox import ROOT
from pipeline.core.models import BASELINES, NETWORKS
from pipeline.ensemble.predictions import make_predictions, save_predictions

N_REVIEWS, N_RESAMPLES, N_RUNS = 25_000, 10_000, 5


def write_project(folder: Path) -> None:
    """Create a repository with predictions in a commit, and others for the same reviews in the workspace."""
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, N_REVIEWS).astype(np.int8)
    ids = [f"test/{i}" for i in range(N_REVIEWS)]
    for name in ("params.yaml", "dvc.lock"):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    models = (*BASELINES, *(f"{model}_1" for model in NETWORKS))
    for turn in range(2):
        columns = {model: np.clip(labels + rng.normal(0, 0.35, N_REVIEWS), 0, 1) for model in models}
        save_predictions(make_predictions(ids, labels, columns), folder / "predictions/test.json")
        if turn == 0:
            identity = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
            for command in (("init", "-q"), ("add", "--all"), (*identity, "commit", "-q", "-m", "a run")):
                subprocess.run(["git", *command], cwd=folder, check=True)


def figures() -> Iterator[dict[str, Any]]:
    """Time the command on as many reviews as the official test set has."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_project(folder)
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "pipeline", "compare", "--resamples", str(N_RESAMPLES)]
        options = {"cwd": folder, "env": environment, "check": True, "stdout": subprocess.DEVNULL}
        seconds = median_seconds(lambda: subprocess.run(command, **options), N_RUNS)  # type: ignore[call-overload]
    against = f"{N_REVIEWS:,} reviews, {len(BASELINES) + len(NETWORKS)} models, {N_RESAMPLES:,} resamples, at most"
    yield figure("compare, the whole command", seconds, "s", against, 5, N_RUNS)
