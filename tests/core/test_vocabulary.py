"""Vocabulary files."""

from pathlib import Path

import pytest

from pipeline.core.errors import InputError
from pipeline.core.vocabulary import read_types, write_types


def test_types_are_read_back(tmp_path: Path) -> None:
    write_types(tmp_path / "types.tsv", ["the", "na\u00efve", "\u2028"], [3, 2, 1])
    tokens, counts = read_types(tmp_path / "types.tsv")
    assert (tokens, counts.tolist()) == (["the", "na\u00efve", "\u2028"], [3, 2, 1])


@pytest.mark.parametrize("line", ["no tab\n", "\t3\n", "word\tmany\n", "\n"])
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "vocab.tsv").write_text("the\t3\n" + line)
    with pytest.raises(InputError, match=r"vocab\.tsv, line 2"):
        read_types(tmp_path / "vocab.tsv")


def test_a_missing_file_and_another_encoding_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"vocab\.tsv is missing"):
        read_types(tmp_path / "vocab.tsv")
    (tmp_path / "vocab.tsv").write_bytes(b"\xff\t1\n")
    with pytest.raises(InputError, match="is not UTF-8"):
        read_types(tmp_path / "vocab.tsv")
