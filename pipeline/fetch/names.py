"""What the columns, labels, splits and files of your own corpus may be called. Case does not matter."""

import re
from pathlib import PurePath

NEGATIVE = ("0", "0.0", "neg", "negative", "false")
POSITIVE = ("1", "1.0", "pos", "positive", "true")
LABELS = dict.fromkeys(NEGATIVE, 0) | dict.fromkeys(POSITIVE, 1)
COLUMN_NAMES = ("id", "label", "rating", "movie", "text", "split")  # other columns are not read
# Read instead of a column that a table lacks: the names in the copy of IMDB as one CSV of 50,000 rows.
ALIASES = {"text": "review", "label": "sentiment"}
SPLIT_NAMES = {
    "train": "train",
    "valid": "valid",
    "validation": "valid",
    "val": "valid",
    "dev": "valid",
    "unsup": "unsup",
    "unsupervised": "unsup",
    "test": "test",
}
NULLS = ("", "na", "n/a", "nan", "null", "none", "<na>")  # of an optional column

DELIMITERS = {".csv": ",", ".tsv": "\t"}
JSON_LINES = (".jsonl", ".ndjson")
PARQUET = ".parquet"
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}  # of CSV, TSV and JSON Lines
SUFFIXES = (*DELIMITERS, *JSON_LINES, PARQUET)
ARCHIVES = (".tar", ".tgz", ".gz", ".bz2", ".xz")
NOT_DATA = ("README.md",)


def is_data(path: PurePath) -> bool:
    """Return whether a file may be part of a corpus; programs start the names of others with . or _, as macOS does."""
    return path.name not in NOT_DATA and all(part[0] not in "._" for part in path.parts)


def plain(value: object) -> str:
    """Return a value as a string without the differences that do not matter."""
    return str(value).strip().lower()


def columns_of(names: list[str]) -> dict[str, int]:
    """Return where the columns of COLUMN_NAMES are among `names`; the last one if a name occurs twice."""
    places = {plain(name): i for i, name in enumerate(names)}
    wanted = {name: name if name in places else ALIASES.get(name, name) for name in COLUMN_NAMES}
    return {name: places[own] for name, own in wanted.items() if own in places}


def kind_of(path: PurePath) -> tuple[str, str | None] | None:
    """Return the suffix of a table and its compression, gzip, zstd or None; None for a file of another kind."""
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    if suffixes and suffixes[-1] in SUFFIXES:
        return suffixes[-1], None
    if len(suffixes) == 2 and suffixes[1] in COMPRESSIONS and suffixes[0] in (*DELIMITERS, *JSON_LINES):
        return suffixes[0], COMPRESSIONS[suffixes[1]]
    return None


def split_of(path: PurePath) -> str | None:
    """Return the split that a table of several is in, by the first word of its name, or else of its folders' names.

    `test.csv`, `train-00000-of-00004.parquet`, `unsupervised/0.jsonl.gz` and `split=test/part-0.parquet` have one,
    `testimonials.csv` has none.
    """
    for part in reversed(path.parts):
        word = re.match(r"(?:split=)?([a-z]*)", part.lower())
        if word and word.group(1) in SPLIT_NAMES:
            return SPLIT_NAMES[word.group(1)]
    return None
