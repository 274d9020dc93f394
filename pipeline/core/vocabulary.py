"""Vocabulary files: one token and its count per line, with the tokenizer's config beside them."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.core.errors import InputError, refusing
from pipeline.core.files import check_file, read_object
from pipeline.core.ragged import Int64

MAX_DIGITS = 18  # of a count, as an int64 has them


class _Punkt(BaseModel):
    """The sentence model of `treebank`."""

    model_config = ConfigDict(strict=True, extra="forbid")

    abbreviations: list[str]
    collocations: list[Annotated[list[str], Field(min_length=2, max_length=2)]]
    sentence_starters: list[str]
    orthography: dict[str, int]


class _Tokenizer(BaseModel):
    """What tokenizer.json contains; keys of other tokenizers are kept."""

    model_config = ConfigDict(strict=True, extra="allow")

    name: str = ""
    lowercase: bool = False
    punkt: _Punkt | None = None


def read_types(path: Path) -> tuple[list[str], Int64]:
    """Read types.tsv or vocab.tsv: the tokens, and their counts, int64, by falling count.

    Raises:
        InputError: the file is missing, a line is not a token, a tab and a number, or a token occurs twice.
    """
    tokens: list[str] = []
    counts: list[int] = []
    remedy = "delete it and run `dvc repro`"
    check_file(path)
    with refusing(path, "is not UTF-8", remedy), open(path, encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, 1):
            token, tab, count = line.removesuffix("\n").partition("\t")
            if not (token and tab and count.isascii() and count.isdecimal() and len(count) <= MAX_DIGITS):
                raise InputError(f"{path}, line {number}: {line[:60]!r} is not a token, a tab and a count; {remedy}")
            tokens.append(token)
            counts.append(int(count))
    if len(set(tokens)) < len(tokens):
        twice = Counter(tokens).most_common(1)[0][0]
        raise InputError(f"{path}: the token {twice!r} occurs more than once; {remedy}")
    return tokens, np.array(counts, np.int64)


def read_tokenizer(folder: Path) -> dict[str, Any]:
    """Read tokenizer.json, see `Tokenizer.config`: name, options and, for `treebank`, the sentence model.

    Raises:
        InputError: the file is missing or broken, or a value has another type.
    """
    path = folder / "tokenizer.json"
    config = read_object(path)
    try:
        _Tokenizer.model_validate(config)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise InputError(f"{path}: {key}: {first['msg']}; delete it and run `dvc repro --force tokenize`") from None
    return config


def write_types(path: Path, tokens: Iterable[str], counts: Iterable[int]) -> None:
    """Write types.tsv or vocab.tsv: one token, a tab and its count per line."""
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{token}\t{count}\n" for token, count in zip(tokens, counts, strict=True))
