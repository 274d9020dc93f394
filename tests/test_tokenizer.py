"""The tokenizers: what they split, and that they come back from their description."""

import json

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.tokenizer import Tokenizer, clean, tokenize

TEXTS = [
    "A good film. It isn't bad, Mr. Smith said.<br /><br />See it!",
    "Sooooooo good :-) &amp; funny... don't miss it",
    "The end of it was good. The start of it was bad. Mr. Jones slept.",
    "",
    "café naïve 日本 \U0001f600",
]
NAMES = ("tweet", "treebank", "toktok", "regex")


def make(name: str, **options: bool) -> Tokenizer:
    return Tokenizer.train(name, lowercase=options.get("lowercase", True), texts=TEXTS * 20)


def test_clean() -> None:
    assert clean("a<br />b<BR>c &lt;3 &amp; d") == "a b c <3 & d"


@pytest.mark.parametrize("name", NAMES)
def test_no_period_stays_at_a_word(name: str) -> None:
    tokens = make(name)(TEXTS[2])
    assert tokens.count("good") == 1
    assert "good." not in tokens
    assert "bad." not in tokens


@pytest.mark.parametrize("name", NAMES)
def test_tokens_hold_no_white_space_and_no_break(name: str) -> None:
    for text in TEXTS:
        for token in make(name)(text):
            assert token.split() == [token]
            assert "<" not in token


def test_tweet_keeps_emoticons_and_shortens() -> None:
    assert make("tweet")(TEXTS[1])[:3] == ["sooo", "good", ":-)"]


def test_case_is_kept_where_asked() -> None:
    assert make("tweet", lowercase=False)("A Good film :D")[:2] == ["A", "Good"]
    assert make("tweet")("GOOD :D") == ["good", ":D"]


@pytest.mark.parametrize("name", NAMES)
def test_a_tokenizer_comes_back_from_json(name: str) -> None:
    tokenizer = make(name)
    again = Tokenizer.from_config(json.loads(json.dumps(tokenizer.config)))
    assert [again(text) for text in TEXTS] == [tokenizer(text) for text in TEXTS]
    assert again.config == tokenizer.config


@pytest.mark.parametrize("name", NAMES)
def test_processes_change_neither_order_nor_tokens(name: str) -> None:
    texts = [f"{text} {i}" for i in range(260) for text in TEXTS]
    one, two = (list(tokenize(texts, make(name), n_jobs=n)) for n in (1, 2))
    assert [chunk.text for chunk in one] == [chunk.text for chunk in two]
    for a, b in zip(one, two, strict=True):
        assert a.types == b.types
        np.testing.assert_array_equal(a.ids, b.ids)


def test_bad_descriptions_are_named() -> None:
    with pytest.raises(InputError, match="'spacy' is unknown"):
        Tokenizer("spacy", lowercase=True)
    with pytest.raises(InputError, match="lacks the key 'lowercase'"):
        Tokenizer.from_config({"name": "tweet", "punkt": None})
    with pytest.raises(InputError, match="without its sentence model"):
        Tokenizer("treebank", lowercase=True)
