"""A training that diverges, and one that a scheduler ends: nothing good is lost."""

import os
import signal
import subprocess
import time

import numpy as np
import pytest

from pipeline.core.files import read_object
from tests.conftest import Project
from tests.faults.conftest import outputs_of, unfinished, wait_for_an_epoch
from tests.faults.forks import Fork, run_stage

COMMAND = ("classify", "lstm_finetuned", "1")
RESULT = "artifacts/lstm_finetuned/1"
LONG = {"classify.epochs": 60, "classify.patience": 60}  # some seconds


def test_a_loss_that_is_not_finite_names_the_batch(project_copy: Project) -> None:
    expected = outputs_of(project_copy)
    project_copy.set({"classify.lr": 1e30, "classify.clip_norm": 1e30})
    ended = run_stage(project_copy.folder, *COMMAND)
    assert ended.in_one_line, ended.printed
    assert "training diverged: the loss of batch " in ended.printed
    assert "lower classify.lr = 1e+30" in ended.printed
    assert outputs_of(project_copy) == expected


@pytest.mark.parametrize("n_signals", [2, pytest.param(20, marks=pytest.mark.faults)])
def test_sigterm_loses_no_step(project_copy: Project, rng: np.random.Generator, n_signals: int) -> None:
    project = project_copy
    project.set(LONG)
    assert run_stage(project.folder, *COMMAND).status == 0
    expected = project.bytes_of(RESULT, "plots/history", "metrics/valid")
    for path in project.bytes_of(RESULT):
        (project.folder / path).unlink()

    steps = [0]
    for _ in range(n_signals):
        fork = Fork(project.folder, *COMMAND)
        state = project.folder / ".checkpoints/lstm_finetuned-1/state.json"
        while fork.process.is_alive() and "epoch" not in fork.printed:  # it is training
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.5))
        fork.process.terminate()
        ended = fork.end()
        if ended.status == 0:
            break
        assert ended.status == 130, ended.printed
        assert ended.printed.splitlines()[-1].startswith("classify was stopped;")
        saved = read_object(state)
        steps.append(len(saved["history"]) * 1000 + saved["n_steps"])
        assert steps[-1] > steps[-2]
    assert run_stage(project.folder, *COMMAND).status == 0
    assert project.bytes_of(RESULT, "plots/history", "metrics/valid") == expected
    assert unfinished(project) == []
    print(f"{len(steps) - 1} signals, the same bytes")


def test_sigterm_to_all_processes_of_a_training_is_a_stop(project_copy: Project) -> None:
    project_copy.set(LONG | {"classify.n_processes": 2})
    command = project_copy.command("stages", *COMMAND)
    process = subprocess.Popen(
        command, cwd=project_copy.folder, env=project_copy.environment, start_new_session=True, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    wait_for_an_epoch(project_copy)
    os.killpg(process.pid, signal.SIGTERM)
    _, printed = process.communicate(timeout=120)
    assert (process.returncode, printed.splitlines()[-1][:21]) == (130, "classify was stopped;"), printed
