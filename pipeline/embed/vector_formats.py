"""Readers for word vectors: word2vec's binary and text formats, GloVe's text, fastText's .vec, our own artifacts."""

import re
from codecs import BOM_UTF8
from collections.abc import Collection, Iterator
from io import BufferedReader
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError, refusing
from pipeline.core.files import check_file

Float32 = NDArray[np.float32]
FASTTEXT_MODEL = (793712314).to_bytes(4, "little")  # the first bytes of its binary models
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")  # never in text, soon in binary numbers
CONTROL_IN_WORD = re.compile(r"[\x00-\x1f\x7f]")
PEEK = 1 << 12
MAX_DIGITS = 18  # of a number in a header
BLOCK = 1 << 22
MAX_WORD = 1 << 16  # bytes
MAX_NUMBER = 64  # characters of a number in a text
REMEDY = "download the file again, or use another"


class VectorFile(NamedTuple):
    """Words and their vectors, float32 [n, D], in the order of the file."""

    words: list[str]
    vectors: Float32


class _Row(NamedTuple):
    place: str  # "line 5", for errors
    word: str
    vector: Float32  # [D]


def read_vector_file(path: Path, *, wanted: Collection[str] | None = None, size: int | None = None) -> VectorFile:
    """Read word vectors; only the wanted rows of a large file take memory.

    Args:
        path: a file, whose format is recognized by its content, or the folder of an artifact.
        wanted: the words to keep; None keeps all.
        size: the expected number of dimensions; None accepts any.

    Raises:
        InputError: the file is missing, truncated, not UTF-8 or in an unknown format; its header is wrong; rows differ
            in length; a word occurs twice; a value is not finite; or the vectors do not have the expected size. The
            message names the line and the remedy.
    """
    if path.is_dir():
        embeddings = Embeddings.load(path)
        _check_size(path, embeddings.vectors.shape[1], size)
        rows = [row for row, word in enumerate(embeddings.words) if wanted is None or word in wanted]
        return VectorFile([embeddings.words[row] for row in rows], np.array(embeddings.vectors[rows]))
    with _open(path) as file:
        n_rows, n_dimensions, has_header = _dimensions(path, file)
        _check_size(path, n_dimensions, size)
        binary = has_header and _is_binary(file)
        if n_rows * n_dimensions * (4 if binary else 2) > path.stat().st_size:
            raise InputError(
                f"{path}, line 1: {n_rows} vectors of {n_dimensions} dimensions need a larger file; it is truncated or"
                f" its header is wrong: {REMEDY}"
            )
        rows_of = _binary_rows if binary else _text_rows
        vectors = np.empty((n_rows if wanted is None else min(n_rows, len(wanted)), n_dimensions), np.float32)
        words: dict[str, None] = {}
        n_read = 0
        for row in rows_of(path, file, n_dimensions, 1 + has_header):
            n_read += 1
            if n_read > n_rows:
                raise InputError(
                    f"{path}, line 1: the header says {n_rows} vectors, there are more; correct the header"
                )
            if wanted is not None and row.word not in wanted:
                continue
            if CONTROL_IN_WORD.search(row.word):
                raise InputError(f"{path}, {row.place}: the word {row.word!r} has a control character; delete the row")
            if row.word in words:
                raise InputError(f"{path}, {row.place}: the word {row.word!r} occurs twice; delete one of its rows")
            vectors[len(words)] = row.vector
            words[row.word] = None
    if n_read < n_rows:
        raise InputError(f"{path}: {n_read} vectors, but line 1 says {n_rows}; the file is truncated: {REMEDY}")
    return VectorFile(list(words), vectors[: len(words)])


def _open(path: Path) -> BufferedReader:
    check_file(path, "put the file there")
    with refusing(path, "cannot be read", "make it readable"):
        return open(path, "rb")


def _check_size(path: Path, actual: int, expected: int | None) -> None:
    if expected is not None and actual != expected:
        raise InputError(
            f"{path} has vectors of {actual} dimensions, embed.vector_size is {expected};"
            f" set embed.vector_size: {actual} in params.yaml"
        )


def _dimensions(path: Path, file: BufferedReader) -> tuple[int, int, bool]:
    """Return the numbers of vectors and dimensions and whether line 1 is a header; leave the file after the header."""
    first = file.readline(1 << 20)
    if first.startswith(FASTTEXT_MODEL):
        raise InputError(f"{path} is a model in fastText's binary format; use the .vec file that comes with it")
    if first.startswith(BOM_UTF8):
        raise InputError(f"{path} begins with a byte order mark, which would be part of a word; save it without one")
    fields = first.split()
    if len(fields) == 2 and all(field.isdigit() for field in fields):
        if max(map(len, fields)) > MAX_DIGITS:
            raise InputError(f"{path}, line 1: the header says {first[:40]!r}..., more than any file has; {REMEDY}")
        n_rows, n_dimensions = map(int, fields)
        if not (n_rows and n_dimensions):
            raise InputError(
                f"{path}, line 1: the header {first.decode().strip()!r} says there are no vectors; {REMEDY}"
            )
        return n_rows, n_dimensions, True
    n_dimensions = len(first.rstrip().split(b" ")) - 1
    if n_dimensions < 2 or b"\0" in first:
        raise InputError(
            f"{path}, line 1: {first[:40]!r} is neither a header (two integers) nor a word and its vector;"
            " supported are word2vec's binary and text formats, GloVe's text and fastText's .vec"
        )
    file.seek(0)
    n_rows = 0
    last = b"\n"
    while block := file.read(BLOCK):
        n_rows += block.count(b"\n")
        last = block[-1:]
    file.seek(0)
    return n_rows + (last != b"\n"), n_dimensions, False


def _is_binary(file: BufferedReader) -> bool:
    """Return whether word2vec's binary format follows the header, without moving the file's position."""
    ahead = file.peek(PEEK)[:PEEK]
    values = ahead.partition(b"\n")[0].partition(b" ")[2]
    return CONTROL.search(ahead) is not None or not values.isascii()


def _text_rows(path: Path, file: BufferedReader, n_dimensions: int, number: int) -> Iterator[_Row]:
    """Yield the rows of a text that starts at line `number`. A word may contain spaces, as some of GloVe's do."""
    longest = MAX_WORD + MAX_NUMBER * n_dimensions
    for at, line in enumerate(iter(lambda: file.readline(longest + 1), b""), number):
        if len(line) > longest:
            raise InputError(f"{path}, line {at}: it has more than {longest:,} bytes; {REMEDY}")
        word, *values = line.rstrip().rsplit(b" ", n_dimensions)
        try:
            if b"_" in line[len(word) :]:  # Python reads 1_0 as 10
                raise ValueError
            vector = np.array(values, np.float32)
        except ValueError:
            raise InputError(
                f"{path}, line {at}: {_not_a_number(values)}, expected {n_dimensions} numbers; {REMEDY}"
            ) from None
        before = word.rpartition(b" ")[2] if b" " in word else b""
        if len(vector) != n_dimensions or _is_number(before):
            n_values = len(line.split()) - 1
            raise InputError(f"{path}, line {at}: {n_values} values, expected {n_dimensions}; {REMEDY}")
        if not np.isfinite(vector).all():
            raise InputError(f"{path}, line {at}: NaN or infinite values; {REMEDY}")
        yield _Row(f"line {at}", _decode(path, f"line {at}", word), vector)


def _not_a_number(values: list[bytes]) -> str:
    wrong = next((value for value in values if not _is_number(value)), b"")
    return f"{wrong[:40].decode('utf-8', 'replace')!r} is not a number"


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return b"_" not in field


def _binary_rows(path: Path, file: BufferedReader, n_dimensions: int, number: int) -> Iterator[_Row]:
    """Yield the rows of word2vec's binary format: a word, a space, the values as little-endian float32."""
    n_bytes = 4 * n_dimensions
    buffer, start, row = b"", 0, 0
    while True:
        end = buffer.find(b" ", start, start + MAX_WORD)
        if end < 0 and len(buffer) >= start + MAX_WORD:
            raise InputError(f"{path}, vector {row + 1}: no word ends within {MAX_WORD:,} bytes; {REMEDY}")
        if end < 0 or len(buffer) < end + 1 + n_bytes:
            block = file.read(max(BLOCK, n_bytes))
            buffer, start = buffer[start:] + block, 0
            if not block:
                if buffer.strip(b"\n"):
                    raise InputError(f"{path}, vector {row + 1}: the file ends within it and is truncated: {REMEDY}")
                return
            continue
        row += 1
        word = buffer[start:end].lstrip(b"\n")
        vector = np.frombuffer(buffer, "<f4", n_dimensions, end + 1)
        if not np.isfinite(vector).all():
            raise InputError(f"{path}, vector {row}: NaN or infinite values; {REMEDY}")
        yield _Row(f"vector {row}", _decode(path, f"vector {row}", word), vector)
        start = end + 1 + n_bytes


def _decode(path: Path, place: str, word: bytes) -> str:
    try:
        return word.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}, {place}: the word {word[:40]!r} is not UTF-8 ({error.reason}); {REMEDY}") from None
