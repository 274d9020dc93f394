"""NLTK's TweetTokenizer, made fast: text between white space is split once and remembered."""

import re
from collections.abc import Iterable, Mapping
from itertools import chain, pairwise

from nltk.tokenize import TweetTokenizer

# Text between white space, which the tokenizer splits independently of its neighbors, except for numbers and dots that
# continue after a space: "(555) 123" is one token. It is cut after 1,000 characters, as NLTK's time grows with the
# square of the length of "<a<a<a"; the longest in IMDB has fewer than 150.
PIECE = re.compile(r"\S{1,1000}(?:(?<=[\d.*)-])\s+(?=[\d.*()-])\S{1,1000})*")
SEPARATOR = "\x1a"
MAX_PIECES = 1 << 18


class TweetWords:
    """The same tokens as NLTK's TweetTokenizer with `reduce_len`, at a multiple of its speed.

    Only text of more than 1,000 characters without white space may have other tokens. A call of NLTK's costs much
    whatever the length of its text, so all new pieces of many reviews go into one call.

    Args:
        lowercase: lower-case all tokens but emoticons: ":D" is not ":d".
    """

    def __init__(self, *, lowercase: bool) -> None:
        self._nltk = TweetTokenizer(preserve_case=not lowercase, reduce_len=True)
        self._known: dict[str, list[str]] = {}

    def __call__(self, texts: Iterable[str]) -> list[list[str]]:
        """Split many texts."""
        reviews = [PIECE.findall(text) for text in texts]
        known = self._learn(set(chain.from_iterable(reviews)))
        return [list(chain.from_iterable(map(known.__getitem__, pieces))) for pieces in reviews]

    def _learn(self, pieces: set[str]) -> Mapping[str, list[str]]:
        """Return the tokens of at least these pieces."""
        if len(self._known) > MAX_PIECES:
            self._known = {}  # a new one, as another thread may be reading the old one
        known = self._known
        new = [piece for piece in pieces if piece not in known and SEPARATOR not in piece]
        tokens = self._split(f"{SEPARATOR} " + "".join(f"{piece} {SEPARATOR} " for piece in new))
        ends = [i for i, token in enumerate(tokens) if token == SEPARATOR]
        known.update(zip(new, (tokens[start + 1 : end] for start, end in pairwise(ends)), strict=True))
        for piece in pieces - known.keys():
            known[piece] = self._split(f"x {piece} x")[1:-1]
        return known

    def _split(self, text: str) -> list[str]:
        return " ".join(self._nltk.tokenize(text)).split()  # NLTK's ". . ." is one token, with spaces in it
