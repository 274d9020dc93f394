"""A corpus of one's own, out of the folder corpus/: aclImdb's layout, CSV, JSON Lines or parquet."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet as pq

from pipeline.core.errors import InputError
from pipeline.fetch.corpus import COLUMNS, SPLITS, carve
from pipeline.fetch.imdb import read_archive

LABELS = {"0": 0, "0.0": 0, "neg": 0, "negative": 0, "1": 1, "1.0": 1, "pos": 1, "positive": 1}
SPLIT_NAMES = ("train", "valid", "unsup", "test")
TABLES = (".csv", ".jsonl", ".ndjson", ".parquet")
ARCHIVES = (".tar", ".tgz", ".gz", ".bz2", ".xz")
NOT_DATA = ("README.md", ".gitignore")


def read_custom(folder: Path, *, test_frac: float, seed: int) -> dict[str, pa.Table]:
    """Read the one corpus that lies in `folder`.

    A table needs the columns `text` and `label` (0, 1, neg, pos, negative, positive); `split` (train, valid, unsup,
    test), `id`, `movie` and `rating` may stand there too. Where nothing is marked as test, a share is split off.

    Args:
        folder: holds one table, one archive, or the folders train/ and test/.
        test_frac: the share of the labelled reviews to split off where there is no test split.
        seed: of that.

    Returns: tables `train`, `unsup` and `test`; train with `valid` where the corpus has such a split.

    Raises:
        InputError: none or several corpora, another kind of file, a missing column, an unknown label or split.
    """
    entries = [path for path in sorted(folder.glob("*")) if path.name not in NOT_DATA and path.name[0] != "."]
    if any(path.is_dir() for path in entries):
        tables = read_archive(folder)[0]
    elif len(entries) != 1:
        names = ", ".join(path.name for path in entries) or "nothing"
        raise InputError(f"{folder}/ holds {names}; put one table, one archive or the folders train/ and test/ there")
    elif entries[0].suffix in ARCHIVES:
        tables = read_archive(entries[0])[0]
    elif entries[0].suffix in TABLES:
        tables = _split(_read_table(entries[0]), entries[0])
    else:
        raise InputError(f"{entries[0]}: a file {entries[0].suffix!r}, expected one of {', '.join(TABLES + ARCHIVES)}")
    if not len(tables["test"]) and len(tables["train"]):
        chosen = carve(tables["train"], test_frac, seed)
        tables["test"] = tables["train"].filter(pa.array(chosen)).select(COLUMNS.names)
        tables["train"] = tables["train"].filter(pa.array(~chosen))
    return tables


def _read_table(path: Path) -> pa.Table:
    try:
        if path.suffix == ".csv":
            options = pyarrow.csv.ParseOptions(newlines_in_values=True)
            as_text = dict.fromkeys(("id", "text", "label", "split", "movie"), pa.string())
            convert = pyarrow.csv.ConvertOptions(column_types=as_text, strings_can_be_null=True)
            return pyarrow.csv.read_csv(path, parse_options=options, convert_options=convert)
        if path.suffix == ".parquet":
            return pq.read_table(path)
        return pyarrow.json.read_json(path)
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}; write it as UTF-8 with a header or keys") from None


def _split(table: pa.Table, path: Path) -> dict[str, pa.Table]:
    missing = [name for name in ("text", "label") if name not in table.column_names]
    if missing:
        raise InputError(
            f"{path} has the columns {', '.join(table.column_names)}, but no {' and no '.join(missing)};"
            " add or rename one"
        )
    splits = table["split"].to_pylist() if "split" in table.column_names else ["train"] * len(table)
    strange = [(row, name) for row, name in enumerate(splits) if name not in SPLIT_NAMES]
    if strange:
        row, name = strange[0]
        raise InputError(f"{path}, row {row + 1}: split {name!r}; use {', '.join(SPLIT_NAMES)}")
    labels: list[int | None] = []
    for row, (label, split) in enumerate(zip(table["label"].to_pylist(), splits, strict=True)):
        known = LABELS.get(str(int(label) if isinstance(label, bool) else label).strip().lower())
        if split != "unsup" and known is None:
            raise InputError(
                f"{path}, row {row + 1}: label {label!r}; use 0 or negative, 1 or positive (unsup needs none)"
            )
        labels.append(None if split == "unsup" else known)
    texts = table["text"].to_pylist()
    if None in texts:
        raise InputError(f"{path}, row {texts.index(None) + 1}: no text; remove the row")
    ids = table["id"] if "id" in table.column_names else pa.array([f"{path.stem}/{row}" for row in range(len(table))])
    try:
        optional = {
            name: table[name].cast(kind) if name in table.column_names else pa.nulls(len(table), kind)
            for name, kind in (("rating", pa.int8()), ("movie", pa.string()))
        }
        columns = [
            ids.cast(pa.string()),
            pa.array(labels, pa.int8()),
            *optional.values(),
            table["text"].cast(pa.string()),
        ]
    except pa.ArrowInvalid as error:
        raise InputError(f"{path}: a value does not fit its column ({error})") from None
    whole = pa.table(columns, COLUMNS)
    of = {name: pa.array([split == name for split in splits]) for name in SPLIT_NAMES}
    parts = {split: whole.filter(of[split]) for split in SPLITS}
    if pc.any(of["valid"]).as_py():
        rows = pc.or_(of["train"], of["valid"])
        parts["train"] = whole.append_column("valid", of["valid"]).filter(rows)
    return parts
