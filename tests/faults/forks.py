"""Stages in forks of a process that has loaded the libraries: dozens of runs under a fault in the time of one start."""

import multiprocessing
import os
import resource
import sys
import tempfile
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import NamedTuple

NAMES = ("baseline", "classify", "embed", "ensemble", "evaluate", "fetch", "maas", "params", "polarity", "report")
LOADED = [f"stages.{name}" for name in (*NAMES, "student", "tokenize", "runner")]
LOADED.append("torch._dynamo")  # the first step of an optimizer would load it
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(LOADED)


class Ended(NamedTuple):
    """How a stage ended: its exit status, negative for a signal, and what it printed."""

    status: int
    printed: str

    @property
    def in_one_line(self) -> bool:
        """Whether it failed with one line that begins with "error in"."""
        errors = [line for line in self.printed.splitlines() if line.startswith("error in ")]
        return self.status == 1 and len(errors) == 1 and "Traceback" not in self.printed


class Fork:
    """A stage at work in a folder.

    Args:
        folder: of the project.
        command: the stage and its arguments.
        mebibytes: of memory that it may take beyond that of its libraries; None is no limit.
    """

    def __init__(self, folder: Path, *command: str, mebibytes: float | None = None) -> None:
        self._printed = tempfile.NamedTemporaryFile(prefix="printed-")  # noqa: SIM115
        self.process: ForkServerProcess = CONTEXT.Process(
            target=_work, args=(folder, Path(self._printed.name), command, mebibytes)
        )
        self.process.start()

    def end(self, seconds: float = 300) -> Ended:
        """Wait for the end."""
        self.process.join(seconds)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
            raise TimeoutError(f"{seconds:.0f} seconds: {self.printed}")
        ended = Ended(self.process.exitcode, self.printed)
        self._printed.close()
        return ended

    @property
    def printed(self) -> str:
        """What it has printed so far."""
        return Path(self._printed.name).read_text("utf-8", "replace")


def run_stage(folder: Path, *command: str, mebibytes: float | None = None) -> Ended:
    """Run a stage to its end."""
    return Fork(folder, *command, mebibytes=mebibytes).end()


def _work(folder: Path, printed: Path, command: tuple[str, ...], mebibytes: float | None) -> None:
    with open(printed, "ab", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.chdir(folder)
    os.environ["PYTHONUNBUFFERED"] = "1"  # of the processes that it starts
    sys.stdout = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
    if mebibytes is not None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * os.sysconf("SC_PAGE_SIZE") + int(mebibytes * 2**20)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    from stages import runner

    sys.argv = ["stages", *command]
    runner.main()
