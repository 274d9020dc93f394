"""Mend the files that DVC writes in place, if it was killed while it wrote them."""

import subprocess
from pathlib import Path
from typing import Any

import click
import psutil

from pipeline.core.errors import InputError
from pipeline.core.files import atomic, parse_json
from pipeline.core.yaml import MAX_BYTES, parse_yaml

RWLOCK = Path(".dvc/tmp/rwlock")  # who reads and writes what; of no use once DVC has ended
DAMAGED = Path(".dvc/tmp/damaged")  # where damaged files are kept


def running_dvc(folder: Path) -> list[int]:
    """Return the process numbers of DVC in a folder or below it, other than this process and those that started it."""
    above = {one.pid for one in [psutil.Process(), *psutil.Process().parents()]}
    numbers = []
    for process in psutil.process_iter():
        try:
            names = [Path(argument).name for argument in process.cmdline()[:4]]
            if "dvc" in names and process.pid not in above and Path(process.cwd()).is_relative_to(folder.resolve()):
                numbers.append(process.pid)
        except (psutil.Error, OSError):
            continue  # it has ended, or is another user's
    return sorted(numbers)


def _lock_is_whole(content: bytes) -> bool:
    if len(content) > MAX_BYTES:
        return True  # that of a hundred seeds is larger than what we read; DVC says if it is damaged
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA  # a slow import
    from voluptuous import Invalid

    try:
        COMPILED_LOCKFILE_SCHEMA(parse_yaml(content, "dvc.lock"))
    except (InputError, Invalid):
        return False
    return True


def _rwlock_is_whole(content: bytes) -> bool:
    try:
        value: Any = parse_json(content, RWLOCK, "delete it")
    except InputError:
        return False
    return isinstance(value, dict) and all(isinstance(part, dict) for part in value.values())


def _committed(folder: Path, path: Path) -> bytes | None:
    """Return the content of a file in the last commit; None if there is no git, no commit or no such file."""
    try:
        shown = subprocess.run(["git", "show", f"HEAD:./{path.as_posix()}"], cwd=folder, capture_output=True)
    except FileNotFoundError:
        return None
    return shown.stdout if shown.returncode == 0 else None


def mend_files(folder: Path) -> list[str]:
    """Mend the files of a project that DVC left damaged; the others stay as they are.

    A damaged `.dvc/tmp/rwlock` is removed: DVC makes another. A damaged dvc.lock, of the pipeline or of a study, is
    replaced by the committed one, or removed if that one is damaged or absent; DVC then restores from its cache what
    has run before.

    Returns: what was done, a line each.

    Raises:
        InputError: something is damaged, and DVC runs in the folder: it may be writing just now.
    """
    damaged: list[Path] = []
    if (folder / RWLOCK).is_file() and not _rwlock_is_whole((folder / RWLOCK).read_bytes()):
        damaged.append(RWLOCK)
    for path in sorted([*folder.glob("dvc.lock"), *folder.glob("experiments/*/dvc.lock")]):
        if not _lock_is_whole(path.read_bytes()):
            damaged.append(path.relative_to(folder))
    if damaged and (numbers := running_dvc(folder)):
        raise InputError(
            f"{', '.join(map(str, damaged))}: damaged, or being written by DVC, which runs here (process"
            f" {', '.join(map(str, numbers))}); wait for it or stop it, and try again"
        )
    done = []
    for path in damaged:
        kept = folder / DAMAGED / path.as_posix().replace("/", "-")
        kept.parent.mkdir(parents=True, exist_ok=True)
        (folder / path).replace(kept)
        content = _committed(folder, path) if path != RWLOCK else None
        if content is not None and _lock_is_whole(content):
            with atomic(folder / path) as temporary:
                temporary.write_bytes(content)
            done.append(f"{path} was damaged: replaced by the committed one; what it was is in {DAMAGED}")
        else:
            done.append(f"{path} was damaged: moved to {DAMAGED}; DVC makes another")
    return done


@click.command()
def mend() -> None:
    """Mend the files that a killed `dvc repro` left damaged.

    DVC writes .dvc/tmp/rwlock and dvc.lock in place. If it is killed meanwhile, either can be damaged, and DVC then
    refuses to run. This removes a damaged rwlock and restores a damaged dvc.lock from git. It changes nothing else.
    """
    for line in mend_files(Path()):
        click.echo(line)
