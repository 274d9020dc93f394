"""Markdown files with a part, between two comments, that a command writes."""

from pathlib import Path

from pipeline.core.errors import InputError, refusing
from pipeline.core.files import atomic


def between_markers(document: str, name: str, text: str) -> str:
    """Return a Markdown document with `text` between <!-- name --> and <!-- end of name -->.

    Raises:
        InputError: the document lacks the markers.
    """
    head, start, rest = document.partition(f"<!-- {name} -->\n")
    _, end, tail = rest.partition(f"<!-- end of {name} -->")
    if not end:
        raise InputError(f"the document lacks the lines <!-- {name} --> and <!-- end of {name} -->; add them")
    return f"{head}{start}{text}\n{end}{tail}"


def write_between_markers(path: Path, name: str, text: str) -> None:
    """Write `text` between the markers of a Markdown file.

    Raises:
        InputError: the file is missing, is not UTF-8, or lacks the markers.
    """
    remedy = f"name a Markdown file with the lines <!-- {name} --> and <!-- end of {name} -->"
    with refusing(path, "cannot be read", remedy):
        document = path.read_text("utf-8")
    try:
        changed = between_markers(document, name, text)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    with atomic(path) as temporary:
        temporary.write_text(changed, "utf-8")
