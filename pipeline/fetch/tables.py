"""Tables of reviews: CSV, TSV, JSON Lines or parquet, some rows at a time, with the column names of COLUMN_NAMES."""

import csv
import io
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, AnyStr

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.core.errors import InputError, one_line, refusing
from pipeline.core.files import check_file, parse_json
from pipeline.core.parquet import PIECES, stream
from pipeline.fetch.archive import Limited
from pipeline.fetch.names import ALIASES, COLUMN_NAMES, DELIMITERS, JSON_LINES, PARQUET, columns_of, kind_of, plain
from pipeline.fetch.reviews import BYTES_AT_ONCE, MAX_TEXT, ROWS_AT_ONCE

MAX_LISTED = 20
REMEDY = "save it as UTF-8 with a header or keys"


def read_table(path: Path, labels: Container[str], *, needs_label: bool = True) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a table in their order, some at a time, with those of COLUMN_NAMES that it has.

    The columns of CSV are strings. Of a column that occurs in later JSON Lines only, the first batches have none.

    Args:
        path: a file with one of SUFFIXES, CSV and JSON Lines also with one of COMPRESSIONS, in upper or lower case.
        labels: the valid labels, by which a row inside of a text is recognized.
        needs_label: whether the table needs a column `label`; all need `text`.

    Raises:
        InputError: the file cannot be parsed, unpacks to far more than its size, lacks a column or has it twice.
    """
    kind, compression = kind_of(path) or ("", None)
    remedy = "save it again" if kind == PARQUET else REMEDY
    check_file(path, remedy)
    with refusing(path, "cannot be read", remedy):
        if kind == PARQUET:
            yield from _read_parquet(path, needs_label)
        else:
            with _open(path, compression) as file:
                if kind in JSON_LINES:
                    yield from _read_json_lines(path, file, needs_label)
                else:
                    yield from _read_csv(path, file, DELIMITERS[kind], labels, needs_label)


@contextmanager
def _open(path: Path, compression: str | None) -> Iterator[IO[bytes]]:
    with open(path, "rb") as file:
        if compression is None:
            yield file
        else:
            yield io.BufferedReader(Limited(pa.CompressedInputStream(file, compression), path))


def _lines(path: Path, file: IO[AnyStr]) -> Iterator[AnyStr]:
    """Yield the lines of a file; a limit of their length lets no file fill the memory."""
    number = 0
    while line := file.readline(MAX_TEXT + 1):
        number += 1
        if len(line) > MAX_TEXT:
            raise InputError(f"{path}, line {number} is longer than {MAX_TEXT:,}, which no review is; shorten it")
        yield line


def _check_columns(path: Path, names: list[str], needs_label: bool) -> dict[str, int]:
    """Return the places of the columns that are used."""
    columns = columns_of(names)
    missing = [name for name in ("text", "label") if name not in columns and (needs_label or name == "text")]
    if missing:
        whole = len(names) == 1 and any(separator in names[0] for separator in ",;\t|")
        remedy = "separate the columns by commas, or in a .tsv by tabs" if whole else "add or rename one"
        raise InputError(f"{path} has the columns {', '.join(names)}, but no {' and no '.join(missing)}; {remedy}")
    _check_once(path, names)
    return columns


def _check_once(path: Path, names: list[str]) -> None:
    names = [plain(name) for name in names if plain(name) in (*COLUMN_NAMES, *ALIASES.values())]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{path} has more than one column {', '.join(twice)}; rename or remove one")


def _check_kind(path: Path, name: str, kind: pa.DataType) -> None:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        raise InputError(f"{path}: the column {name} has values of type {kind}; save texts or numbers")


def _read_parquet(path: Path, needs_label: bool) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(path, **PIECES) as parquet:
        names = parquet.schema_arrow.names
        columns = _check_columns(path, names, needs_label)
        for name, place in columns.items():
            _check_kind(path, name, parquet.schema_arrow.field(place).type)
        for batch in stream(parquet, path.stat().st_size, [names[place] for place in columns.values()]):
            rows = pa.record_batch({name: _decoded(batch[names[place]]) for name, place in columns.items()})
            rows.validate(full=True)
            yield rows


def _decoded(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _read_json_lines(path: Path, file: IO[bytes], needs_label: bool) -> Iterator[pa.RecordBatch]:
    """Read JSON Lines with Python's parser: pyarrow's ends the process on some damaged files."""
    rows: list[dict[str, object]] = []
    n_bytes = 0
    used: dict[str, None] = {}
    listed: dict[str, None] = {}  # for the message about a missing column
    for number, line in enumerate(_lines(path, file), 1):
        content = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if not content.strip():
            continue
        row = parse_json(content, f"{path}, line {number}", REMEDY)
        if not isinstance(row, dict):
            raise InputError(
                f"{path}, line {number}: {one_line(line.decode().strip(), 40)} is no JSON object; {REMEDY}"
            )
        rows.append({name: value for name, value in row.items() if plain(name) in (*COLUMN_NAMES, *ALIASES.values())})
        used |= dict.fromkeys(rows[-1])
        if len(listed) < MAX_LISTED:
            listed |= dict.fromkeys(islice(row, MAX_LISTED))
        n_bytes += len(line)
        if len(rows) >= ROWS_AT_ONCE or n_bytes >= BYTES_AT_ONCE:
            _check_columns(path, list(listed | used), needs_label=False)  # labels may come later
            yield _batch_of(path, rows, list(used))
            rows, n_bytes = [], 0
    if not listed:
        raise InputError(f"{path} cannot be read: it is empty; write an object per review, with the key text")
    _check_columns(path, list(listed | used), needs_label)
    if rows:
        yield _batch_of(path, rows, list(used))


def _batch_of(path: Path, rows: list[dict[str, object]], names: list[str]) -> pa.RecordBatch:
    _check_once(path, names)
    batch = pa.record_batch(
        {
            name: array_of([row.get(names[place]) for row in rows], may_mix=name != "text")
            for name, place in columns_of(names).items()
        }
    )
    for name, kind in zip(batch.schema.names, batch.schema.types, strict=True):
        _check_kind(path, name, kind)
    return batch


def array_of(values: Sequence[object], *, may_mix: bool = True) -> pa.Array:
    """Return the values of a column; as text if they are of several kinds, or numbers of more than 63 bits.

    1, "1" and true are all labels, so a column may mix them.

    Args:
        values: single values and None.
        may_mix: whether those of several kinds are read; if not, or if one is a list or an object, pyarrow's error
            passes through.
    """
    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError):
        if not may_mix or any(isinstance(value, dict | list) for value in values):
            raise
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def _read_csv(
    path: Path, file: IO[bytes], delimiter: str, labels: Container[str], needs_label: bool
) -> Iterator[pa.RecordBatch]:
    limit = csv.field_size_limit(MAX_TEXT)
    try:
        lines = _lines(path, io.TextIOWrapper(file, encoding="utf-8-sig", newline=""))
        rows = _rows(path, csv.reader(lines, delimiter=delimiter, strict=True))
        _, _, header = next(rows, (0, 0, []))
        if not header:
            raise InputError(f"{path} cannot be read: it is empty; the first line must name the columns")
        columns = _check_columns(path, header, needs_label)
        text, label = columns["text"], columns.get("label", len(header))
        values: dict[str, list[str]] = {name: [] for name in columns}
        n_chars = 0
        for number, line, row in rows:
            if len(row) != len(header):
                raise InputError(
                    f"{path}, row {number} (line {line}): {len(row)} values for {len(header)} columns;"
                    " put a text that contains the delimiter in quotes"
                )
            if merged := _merged_row(row, text, label, labels, delimiter):
                raise InputError(
                    f"{path}, row {number} (line {line}): the text seems to contain another row,"
                    f" {merged[:60]!r}; close its quotes, or if the text is right, save the table as JSON Lines"
                )
            for name, place in columns.items():
                values[name].append(row[place])
            n_chars += len(row[text])
            if len(values["text"]) >= ROWS_AT_ONCE or n_chars >= BYTES_AT_ONCE:
                yield pa.record_batch({name: pa.array(column, pa.string()) for name, column in values.items()})
                values, n_chars = {name: [] for name in columns}, 0
        if values["text"]:
            yield pa.record_batch({name: pa.array(column, pa.string()) for name, column in values.items()})
    finally:
        csv.field_size_limit(limit)


def _rows(path: Path, reader: Iterator[list[str]]) -> Iterator[tuple[int, int, list[str]]]:
    """Yield the rows that are not blank, with their number and that of their first line; the header is row 0."""
    number, line = 0, 1
    try:
        for row in reader:
            if row:
                yield number, line, row
                number += 1
            line = reader.line_num + 1  # type: ignore[attr-defined]
    except csv.Error as error:
        raise InputError(
            f"{path}, row {number} (line {line}): its quotes are unbalanced ({error}); close them, and double each"
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
