"""DVC and its stages, killed at random moments: the next `dvc repro` ends with the bytes of an undisturbed run."""

import os
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import psutil
import pytest

from pipeline.commands.mend import mend_files
from tests.conftest import Project
from tests.faults.conftest import outputs_of, unfinished, without_results

STARTING = "DVC, no stage"  # where a kill came before the first stage of a run
RUNNING = re.compile(r"Running stage '(.+)':")
KINDS = ("the group, SIGKILL", "DVC alone, SIGKILL", "the group, SIGTERM")


class Run:
    """A `dvc repro` that is at work, and the stages that it has begun."""

    def __init__(self, project: Project, *targets: str) -> None:
        self.started = time.monotonic()
        self.stages: list[tuple[str, float]] = []  # names, and seconds since the last sign of progress
        self.lines: list[str] = []
        self._process = subprocess.Popen(
            project.command("dvc", "repro", *targets),
            cwd=project.folder,
            env=project.environment | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self.lines.append(line)
            if match := RUNNING.match(line):
                self.stages.append((match[1], time.monotonic()))

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    @property
    def stage(self) -> str:
        """The stage that is running."""
        return self.stages[-1][0] if self.stages else STARTING

    def wait_for_stage(self, number: int) -> None:
        """Wait until it has begun so many stages, or has ended."""
        while len(self.stages) < number and not self.ended:
            time.sleep(0.01)

    def members(self) -> list[int]:
        """Return the processes of its group that are at work."""
        alive = []
        for process in psutil.process_iter(["status"]):
            try:
                if os.getpgid(process.pid) == self._process.pid and process.info["status"] != psutil.STATUS_ZOMBIE:
                    alive.append(process.pid)
            except (psutil.Error, ProcessLookupError):
                continue
        return alive

    def kill(self, kind: str) -> None:
        """End it, or DVC's process alone, and wait until nothing of it is at work."""
        number = signal.SIGTERM if "SIGTERM" in kind else signal.SIGKILL
        if "group" in kind:
            os.killpg(self._process.pid, number)
        else:
            self._process.send_signal(number)
        self._process.wait(120)
        deadline = time.monotonic() + 120
        while self.members():  # after the death of DVC alone, a stage works on to its end
            assert time.monotonic() < deadline, self.members()
            time.sleep(0.02)
        self._reader.join(10)

    def end(self) -> None:
        """Wait for its end, which must be a good one."""
        assert self._process.wait(600) == 0, "".join(self.lines)
        self._reader.join(10)


class Seconds:
    """How long each stage takes, as far as it is known."""

    def __init__(self) -> None:
        self._of: dict[str, float] = {}

    def learn(self, run: Run) -> None:
        begun = [(STARTING, run.started), *run.stages]
        for (name, start), (_, end) in pairwise(begun):
            self._of[name] = end - start

    def of(self, name: str) -> float:
        return self._of.get(name) or float(np.mean([*self._of.values(), 2.0]))


def kill_again_and_again(
    project: Project, n_kills: int, rng: np.random.Generator, *targets: str, seconds: Seconds | None = None
) -> tuple[Counter[str], Counter[str]]:
    """Begin `dvc repro` and kill it, until there were so many kills or it has ended before one.

    Returns: the kills by stage and by kind; "mended" counts the kills after which a file of DVC was damaged.
    """
    seconds = seconds or Seconds()
    where: Counter[str] = Counter()
    how: Counter[str] = Counter()
    while where.total() < n_kills:
        run = Run(project, *targets)
        run.wait_for_stage(int(rng.choice([0, 1, 2], p=[0.1, 0.6, 0.3])))
        # Beyond the stage's own time, DVC is saving what it made.
        time.sleep(rng.uniform(0, 1.2 * seconds.of(run.stage)))
        seconds.learn(run)
        if run.ended:
            run.end()
            break
        kind = str(rng.choice(KINDS, p=[0.8, 0.1, 0.1]))
        where[run.stage] += 1
        how[kind] += 1
        run.kill(kind)
        how["mended"] += len(mend_files(project.folder))
    return where, how


def test_a_handful_of_kills(project_copy: Project, rng: np.random.Generator) -> None:
    expected = project_copy.bytes_of("data/tokens", "data/corpus.txt", "data/train.parquet")
    project = without_results(project_copy)
    where, how = kill_again_and_again(project, 4, rng, "tokenize")
    print(dict(where), dict(how))
    Run(project, "tokenize").end()
    assert project.bytes_of("data/tokens", "data/corpus.txt", "data/train.parquet") == expected
    assert unfinished(project) == []


@pytest.mark.faults
def test_kills_at_random_moments_in_every_stage(project_copy: Project, rng: np.random.Generator) -> None:
    """KILLS of them, 100 by default."""
    n_kills = int(os.environ.get("KILLS", "100"))
    expected = outputs_of(project_copy)
    where: Counter[str] = Counter()
    how: Counter[str] = Counter()
    seconds = Seconds()
    rounds = 0
    while where.total() < n_kills:
        without_results(project_copy)
        more = kill_again_and_again(project_copy, n_kills - where.total(), rng, seconds=seconds)
        where, how = where + more[0], how + more[1]
        Run(project_copy).end()
        rounds += 1
        assert outputs_of(project_copy) == expected
        assert unfinished(project_copy) == []
        assert "up to date" in project_copy.run("dvc", "status")
        print(f"{where.total()} kills, {rounds} whole runs, each with the bytes of the undisturbed one")
        print("by stage:", dict(where.most_common()))
        print("by kind:", dict(how.most_common()), flush=True)
    assert Path(project_copy.folder / "dvc.lock").exists()
