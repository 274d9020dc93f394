"""The programs to compare with: each runs as a process, in an environment that the project itself does not need."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PYTHON = Path(".venv-bench/bin/python")


def missing_rivals() -> str:
    """Return why the rivals cannot run, or an empty string."""
    return "" if PYTHON.exists() else f"{PYTHON} is missing; `make bench` creates it"


def transcript(script: str, *arguments: str) -> Iterator[tuple[float, ...]]:
    """Run a script of benchmarks/; yield the numbers of each line that it prints. It ends when the caller is done."""
    with subprocess.Popen(
        [str(PYTHON), f"benchmarks/{script}", *arguments], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            for line in process.stdout:
                yield tuple(map(float, line.split()))
        finally:
            process.kill()


@contextmanager
def child(script: str, *arguments: str) -> Iterator[Callable[[], float]]:
    """Start a script of benchmarks/; yield a function that makes it work once and returns the number it prints."""
    command = [str(PYTHON), f"benchmarks/{script}", *arguments]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    stdin, stdout = process.stdin, process.stdout
    assert stdin
    assert stdout

    def ask() -> float:
        stdin.write("\n")
        stdin.flush()
        return float(stdout.readline())

    try:
        yield ask
    finally:
        stdin.close()
        process.wait()
