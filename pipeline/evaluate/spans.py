"""Locate tokens in the text that they come from, and cut it there."""

from collections.abc import Iterable, Iterator

Span = tuple[int, int]  # start and end, in characters
LOOKAHEAD = 100  # characters in which to search for a token that does not come next in the text


def spans(text: str, tokens: Iterable[str]) -> list[Span | None]:
    """Locate each token in a text, in order; None for one that does not occur as such.

    Tokens may be lower-cased, and shortened as by the tweet tokenizer: the span of "sooo" is that of "sooooo".

    Args:
        text: as the tokenizer split it, after `clean`.
        tokens: of that text.

    Returns: the spans, rising and never overlapping.
    """
    lowered = "".join(lower if len(lower := character.lower()) == 1 else character for character in text)
    located: list[Span | None] = []
    place = 0
    for token in tokens:
        while place < len(text) and text[place].isspace():
            place += 1
        token = token.lower()
        start, end = place, _end(lowered, token, place)
        if end is None:  # the text has something else before it, or lacks it
            start = lowered.find(token, place, place + LOOKAHEAD + len(token))
            end = _end(lowered, token, start) if start >= 0 else None
        if end is None:
            located.append(None)
        else:
            located.append((start, end))
            place = end
    return located


def _end(text: str, token: str, place: int) -> int | None:
    """Return the end of a token that starts at `place`; three equal characters match three or more in the text."""
    for i, character in enumerate(token):
        if not text.startswith(character, place):
            return None
        place += 1
        if token[max(0, i - 2) : i + 1] == 3 * character and token[i + 1 : i + 2] != character:
            while text.startswith(character, place):
                place += 1
    return place


def cut(text: str, located: Iterable[Span | None]) -> Iterator[tuple[str, int | None]]:
    """Cut a text at spans, as `spans` returns them.

    Yields: all of the text in pieces, each with the position of its span; None for what is between spans.
    """
    end = 0
    for i, span in enumerate(located):
        if span is None:
            continue
        if span[0] > end:
            yield text[end : span[0]], None
        yield text[span[0] : span[1]], i
        end = span[1]
    if end < len(text):
        yield text[end:], None
