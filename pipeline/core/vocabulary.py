"""Vocabulary files: one token and its count per line; the tokenizer's description beside them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core.errors import InputError
from pipeline.core.files import read_json
from pipeline.core.ragged import Int64


def read_types(path: Path) -> tuple[list[str], Int64]:
    """Read types.tsv or vocab.tsv: the tokens and how often each occurs, int64, never rising.

    Raises:
        InputError: the file is missing, or a line is not a token, a tab and a number.
    """
    tokens: list[str] = []
    counts: list[int] = []
    try:
        with open(path, encoding="utf-8", newline="\n") as file:
            for number, line in enumerate(file, 1):
                token, tab, count = line.removesuffix("\n").partition("\t")
                if not (token and tab and count.isdecimal()):
                    raise InputError(
                        f"{path}, line {number}: {line[:60]!r} is not a token, a tab and a count;"
                        " delete the file and run `dvc repro`"
                    )
                tokens.append(token)
                counts.append(int(count))
    except FileNotFoundError:
        raise InputError(f"{path} is missing; `dvc repro` makes it, `dvc checkout` brings it back") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 ({error}); delete it and run `dvc repro`") from None
    return tokens, np.array(counts, np.int64)


def read_tokenizer(folder: Path) -> dict[str, Any]:
    """Read tokenizer.json: the tokenizer's name, its options and, for some, its sentence model."""
    value: dict[str, Any] = read_json(folder / "tokenizer.json")
    return value


def write_types(path: Path, tokens: Iterable[str], counts: Iterable[int]) -> None:
    """Write types.tsv or vocab.tsv: one token, a tab and its count per line."""
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{token}\t{count}\n" for token, count in zip(tokens, counts, strict=True))
