"""Readers of files that may come from anyone: whatever the bytes, nothing but an InputError comes out."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import NAMES, target

CASES = sorted(path for path in (Path(__file__).parent / "cases").glob("*/*") if path.is_file())
CHUNKS = st.one_of(
    st.binary(max_size=8),
    st.sampled_from([b"\0" * 8, b"\xff" * 8, b"-1", b"9" * 20, b"NaN", b"null", b"[[", b"{", b'"', b"\\ud800", b"\n"]),
)
CHANGES = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from(["insert", "replace", "cut", "repeat"]), CHUNKS), max_size=6
)


def changed(content: bytes, changes: list[tuple[float, str, bytes]]) -> bytes:
    """Apply changes at places that are shares of the length."""
    for share, kind, chunk in changes:
        place = int(share * len(content))
        before, after = content[:place], content[place:]
        if kind == "insert":
            content = before + chunk + after
        elif kind == "replace":
            content = before + chunk + after[len(chunk) :]
        elif kind == "cut":
            content = before + after[1 + len(chunk) ** 3 :]
        else:
            content = before + after[:50] + after
    return content


@pytest.mark.parametrize("name", NAMES)
def test_the_whole_file_is_read(name: str) -> None:
    assert target(name)(target(name).seed)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40)
@given(changes=CHANGES)
def test_a_changed_file_is_read_or_refused(name: str, changes: list[tuple[float, str, bytes]]) -> None:
    target(name)(changed(target(name).seed, changes))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_refused(name: str, content: bytes) -> None:
    target(name)(content)


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_was_once_a_traceback_is_read_or_refused(path: Path) -> None:
    target(path.parent.name)(path.read_bytes())
