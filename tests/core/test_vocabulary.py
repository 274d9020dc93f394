"""Vocabulary files."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import InputError
from pipeline.core.files import write_json
from pipeline.core.vocabulary import read_tokenizer, read_types, write_types


def test_types_are_read_back(tmp_path: Path) -> None:
    write_types(tmp_path / "types.tsv", ["the", "na\u00efve", "\u2028"], [3, 2, 1])
    tokens, counts = read_types(tmp_path / "types.tsv")
    assert (tokens, counts.tolist()) == (["the", "na\u00efve", "\u2028"], [3, 2, 1])


@pytest.mark.parametrize(
    "line", ["no tab\n", "\t3\n", "word\tmany\n", "\n", "word\t\u0663\n", f"word\t{10**30}\n", "a\tb\t1\n"]
)
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "vocab.tsv").write_text("the\t3\n" + line)
    with pytest.raises(InputError, match=r"vocab\.tsv, line 2"):
        read_types(tmp_path / "vocab.tsv")


def test_a_token_that_occurs_twice_is_named(tmp_path: Path) -> None:
    (tmp_path / "vocab.tsv").write_text("the\t3\nfilm\t2\nthe\t1\n")
    with pytest.raises(InputError, match=r"vocab\.tsv: the token 'the' occurs more than once"):
        read_types(tmp_path / "vocab.tsv")


PUNKT = {"abbreviations": ["dr"], "collocations": [["a", "b"]], "sentence_starters": ["the"], "orthography": {"a": 3}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": 1}, "name: Input should be a valid string"),
        ({"lowercase": "yes"}, "lowercase: Input should be a valid boolean"),
        ({"punkt": 1}, "punkt: "),
        ({"punkt": {**PUNKT, "collocations": [["a"]]}}, r"punkt\.collocations\.0: "),
        ({"punkt": {**PUNKT, "orthography": {"a": "3"}}}, r"punkt\.orthography\.a: "),
    ],
)
def test_the_values_of_a_tokenizer_have_types(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    config = {"name": "treebank", "lowercase": True, "punkt": PUNKT}
    write_json(tmp_path / "tokenizer.json", config)
    assert read_tokenizer(tmp_path) == config
    write_json(tmp_path / "tokenizer.json", {**config, **changes})
    with pytest.raises(InputError, match=rf"tokenizer\.json: {message}.*dvc repro --force tokenize"):
        read_tokenizer(tmp_path)


def test_a_missing_file_and_another_encoding_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"vocab\.tsv is missing"):
        read_types(tmp_path / "vocab.tsv")
    (tmp_path / "vocab.tsv").write_bytes(b"\xff\t1\n")
    with pytest.raises(InputError, match="is not UTF-8"):
        read_types(tmp_path / "vocab.tsv")
