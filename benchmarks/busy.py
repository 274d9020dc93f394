"""How long stages take beside two busy processes: people work while they train, and half the speed would be fair.

Each stage runs as DVC runs it, in a sandbox, first by itself and then beside two endless loops of Python.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.measure import figure
from experiments.sandbox import run_stage, sandbox
from pipeline.core.files import read_json

READS = {
    "maas": ("data/tokens",),
    "polarity": ("data/tokens", "artifacts/embeddings", "artifacts/lstm_finetuned", "artifacts/maas"),
    "evaluate": ("data/train.parquet", "data/test.parquet", "artifacts"),
}
NEEDS = tuple(path for paths in READS.values() for path in paths)
BAR = 3.0


@contextmanager
def neighbors(n_processes: int) -> Iterator[None]:
    """Keep processes busy, each in a session of its own, as those of another terminal are."""
    loop = [sys.executable, "-c", "while True: pass"]
    running = [subprocess.Popen(loop, start_new_session=True) for _ in range(n_processes)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def seconds_of(stage: str, n_neighbors: int) -> float:
    """Run a stage in a sandbox beside busy processes; return its seconds."""
    with sandbox({}, READS[stage]) as folder, neighbors(n_neighbors):
        run_stage(folder, stage)
        return float(read_json(folder / f"metrics/seconds/{stage}.json")["seconds"])


def figures() -> Iterator[dict[str, Any]]:
    """Measure the stages that use several threads."""
    for stage in READS:
        quiet, busy = seconds_of(stage, 0), seconds_of(stage, 2)
        unit = f"times as long, {busy:.0f} s"
        against = f"{quiet:.0f} s without them, at most"
        yield figure(f"{stage} beside two busy processes", busy / quiet, unit, against, BAR, 1)
