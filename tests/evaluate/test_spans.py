"""Tokens are located in their text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.evaluate.spans import cut, spans
from pipeline.tokenize.tokenizer import Tokenizer, clean

PUNKT = {"abbreviations": [], "collocations": [], "sentence_starters": [], "orthography": {}}
TOKENIZERS = [Tokenizer(name, lowercase=True, punkt=PUNKT) for name in ("tweet", "treebank", "regex")]


def located(text: str, tokens: list[str]) -> list[str | None]:
    return [None if span is None else text[slice(*span)] for span in spans(text, tokens)]


@pytest.mark.parametrize(
    ("text", "tokens", "expected"),
    [
        ("A film.", ["a", "film", "."], ["A", "film", "."]),
        ("Soooooo good", ["sooo", "good"], ["Soooooo", "good"]),
        ("ends.....  here!!!!!", ["ends", "...", "here", "!", "!"], ["ends", ".....", "here", "!", "!"]),
        ('He said "no".', ["he", "said", "``", "no", "''", "."], ["He", "said", None, "no", None, "."]),
        ("the the end", ["the", "end"], ["the", "end"]),
        ("İstanbul is fine", ["i̇stanbul", "is", "fine"], [None, "is", "fine"]),
        ("a b", ["zzz", "b"], [None, "b"]),
        ("", [], []),
        ("", ["a"], [None]),
    ],
)
def test_each_token_is_located(text: str, tokens: list[str], expected: list[str | None]) -> None:
    assert located(text, tokens) == expected


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=lambda tokenizer: tokenizer.config["name"])
def test_every_token_of_a_plain_review_is_located(tokenizer: Tokenizer) -> None:
    text = clean("It's NOT bad,<br />I can't say more... 10/10 :) and well-made (really)!")
    tokens = tokenizer(text)
    assert [piece and piece.lower() for piece in located(text, tokens)] == [token.lower() for token in tokens]


@settings(max_examples=60)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60), st.sampled_from(TOKENIZERS))
def test_spans_of_any_text_rise_and_never_overlap(text: str, tokenizer: Tokenizer) -> None:
    text = clean(text)
    tokens = tokenizer(text)
    places = spans(text, tokens)
    assert len(places) == len(tokens)
    edges = [edge for span in places if span for edge in span]
    assert edges == sorted(edges)
    assert all(0 <= start < end <= len(text) for start, end in filter(None, places))
    pieces = list(cut(text, places))
    assert "".join(piece for piece, _ in pieces) == text
    assert [i for _, i in pieces if i is not None] == [i for i, span in enumerate(places) if span]
