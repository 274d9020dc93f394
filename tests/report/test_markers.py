"""Markdown files with a part that a command writes."""

from pathlib import Path

import pytest

from pipeline.core.errors import InputError
from pipeline.report.markers import between_markers, write_between_markers


def test_a_document_takes_the_table_between_its_markers() -> None:
    document = "a\n<!-- results -->\nold\n<!-- end of results -->\nb\n"
    changed = between_markers(document, "results", "new")
    assert changed == document.replace("old", "new")
    assert between_markers(changed, "results", "new") == changed
    with pytest.raises(InputError, match="lacks the lines <!-- results -->"):
        between_markers("a", "results", "new")


def test_a_document_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    with pytest.raises(
        InputError, match=r"README\.md is missing; name a Markdown file with the lines <!-- results -->"
    ):
        write_between_markers(path, "results", "new")
    path.write_text("a")
    with pytest.raises(InputError, match=r"README\.md: the document lacks the lines <!-- results -->"):
        write_between_markers(path, "results", "new")
    path.write_bytes(b"\xff")
    with pytest.raises(InputError, match=r"README\.md cannot be read"):
        write_between_markers(path, "results", "new")
