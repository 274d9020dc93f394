"""Errors: one printable line, however much a file says."""

import pytest

from pipeline.core.errors import LONGEST, InputError, refusing


def test_a_message_is_one_printable_line() -> None:
    assert str(InputError("a file\n  line 2\r\n\x1b[31m \ud800 na\u00efve \u2028")) == (
        "a file line 2 \\x1b[31m \\ud800 na\u00efve \\u2028"
    )
    long = str(InputError("start" + "x" * 1_000_000 + "; run `dvc repro`"))
    assert len(long) == LONGEST
    assert long.startswith("start")
    assert long.endswith("; run `dvc repro`")


@pytest.mark.parametrize("error", [ValueError("bad"), RecursionError("bad"), KeyError("bad"), UnicodeError("bad")])
def test_what_a_parser_raises_names_the_file(error: Exception) -> None:
    with (
        pytest.raises(InputError, match=r"^x\.json is broken \('?bad'?\); mend it$"),
        refusing("x.json", "is broken", "mend it"),
    ):
        raise error


def test_a_missing_file_and_an_error_without_words_are_named() -> None:
    with pytest.raises(InputError, match=r"^x is missing; mend it$"), refusing("x", "is broken", "mend it"):
        raise FileNotFoundError
    with pytest.raises(InputError, match=r"^x is broken \(EOFError\); mend it$"), refusing("x", "is broken", "mend it"):
        raise EOFError


@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
def test_what_the_file_is_not_to_blame_for_passes(error: type[BaseException]) -> None:
    with pytest.raises(error), refusing("x", "is broken", "mend it"):
        raise error


@pytest.mark.parametrize("error", [OSError(12, "Cannot allocate memory"), ValueError("I/O error: x (os error 12)")])
def test_a_file_is_not_to_blame_for_too_little_memory(error: Exception) -> None:
    with pytest.raises(MemoryError), refusing("x", "is broken", "delete it"):
        raise error
