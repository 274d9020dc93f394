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


def test_a_missing_document_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"README.md cannot be read: No such file"):
        write_between_markers(tmp_path / "README.md", "results", "new")
