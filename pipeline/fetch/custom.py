"""Your own corpus, from the folder corpus/: a table, or aclImdb's layout as folders or an archive."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.errors import InputError
from pipeline.fetch.corpus import COLUMNS, SPLITS, carve, check_usable
from pipeline.fetch.imdb import read_archive
from pipeline.fetch.tables import SUFFIXES, read_table

NEGATIVE = ("0", "0.0", "neg", "negative", "false")
POSITIVE = ("1", "1.0", "pos", "positive", "true")
LABELS = dict.fromkeys(NEGATIVE, 0) | dict.fromkeys(POSITIVE, 1)
SPLIT_NAMES = ("train", "valid", "unsup", "test")
ARCHIVES = (".tar", ".tgz", ".gz", ".bz2", ".xz")
NOT_DATA = ("README.md", ".gitignore")
NULLS = ("", "na", "n/a", "nan", "null", "none", "<na>")  # of an optional column, in lower case


def read_custom(folder: Path, *, test_frac: float, seed: int) -> dict[str, pa.Table]:
    """Read the only corpus in `folder`.

    A table needs the columns `text` and `label` (0, 1, neg, pos, negative, positive); `split` (train, valid, unsup,
    test), `id`, `movie` and `rating` are optional. Without a test split, a share of the labelled reviews is split off.

    Args:
        folder: contains one table, one archive, or the folders train/ and test/.
        test_frac: share of the labelled reviews to split off.
        seed: seed of that split.

    Returns: tables `train`, `unsup` and `test`; train has a column `valid` if the corpus has such a split.

    Raises:
        InputError: there is no corpus or more than one, a file or column is unusable, or too little is labelled.
    """
    entries = [path for path in sorted(folder.glob("*")) if path.name not in NOT_DATA and path.name[0] != "."]
    if not entries:
        raise InputError(
            f"{folder}/ is empty; put one table, one archive or the folders train/ and test/ there; in a queue"
            f" (`dvc exp run --queue` or `--temp`) add `-C {folder}/FILE`, as files that git ignores are not copied"
        )
    where = entries[0]
    if any(path.is_dir() for path in entries):
        where = folder
        tables = read_archive(folder)[0]
    elif len(entries) > 1:
        names = ", ".join(path.name for path in entries)
        raise InputError(f"{folder}/ contains {names}; keep one table, one archive or the folders train/ and test/")
    elif where.suffix.lower() in ARCHIVES:
        tables = read_archive(where)[0]
    elif where.suffix.lower() in SUFFIXES:
        tables = _split(read_table(where, LABELS), where)
    else:
        raise InputError(f"{where}: the suffix {where.suffix!r} is not one of {', '.join(SUFFIXES + ARCHIVES)}")
    if not len(tables["test"]):
        check_usable({"train": tables["train"]}, where=str(where))
        chosen = carve(tables["train"], test_frac, seed, where=str(where))
        tables["test"] = tables["train"].filter(pa.array(chosen)).select(COLUMNS.names)
        tables["train"] = tables["train"].filter(pa.array(~chosen))
    return tables


def _split(table: pa.Table, path: Path) -> dict[str, pa.Table]:
    """Turn a table as it was read into the tables of the splits."""
    n_rows, names = len(table), table.column_names
    splits = [_plain(split) for split in table["split"].to_pylist()] if "split" in names else ["train"] * n_rows
    _check(path, splits, lambda row: splits[row] in SPLIT_NAMES, f"split {{}}; use {', '.join(SPLIT_NAMES)}")
    raw = table["label"].to_pylist()
    labels = [None if split == "unsup" else LABELS.get(_plain(y)) for y, split in zip(raw, splits, strict=True)]
    remedy = "label {}; use 0 or negative, 1 or positive (unsup needs none)"
    _check(path, raw, lambda row: labels[row] is not None or splits[row] == "unsup", remedy)
    texts = table["text"].to_pylist()
    _check(path, texts, lambda row: bool(str(texts[row] or "").strip()), "no text; remove the row")
    ids = table["id"] if "id" in names else pa.array([f"{path.stem}/{row}" for row in range(n_rows)])
    listed = ids.to_pylist()
    first = {value: row for row, value in reversed(list(enumerate(listed)))}
    _check(path, listed, lambda row: listed[row] is not None and first[listed[row]] == row, "id {}; give each its own")
    try:
        columns = [
            ids.cast(pa.string()),
            pa.array(labels, pa.int8()),
            _optional(table, "rating").cast(pa.float64()).cast(pa.int8()),
            _optional(table, "movie").cast(pa.string()),
            table["text"].cast(pa.string()),
        ]
    except pa.ArrowException as error:
        raise InputError(f"{path}: a value does not fit its column ({error}); correct it") from None
    whole = pa.table(columns, COLUMNS)
    of = {name: pa.array([split == name for split in splits]) for name in SPLIT_NAMES}
    parts = {split: whole.filter(of[split]) for split in SPLITS}
    if pc.any(of["valid"]).as_py():
        rows = pc.or_(of["train"], of["valid"])
        parts["train"] = whole.append_column("valid", of["valid"]).filter(rows)
    return parts


def _plain(value: Any) -> str:
    return str(value).strip().lower()


def _optional(table: pa.Table, name: str) -> pa.Array:
    """Return a column with nulls for what means a missing value; all nulls if there is no such column."""
    if name not in table.column_names:
        return pa.nulls(len(table))
    return pa.array([None if _plain(value) in NULLS else value for value in table[name].to_pylist()])


def _check(path: Path, values: Iterable[Any], good: Callable[[int], bool], problem: str) -> None:
    """Raise an InputError with the first row that is not good, and the number of these."""
    bad = [(row, value) for row, value in enumerate(values) if not good(row)]
    if bad:
        row, value = bad[0]
        count = f"; {len(bad)} rows in all are like this" if len(bad) > 1 else ""
        raise InputError(f"{path}, row {row + 1}: {problem.format(repr(value))}{count}")
