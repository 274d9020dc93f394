"""Running one stage with other parameters in a folder of its own, so that the real run's files stay as they are."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.presets import apply

ROOT = Path(__file__).parent.parent


@contextmanager
def folder(changes: Mapping[str, Any], inputs: tuple[str, ...] = ()) -> Iterator[Path]:
    """Give a folder with params.yaml, changed ({"section.key": value}), and links to `inputs` of the real run."""
    with tempfile.TemporaryDirectory() as name:
        made = Path(name)
        (made / "params.yaml").write_text(apply(changes, (ROOT / "params.yaml").read_text("utf-8")), "utf-8")
        for entry in inputs:
            (made / entry).parent.mkdir(parents=True, exist_ok=True)
            (made / entry).symlink_to(ROOT / entry)
        yield made


def run_stage(where: Path, name: str, *arguments: str, quiet: bool = True) -> None:
    """Run a stage in a folder; its own lines are kept to itself if `quiet`."""
    # A shell between: to Linux the peak memory of a new process begins at that of the one that starts it.
    command = ["sh", "-c", '"$@"; exit $?', "sh", sys.executable, "-m", f"stages.{name}", *arguments]
    subprocess.run(
        command,
        cwd=where,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        stdout=subprocess.DEVNULL if quiet else None,
    )


def missing(*inputs: str) -> str:
    """Return what a stage would lack, and the remedy; nothing if all is there."""
    lacking = [entry for entry in inputs if not (ROOT / entry).exists()]
    return f"{', '.join(lacking)} missing; `dvc repro` makes it, `dvc checkout` brings it back" if lacking else ""
