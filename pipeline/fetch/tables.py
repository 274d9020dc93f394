"""Tables of reviews: CSV, TSV, JSON Lines or parquet, with column names in lower case."""

import csv
import sys
from collections.abc import Container, Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa

from pipeline.core.errors import InputError, one_line, refusing
from pipeline.core.files import check_file, parse_json
from pipeline.core.parquet import read_parquet

DELIMITERS = {".csv": ",", ".tsv": "\t"}
COLUMNS = ("id", "label", "rating", "movie", "text", "split")  # that are used, if there are any
MAX_LISTED = 20
SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")


def read_table(path: Path, labels: Container[str]) -> pa.Table:
    """Read a table with the columns `text` and `label`, in upper or lower case; the columns of CSV are strings.

    Args:
        path: a file with one of SUFFIXES, in upper or lower case.
        labels: the valid labels, by which a row inside of a text is recognized.

    Raises:
        InputError: the file cannot be parsed, has no rows, lacks a column or has it twice.
    """
    problem, remedy = "cannot be read", "save it as UTF-8 with a header or keys"
    check_file(path, remedy)
    if path.suffix.lower() == ".parquet":
        table = read_parquet(path, path, problem, "save it again")
    else:
        with refusing(path, problem, remedy):
            table = _read_csv(path, labels) if path.suffix.lower() in DELIMITERS else _read_json_lines(path, remedy)
    names = _check_columns(path, table.column_names)
    for name, kind in zip(names, table.schema.types, strict=True):
        if name in COLUMNS and (pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)):
            raise InputError(f"{path}: the column {name} has values of type {kind}; save texts or numbers")
    if not len(table):
        raise InputError(f"{path} has no rows; add one row per review")
    return table.rename_columns(names)


def _check_columns(path: Path, columns: list[str]) -> list[str]:
    names = [name.strip().lower() for name in columns]
    missing = [name for name in ("text", "label") if name not in names]
    if missing:
        raise InputError(
            f"{path} has the columns {', '.join(columns)}, but no {' and no '.join(missing)}; add or rename one"
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{path} has more than one column {', '.join(twice)}; rename or remove one")
    return names


def _read_json_lines(path: Path, remedy: str) -> pa.Table:
    """Read JSON Lines with Python's parser: pyarrow's ends the process on some damaged files."""
    rows: list[dict[str, object]] = []
    names: dict[str, None] = {}
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            content = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if not content.strip():
                continue
            row = parse_json(content, f"{path}, line {number}", remedy)
            if not isinstance(row, dict):
                raise InputError(
                    f"{path}, line {number}: {one_line(line.decode().strip(), 40)} is no JSON object; {remedy}"
                )
            rows.append({name: value for name, value in row.items() if name.strip().lower() in COLUMNS})
            names |= dict.fromkeys(rows[-1])
            if len(names) < MAX_LISTED:  # for the message about a missing column
                names |= dict.fromkeys(islice(row, MAX_LISTED))
    columns = {name: pa.array([row.get(name) for row in rows]) for name in names}
    return pa.table(columns)


def _read_csv(path: Path, labels: Container[str]) -> pa.Table:
    delimiter = DELIMITERS[path.suffix.lower()]
    limit = csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # a C long
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = _rows(path, csv.reader(file, delimiter=delimiter, strict=True))
            _, header = next(rows, (0, []))
            if not header:
                raise InputError(f"{path} cannot be read: it is empty; the first line must name the columns")
            names = _check_columns(path, header)
            text, label = names.index("text"), names.index("label")
            columns: list[list[str]] = [[] for _ in names]
            for line, row in rows:
                if len(row) != len(header):
                    raise InputError(
                        f"{path}, row {len(columns[0]) + 1} (line {line}): {len(row)} values for {len(header)} columns;"
                        " put a text that contains the delimiter in quotes"
                    )
                if merged := _merged_row(row, text, label, labels, delimiter):
                    raise InputError(
                        f"{path}, row {len(columns[0]) + 1} (line {line}): the text seems to contain another row,"
                        f" {merged[:60]!r}; close its quotes, or if the text is right, save the table as JSON Lines"
                    )
                for column, value in zip(columns, row, strict=True):
                    column.append(value)
    finally:
        csv.field_size_limit(limit)
    return pa.table([pa.array(column, pa.string()) for column in columns], header)


def _rows(path: Path, reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not blank, with the number of their first line."""
    n_rows, line = -1, 1  # the header is no row
    try:
        for row in reader:
            if row:
                yield line, row
                n_rows += 1
            line = reader.line_num + 1  # type: ignore[attr-defined]
    except csv.Error as error:
        raise InputError(
            f"{path}, row {n_rows + 1} (line {line}): its quotes are unbalanced ({error}); close them, and double each"
            " quote inside of a quoted text"
        ) from None


def _merged_row(row: list[str], text: int, label: int, labels: Container[str], delimiter: str) -> str | None:
    """Return the line of a text that looks like a row, or a part of one: a quote that is not closed merges rows."""
    lines = row[text].splitlines()
    for i, line in enumerate(lines if len(lines) > 1 else []):
        values = next(csv.reader([line], delimiter=delimiter), [])
        start = 0 if i else text  # the column that the line starts in
        end = len(row) if i < len(lines) - 1 else text + 1
        if len(values) == end - start and start <= label < end and values[label - start].lower() in labels:
            return line
    return None
