"""Write the results of one run of a study, with its seconds, commit and hardware."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from pipeline.core.files import write_json
from stages.runner import hardware

Figures: TypeAlias = dict[str, Any]


def commit() -> str:
    """Return the current commit, followed by `+` if code or parameters differ from it."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], capture_output=True, text=True).stdout.strip()

    changed = git("status", "--porcelain", "--", "*.py", "params.yaml")
    return (git("rev-parse", "--short=10", "HEAD") or "unknown") + "+" * bool(changed)


def record(study: str, measure: Callable[..., Figures], *arguments: str) -> None:
    """Write `measure(*arguments)` into experiments/STUDY/runs/ARGUMENT-ARGUMENT.json."""
    started, revision = time.perf_counter(), commit()
    figures = measure(*arguments)
    seconds = round(time.perf_counter() - started, 1)
    path = Path(f"experiments/{study}/runs/{'-'.join(arguments)}.json")
    write_json(path, {**figures, "seconds": seconds, "commit": revision, "hardware": hardware()})
