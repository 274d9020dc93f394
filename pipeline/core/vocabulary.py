"""Vocabulary files: one token and its count per line, with the tokenizer's config beside them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core.errors import InputError
from pipeline.core.files import read_json
from pipeline.core.ragged import Int64


def read_types(path: Path) -> tuple[list[str], Int64]:
    """Read types.tsv or vocab.tsv: the tokens, and their counts, int64, by falling count.

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
        raise InputError(f"{path} is missing; create it with `dvc repro`, or restore it with `dvc checkout`") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 ({error}); delete it and run `dvc repro`") from None
    return tokens, np.array(counts, np.int64)


def read_tokenizer(folder: Path) -> dict[str, Any]:
    """Read tokenizer.json, see `Tokenizer.config`: name, options and, for `treebank`, the sentence model."""
    value: dict[str, Any] = read_json(folder / "tokenizer.json")
    return value


def write_types(path: Path, tokens: Iterable[str], counts: Iterable[int]) -> None:
    """Write types.tsv or vocab.tsv: one token, a tab and its count per line."""
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{token}\t{count}\n" for token, count in zip(tokens, counts, strict=True))
