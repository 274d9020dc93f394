"""Atomic writes, JSON and CSV: a file is complete or absent."""

import csv
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.core.errors import InputError


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; move it to `path` if the block succeeds, remove it otherwise.

    The block may create a file or a folder. After an exception, Ctrl-C included, `path` is as it was. The next call
    removes what a killed process left behind. An OSError (a full disk, for example) passes through.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.partial")
    _remove(temporary)
    try:
        yield temporary
        if path.is_dir():
            shutil.rmtree(path)
        os.replace(temporary, path)
    finally:
        _remove(temporary)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, keys in their order, atomically; the same value gives the same bytes."""
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        InputError: the file is missing, not UTF-8, or not JSON.
    """
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"{path} is missing; create it with `dvc repro`, or restore it with `dvc checkout` (`git checkout` if it"
            " is in git)"
        ) from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{path} is not readable JSON ({error}); delete it and run `dvc repro`") from None


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
