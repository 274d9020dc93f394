"""The tokenizers: what they split, and that they come back from their description."""

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.tokenize import NLTKWordTokenizer, ToktokTokenizer, TweetTokenizer
from nltk.tokenize.punkt import PunktSentenceTokenizer

from pipeline.core.errors import InputError
from pipeline.tokenize import tokenizer as module
from pipeline.tokenize.tokenizer import Tokenizer, clean, tokenize

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


# What the rules of the tokenizers look at: quotes, dots, brackets, contractions, numbers, marks that stand in a row.
PIECES = st.sampled_from(
    """
    good The U.S. Mr. isn't can't cannot gonna wanna 'tis d'ye he's we'll 'em ' '' " `` "Oh no" end. end." end.) end.'
    (so) [a] {b} <c> , ,, a,b 1,000 1.5 3:30 : ; ! ?! ?!? ... .... .. . -- --- - a-b _ * % $5 #1 & @you http://x.org/a.b
    :) :-( <3 =D 555 1234 (555) 1 +1 sooooo !!!!! na\xefve \u20ac \u65e5\u672c \U0001f600 \u0130 x\u2019s \u201cq\u201d
    \xabz\xbb \x02 \x1a
    """.split()  # noqa: SIM905
)
TEXT = st.lists(PIECES, max_size=14).map(" ".join)


def by_nltk(name: str, text: str) -> list[str]:
    """What NLTK makes of a text as a whole, or sentence by sentence."""
    if name == "tweet":
        tokens = TweetTokenizer(preserve_case=False, reduce_len=True).tokenize(text)
        return " ".join(tokens).split()
    words = NLTKWordTokenizer() if name == "treebank" else ToktokTokenizer()
    sentences = PunktSentenceTokenizer(module._punkt_parameters(SENTENCES[name].config["punkt"]))
    return [token.lower() for sentence in sentences.tokenize(text) for token in words.tokenize(sentence)]


SENTENCES = {name: make(name) for name in ("treebank", "toktok")}


@pytest.mark.parametrize("name", ["tweet", "treebank", "toktok"])
@settings(max_examples=400, deadline=None)
@given(text=TEXT)
def test_the_tokens_are_those_of_nltk(name: str, text: str) -> None:
    tokenizer = SENTENCES.get(name) or Tokenizer(name, lowercase=True)
    assert tokenizer(text) == by_nltk(name, clean(text))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=100, deadline=None)
@given(texts=st.lists(TEXT, max_size=5))
def test_a_chunk_holds_the_tokens_of_each_text(name: str, texts: list[str]) -> None:
    fresh = make(name)
    chunk = fresh.chunk(texts)
    rows = [line.split() for line in chunk.text.split("\n")[:-1]]
    assert rows == [make(name)(text) for text in texts]
    assert [len(row) for row in rows] == chunk.lengths.tolist()
    assert [chunk.types[i] for i in chunk.ids] == [token for row in rows for token in row]


def test_a_memory_that_is_full_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MEMORY_PIECES", 3)
    for name in NAMES:
        small, text = make(name), TEXTS[0]
        assert small.chunk([text] * 3).text == "".join(" ".join(make(name)(text)) + "\n" for _ in range(3))
        assert small.chunk(TEXTS).text == make(name).chunk(TEXTS).text


def test_regex_takes_the_same_from_ascii() -> None:
    text = "".join(map(chr, range(128))) + " It's a 3-star film_noir, isn't it?"
    assert module.ASCII_WORD.findall(text) == module.WORD.findall(text)
    assert re.findall(r"\w", text) == re.findall(r"\w", text, re.ASCII)


def test_bad_descriptions_are_named() -> None:
    with pytest.raises(InputError, match="'spacy' is unknown"):
        Tokenizer("spacy", lowercase=True)
    with pytest.raises(InputError, match="lacks the key 'lowercase'"):
        Tokenizer.from_config({"name": "tweet", "punkt": None})
    with pytest.raises(InputError, match="without its sentence model"):
        Tokenizer("treebank", lowercase=True)
