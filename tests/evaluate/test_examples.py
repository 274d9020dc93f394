"""The example reviews of the report: which are chosen, and their text in pieces."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluate.examples import choose, describe, pieces, readable
from pipeline.evaluate.prefixes import PrefixProbabilities
from pipeline.tokenize.tokenizer import Tokenizer

LABELS = np.array([0, 1, 0, 1, 0, 1], np.int8)
LSTM = np.array([[0.1, 0.9, 0.2, 0.8, 0.9, 0.4]])
BAG = np.array([[0.6, 0.2, 0.1, 0.9, 0.2, 0.3]])


def prefixes_of(n: int, places: list[int] | None = None) -> PrefixProbabilities:
    """Prefix probabilities of (i + 1) / 1000 after word i."""
    kept = list(range(n)) if places is None else places
    at, ends = np.array(kept, np.int64), np.arange(1, len(kept) + 1)
    return PrefixProbabilities(at, (at + 1) / 1000, ends, 0.5)


def test_the_most_confident_of_each_kind_come_first() -> None:
    alone, reference, mistakes = choose(LABELS, LSTM, BAG, n=1)
    assert alone == {"kind": "model_alone", "n": 2, "rows": [0]}
    assert reference == {"kind": "reference_alone", "n": 1, "rows": [4]}
    assert mistakes == {"kind": "mistakes", "n": 2, "rows": [4]}


def test_a_model_without_mistakes_has_no_examples() -> None:
    assert [group["n"] for group in choose(LABELS, LABELS[None] * 0.8 + 0.1, LABELS[None] * 0.8 + 0.1)] == [0, 0, 0]


def test_probabilities_are_means_over_runs() -> None:
    described = describe(1, LABELS, None, {"lstm": np.array([[0.1, 0.9], [0.2, 0.7]])})
    assert described == {"label": 1, "rating": None, "probabilities": {"lstm": 0.8}}


def test_pieces_keep_capitals_and_line_breaks() -> None:
    text = readable("Not BAD at all.<br /><br />I &amp; you.")
    assert text == "Not BAD at all.\n\nI & you."
    tokens = Tokenizer("tweet", lowercase=True)(text)
    index = {token: i for i, token in enumerate(dict.fromkeys(tokens)) if token != "at"}
    n_known = sum(token in index for token in tokens)
    cut = pieces(text, tokens, index, prefixes_of(n_known))
    assert [text for text, p in cut if p is not None] == ["Not", "BAD", "all", ".", "I", "&", "you", "."]
    assert [p for _, p in cut if p is not None] == [(i + 1) / 1000 for i in range(n_known)]
    assert "".join(text for text, _ in cut) == text


def test_a_skipped_middle_has_no_probability() -> None:
    cut = pieces("a b c d", ["a", "b", "c", "d"], dict.fromkeys("abcd", 0), prefixes_of(4, [0, 3]))
    assert cut == [("a", 0.001), (" b c ", None), ("d", 0.004)]


def test_a_shortened_token_covers_the_whole_word() -> None:
    tokens = Tokenizer("tweet", lowercase=True)("soooooo good")
    assert tokens == ["sooo", "good"]
    cut = pieces("soooooo good", tokens, {"sooo": 0, "good": 1}, prefixes_of(2))
    assert cut == [("soooooo", 0.001), (" ", None), ("good", 0.002)]


def test_an_empty_review_has_no_pieces() -> None:
    assert pieces("", [""], {}, prefixes_of(0)) == []


@pytest.mark.parametrize("name", ["tweet", "regex"])
@given(text=st.text(max_size=80))
def test_pieces_join_to_the_text(name: str, text: str) -> None:
    shown = readable(text)
    tokens = Tokenizer(name, lowercase=True)(text)
    cut = pieces(shown, tokens, dict.fromkeys(tokens, 0), prefixes_of(len(tokens)))
    assert "".join(piece for piece, _ in cut) == shown
