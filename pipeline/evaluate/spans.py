"""Where the tokens stand in the text that they were made of."""

from collections.abc import Iterable

AHEAD = 100  # characters in which a token is looked for that is not the next thing in the text


def spans(text: str, tokens: Iterable[str]) -> list[tuple[int, int] | None]:
    """Find each token in a text, in their order; None for one that is not there as such.

    Tokens may be lower-cased, and shortened as the tweet tokenizer does: "sooooo" is the place of "sooo".

    Args:
        text: as the tokenizer split it, after `clean`.
        tokens: of that text.

    Returns: start and end of each, in characters, rising and never overlapping.
    """
    lowered = "".join(lower if len(lower := character.lower()) == 1 else character for character in text)
    found: list[tuple[int, int] | None] = []
    place = 0
    for token in tokens:
        while place < len(text) and text[place].isspace():
            place += 1
        token = token.lower()
        start, end = place, _end(lowered, token, place)
        if end is None:  # something stands before it that is no token, or it is not there
            start = lowered.find(token, place, place + AHEAD + len(token))
            end = _end(lowered, token, start) if start >= 0 else None
        if end is None:
            found.append(None)
        else:
            found.append((start, end))
            place = end
    return found


def _end(text: str, token: str, place: int) -> int | None:
    """Return where a token ends that begins at `place`, a character three times in it being any more in the text."""
    for i, character in enumerate(token):
        if not text.startswith(character, place):
            return None
        place += 1
        if token[max(0, i - 2) : i + 1] == 3 * character and token[i + 1 : i + 2] != character:
            while text.startswith(character, place):
                place += 1
    return place
