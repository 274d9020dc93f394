"""The error that a user can fix, and the guard that turns what a parser raises into it."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST = 2000  # characters of a message


class InputError(Exception):
    """A parameter, a file or an artifact is unusable.

    The message is one line: the file, the value, what was expected, and the command or change that fixes it. The
    command line and the stages print it without a traceback. What files say may be part of it, so control characters
    are escaped, and the middle of a long message is left out.
    """

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message, LONGEST))


def one_line(text: str, longest: int) -> str:
    """Return a text as one printable line of at most `longest` characters; of a long one, the start and the end."""
    if len(text) > longest:
        end = longest // 4
        text = f"{text[: longest - end - 5]} ... {text[-end:]}"
    text = re.sub(r"\s*[\r\n]\s*", " ", text)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def memory_is_short(error: Exception) -> bool:
    """Return whether memory was too short; libraries, threads and the loader of libraries say so in their own words."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    said = re.search(
        r"not enough memory|can(no|')t allocate memory|out of memory|bad_alloc|can't start new thread|launch worker"
        r" thread|failed to map segment|cannot map zero-fill pages|could not create a primitive|os error 12\b"
        r"|error return without exception set",
        str(error),
        re.IGNORECASE,
    )
    return bool(said) or type(error).__name__ == "TerminatedWorkerError"


@contextmanager
def refusing(path: object, problem: str, remedy: str) -> Iterator[None]:
    """Turn what a parser raises on bad bytes into an InputError, and too little memory into a MemoryError.

    Parsers raise a dozen kinds of exceptions on damaged bytes, RecursionError and tokenize.TokenError among them, and
    their documentation lists few. Only the call of a parser belongs into the block, as a mistake of ours in it would be
    reported as a broken file.

    Args:
        path: the file.
        problem: what is then wrong with it: "is not readable JSON", say.
        remedy: what to do.
    """
    try:
        yield
    except (InputError, MemoryError):
        raise
    except FileNotFoundError:
        raise InputError(f"{path} is missing; {remedy}") from None
    except Exception as error:
        if memory_is_short(error):
            raise MemoryError(one_line(str(error), 300)) from None  # no fault of the file
        reason = one_line(str(error), 300) or type(error).__name__
        raise InputError(f"{path} {problem} ({reason}); {remedy}") from None
