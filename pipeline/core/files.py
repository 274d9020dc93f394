"""Atomic writes, JSON and CSV: a file is complete or absent."""

import csv
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.core.errors import InputError, refusing

MAX_JSON = 1 << 28  # bytes; the largest of ours has some 10 MB
MAX_DEPTH = 30
RESTORE = "create it with `dvc repro`, or restore it with `dvc checkout` (`git checkout` if it is in git)"


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.partial")


def _aside(path: Path) -> Path:
    return path.with_name(f".{path.name}.old.partial")


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; move it to `path` if the block succeeds, remove it otherwise.

    The block may create a file or a folder. After an exception, Ctrl-C included, `path` is as it was. A process that is
    killed leaves the old or the new state whole, here or beside `path`: the next call, or `settle`, puts it in place
    and removes the rest. An OSError (a full disk, for example) passes through.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(path)
    settle(path)
    _remove(temporary)
    try:
        yield temporary
        _replace(temporary, path)
    finally:
        _remove(temporary)


def _replace(temporary: Path, path: Path) -> None:
    """Move `temporary` to `path`. A folder cannot be replaced in one step: the old one is moved aside before."""
    if not path.is_dir():
        os.replace(temporary, path)
        return
    os.replace(path, _aside(path))
    try:
        os.replace(temporary, path)
    except BaseException:
        os.replace(_aside(path), path)
        raise
    _discard_aside(path)


def _discard_aside(path: Path) -> None:
    """Remove the old folder, which is renamed first: under the name `_aside`, a folder is always whole."""
    _remove(_temporary(path))
    os.replace(_aside(path), _temporary(path))
    _remove(_temporary(path))


def settle(path: Path) -> None:
    """Finish the replacement of a folder that `atomic` was killed in.

    The old folder is moved aside only after the new one is complete, so if nothing is in place, the new one is taken.
    """
    if not os.path.lexists(_aside(path)):
        return
    if os.path.lexists(path):
        _discard_aside(path)
    elif os.path.lexists(_temporary(path)):
        os.replace(_temporary(path), path)
        _discard_aside(path)
    else:
        os.replace(_aside(path), path)


def check_file(path: Path, remedy: str = RESTORE) -> int:
    """Return the size of a file in bytes.

    Raises:
        InputError: there is none, or it is a folder, a device or a pipe, which could be read without an end.
    """
    with refusing(path, "cannot be read", remedy):
        size = path.stat().st_size
    if not path.is_file():
        raise InputError(f"{path} is a folder or a device, not a file; remove it, then {remedy}")
    return size


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, keys in their order, atomically; the same value gives the same bytes."""
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")


def parse_json(content: bytes, name: object, remedy: str, problem: str = "is not readable JSON") -> Any:
    """Parse JSON in UTF-8.

    Args:
        content: the bytes.
        name: names their file in an error.
        remedy: what to do in case of an error.
        problem: what is then wrong with the file.

    Raises:
        InputError: it is not UTF-8 or not JSON, has NaN, an infinite or a very long number, half a character or a key
            twice, or is nested too deeply.
    """
    with refusing(name, problem, remedy):
        text = content.decode("utf-8")
        value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique)
        _check_depth(value)
        if "\\ud" in text.lower():  # half of a pair of escapes is a string that cannot be written or printed
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    return value


def _check_depth(value: Any) -> None:
    """Check that a value is nested less deeply than what walks through it can go."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        parts = [part.values() if isinstance(part, dict) else part for part in level if isinstance(part, dict | list)]
        level = [part for inner in parts for part in inner if isinstance(part, dict | list)]
        if not level:
            return
    raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError(f"a key of {', '.join(value)} occurs twice")
    return value


def _refuse_constant(constant: str) -> None:
    raise ValueError(f"the number {constant}")


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        InputError: the file is missing, too large, or not as `parse_json` expects it.
    """
    if check_file(path) > MAX_JSON:
        raise InputError(f"{path} has more than {MAX_JSON:,} bytes; delete it and run `dvc repro`")
    return parse_json(path.read_bytes(), path, "delete it and run `dvc repro`")


def read_object(path: Path) -> dict[str, Any]:
    """Read a JSON file whose value is an object.

    Raises:
        InputError: as of `read_json`, or the value is of another kind.
    """
    value = read_json(path)
    if not isinstance(value, dict):
        raise InputError(f"{path} is no JSON object with keys; delete it and run `dvc repro`")
    return value


def write_csv(
    path: Path, rows: Iterable[Mapping[str, Any]], *, columns: Sequence[str] = (), decimals: int | None = None
) -> None:
    """Write rows as CSV with a header, atomically.

    Args:
        path: the file.
        rows: mappings with the same keys; all values are numbers if `decimals` is given.
        columns: the header; the keys of the first row by default.
        decimals: round all values to so many decimals; None leaves them as they are.
    """
    rows = list(rows)
    with atomic(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns or list(rows[0]), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({key: round(x, decimals) if decimals is not None else x for key, x in row.items()})
