"""Your own corpus, from the folder corpus/: tables, or aclImdb's layout as folders or an archive."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.core.errors import InputError, refusing
from pipeline.fetch.checked_table import CheckedTable
from pipeline.fetch.layout import read_layout
from pipeline.fetch.names import ARCHIVES, COMPRESSIONS, LABELS, SUFFIXES, is_data, kind_of, split_of
from pipeline.fetch.tables import read_table

MAX_LISTED = 20
KEEP = "keep one table or several, one archive or the folders train/ and test/"


def read_custom(folder: Path, scratch: Path) -> tuple[str, Iterator[pa.RecordBatch]]:
    """Find the corpus in `folder`: its name in errors, and its reviews as batches with the columns of BATCH.

    A table needs the columns `text` and `label` (0, 1, neg, pos, negative, positive); `split` (train, valid, unsup,
    test), `id`, `movie` and `rating` are optional. Of several tables without `split`, the names tell the split. The
    names that are understood are in `pipeline.fetch.names`.

    Args:
        folder: contains tables, in folders or not, or one archive, or aclImdb's folders.
        scratch: a folder for what an archive unpacks to.

    Raises:
        InputError: there is no corpus or more than one; while the batches are read: a file, column or row is unusable.
    """
    entries = [path for path in sorted(folder.glob("*")) if is_data(path.relative_to(folder))]
    if not entries:
        raise InputError(
            f"{folder}/ is empty; put one table or several, one archive or the folders train/ and test/ there; in a"
            f" queue (`dvc exp run --queue` or `--temp`) add `-C {folder}/FILE`, as files that git ignores are not"
            " copied"
        )
    has_folders = any(path.is_dir() for path in entries)
    with refusing(folder, "cannot be listed", "make its folders readable"):
        files = list(_files(entries))
    tables = [path for path in files if kind_of(path)]
    others = [path for path in files if not kind_of(path)]
    if others and (tables or (len(entries) > 1 and not has_folders)):
        names = [path.relative_to(folder).as_posix() for path in (*others[:MAX_LISTED], *tables[:MAX_LISTED])]
        raise InputError(f"{folder}/ contains {', '.join(names)}; {KEEP}")
    if tables:
        return str(tables[0] if len(tables) == 1 else folder), _read_tables(folder, tables)
    inner, suffix = Path(entries[0].stem).suffix.lower(), entries[0].suffix.lower()
    is_archive = suffix in ARCHIVES and inner not in (*SUFFIXES, ".json")
    if not (has_folders or is_archive):
        known = ", ".join((*SUFFIXES, *ARCHIVES))
        raise InputError(
            f"{entries[0]}: the suffix {(inner if suffix in ARCHIVES else '') + suffix!r} is not one of {known}; save"
            f" the reviews as one of these; tables may have {' or '.join(COMPRESSIONS)} behind"
        )
    where = folder if has_folders else entries[0]
    return str(where), read_layout(where, scratch)


def _files(entries: list[Path]) -> Iterator[Path]:
    for path in entries:
        if path.is_dir():
            if path.is_symlink():  # what it points to would be left out silently
                raise InputError(f"{path} is a link; copy what it points to, or remove it")
            yield from _files([inner for inner in sorted(path.iterdir()) if is_data(Path(inner.name))])
        else:
            yield path


def _stem(path: Path) -> str:
    """Return the name of a file without the suffixes of its kind and its compression."""
    kind = kind_of(path)
    return Path(path.stem).stem if kind and kind[1] else path.stem


def _read_tables(folder: Path, paths: list[Path]) -> Iterator[pa.RecordBatch]:
    tables = []
    for path in paths:
        if len(paths) == 1:
            table = CheckedTable(path, _stem(path), "train")
        else:
            relative = path.relative_to(folder)
            table = CheckedTable(path, relative.as_posix(), split_of(relative) or "train")
        tables.append(table)
        yield from table.batches()
        if not table.n_rows and (len(paths) == 1 or split_of(path.relative_to(folder))):  # test would become random
            raise InputError(f"{path} has no rows; add one row per review, or remove it")
    _check_ids(tables)


def _check_ids(tables: list[CheckedTable]) -> None:
    """Check that no id occurs twice.

    Raises:
        InputError: one does; it is read from the file again.
    """
    tables = [table for table in tables if table.ids]
    if not tables:
        return
    ids = np.concatenate([part for table in tables for part in table.ids])
    order = np.argsort(ids, kind="stable")
    again = np.sort(order[1:][ids[order[1:]] == ids[order[:-1]]])
    if not len(again):
        return
    row = int(again[0])
    for table in tables:
        if row < table.n_rows:
            break
        row -= table.n_rows
    raise InputError(table.message(table.ID, row, repr(_id(table.path, row)), len(again)))


def _id(path: Path, row: int) -> str | None:
    for rows in read_table(path, LABELS, needs_label=False):
        if row < len(rows):
            return str(rows["id"][row])
        row -= len(rows)
    return None
