"""Two runs at once, and a clock that was set back."""

import os
import subprocess
import time

import pytest

from tests.conftest import Project
from tests.faults.conftest import outputs_of, unfinished, without_results
from tests.faults.forks import Fork, run_stage


def two_at_once(project: Project, *targets: str) -> tuple[list[int], list[str]]:
    """Run `dvc repro` twice at once; return the exit statuses and what was printed."""
    runs = [
        subprocess.Popen(
            project.command("dvc", "repro", *targets),
            cwd=project.folder,
            env=project.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    printed = [run.communicate(timeout=600)[0] for run in runs]
    return [run.returncode for run in runs], printed


@pytest.mark.faults
@pytest.mark.parametrize("targets", [["tokenize"], []])
def test_of_two_dvc_repro_at_once_one_works_and_the_other_says_so(project_copy: Project, targets: list[str]) -> None:
    expected = outputs_of(project_copy) if not targets else project_copy.bytes_of("data/tokens", "data/corpus.txt")
    project = without_results(project_copy)
    statuses, printed = two_at_once(project, *targets)
    assert 0 in statuses, printed
    for status, said in zip(statuses, printed, strict=True):
        assert "Traceback" not in said
        assert status == 0 or "lock" in said.lower() or "is busy" in said
    print(statuses)
    assert (outputs_of(project) if not targets else project.bytes_of("data/tokens", "data/corpus.txt")) == expected
    assert unfinished(project) == []


def test_of_two_stages_at_once_one_works_and_the_other_says_so(project_copy: Project) -> None:
    expected = outputs_of(project_copy)
    project_copy.set({"classify.epochs": 40, "classify.patience": 40})
    command = ("classify", "lstm_frozen", "1")
    first = Fork(project_copy.folder, *command)
    while "epoch" not in first.printed:
        assert first.process.is_alive(), first.printed
        time.sleep(0.01)
    second = run_stage(project_copy.folder, *command)
    assert second.in_one_line
    assert "another process runs classify-lstm_frozen-1 in this folder" in second.printed
    assert first.end().status == 0
    assert len(outputs_of(project_copy)) == len(expected)


@pytest.mark.faults
@pytest.mark.parametrize("seconds", [86_400, -86_400])
def test_a_clock_that_was_set_changes_nothing(project_copy: Project, seconds: int) -> None:
    """All files seem to come from tomorrow, as if the clock had been set back since; or from yesterday."""
    expected = outputs_of(project_copy)
    then = time.time() + seconds
    for path in project_copy.folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            os.utime(path, (then, then))
    assert "up to date" in project_copy.run("dvc", "status")
    assert run_stage(project_copy.folder, "classify", "lstm_frozen", "1").status == 0
    project_copy.run("dvc", "repro")
    assert outputs_of(project_copy) == expected
