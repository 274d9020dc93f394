"""The reviews that the report shows: which, and their text in pieces as the network read it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.evaluate.examples import choose, describe, pieces, readable
from pipeline.evaluate.prefixes import PrefixProbabilities
from pipeline.tokenize.tokenizer import Tokenizer

LABELS = np.array([0, 1, 0, 1, 0, 1], np.int8)
LSTM = np.array([[0.1, 0.9, 0.2, 0.8, 0.9, 0.4]])
BAG = np.array([[0.6, 0.2, 0.1, 0.9, 0.2, 0.3]])


def read(n: int, places: list[int] | None = None) -> PrefixProbabilities:
    """A reading in which the probability after word i is (i + 1) / 1000."""
    kept = list(range(n)) if places is None else places
    return PrefixProbabilities(np.array(kept, np.int64), (np.array(kept, float) + 1) / 1000, 0.5)


def test_the_surest_of_each_kind_come_first() -> None:
    alone, reference, mistakes = choose(LABELS, LSTM, BAG, n=1)
    assert alone == {"kind": "model_alone", "n": 2, "rows": [0]}
    assert reference == {"kind": "reference_alone", "n": 1, "rows": [4]}
    assert mistakes == {"kind": "mistakes", "n": 2, "rows": [4]}


def test_a_model_without_mistakes_has_no_reviews_to_show() -> None:
    assert [group["n"] for group in choose(LABELS, LABELS[None] * 0.8 + 0.1, LABELS[None] * 0.8 + 0.1)] == [0, 0, 0]


def test_the_mean_over_fits_is_told() -> None:
    told = describe(1, LABELS, None, {"lstm": np.array([[0.1, 0.9], [0.2, 0.7]])})
    assert told == {"label": 1, "rating": None, "probabilities": {"lstm": 0.8}}


def test_words_keep_their_capitals_and_the_lines_of_the_review() -> None:
    text = readable("Not BAD at all.<br /><br />I &amp; you.")
    assert text == "Not BAD at all.\n\nI & you."
    tokens = Tokenizer("tweet", lowercase=True)(text)
    index = {token: i for i, token in enumerate(dict.fromkeys(tokens)) if token != "at"}
    n_known = sum(token in index for token in tokens)
    found = pieces(text, tokens, index, read(n_known))
    assert [text for text, p in found if p is not None] == ["Not", "BAD", "all", ".", "I", "&", "you", "."]
    assert [p for _, p in found if p is not None] == [(i + 1) / 1000 for i in range(n_known)]
    assert "".join(text for text, _ in found) == text


def test_what_was_skipped_in_the_middle_is_not_shaded() -> None:
    found = pieces("a b c d", ["a", "b", "c", "d"], dict.fromkeys("abcd", 0), read(4, [0, 3]))
    assert found == [("a", 0.001), (" b c ", None), ("d", 0.004)]


def test_a_token_that_was_shortened_takes_the_whole_word() -> None:
    tokens = Tokenizer("tweet", lowercase=True)("soooooo good")
    assert tokens == ["sooo", "good"]
    found = pieces("soooooo good", tokens, {"sooo": 0, "good": 1}, read(2))
    assert found == [("soooooo", 0.001), (" ", None), ("good", 0.002)]


def test_an_empty_review_has_no_pieces() -> None:
    assert pieces("", [""], {}, read(0)) == []


@pytest.mark.parametrize("name", ["tweet", "regex"])
@settings(deadline=None)  # a busy machine takes its time
@given(text=st.text(max_size=80))
def test_the_pieces_make_up_the_text(name: str, text: str) -> None:
    shown = readable(text)
    tokens = Tokenizer(name, lowercase=True)(text)
    found = pieces(shown, tokens, dict.fromkeys(tokens, 0), read(len(tokens)))
    assert "".join(piece for piece, _ in found) == shown
