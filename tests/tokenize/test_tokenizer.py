"""The tokenizers: their tokens, their configs, and the processes that run them."""

import json
import os
import pickle
import re
import signal
import subprocess
import sys
import textwrap
from itertools import count
from pathlib import Path

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.tokenize import NLTKWordTokenizer, TweetTokenizer

from pipeline.core.errors import InputError
from pipeline.tokenize import tokenizer as module
from pipeline.tokenize import tweet
from pipeline.tokenize.tokenizer import Tokenizer, clean, tokenize
from tests.conftest import ROOT

TEXTS = [
    "A good film. It isn't bad, Mr. Smith said.<br /><br />See it!",
    "Sooooooo good :-) &amp; funny... don't miss it",
    "The end of it was good. The start of it was bad. Mr. Jones slept.",
    "",
    "café naïve 日本 \U0001f600",
]
NAMES = ("tweet", "treebank", "regex")


def make(name: str, *, lowercase: bool = True) -> Tokenizer:
    return Tokenizer.train(name, lowercase=lowercase, texts=TEXTS * 20)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("&#" + "9" * 5000 + ";a", "\ufffda"),
        ("&#" + "0" * 5000 + "65;a", "Aa"),
        ("&#" + "0" * 5000, "\ufffd"),
        ("&#000000000000000000065;&#99999999999999999999999", "A\ufffd"),
        ("&#x" + "9" * 5000 + ";a", "\ufffda"),
    ],
)
def test_the_number_of_a_character_may_have_many_digits(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_clean() -> None:
    assert clean("a<br />b<BR>c &lt;3 &amp; d") == "a b c <3 & d"


@pytest.mark.parametrize("name", NAMES)
def test_no_period_stays_at_a_word(name: str) -> None:
    tokens = make(name)(TEXTS[2])
    assert tokens.count("good") == 1
    assert "good." not in tokens
    assert "bad." not in tokens


@pytest.mark.parametrize("name", NAMES)
def test_tokens_have_no_white_space_and_no_break(name: str) -> None:
    for text in TEXTS:
        for token in make(name)(text):
            assert token.split() == [token]
            assert "<" not in token


def test_tweet_keeps_emoticons_and_shortens() -> None:
    assert make("tweet")(TEXTS[1])[:3] == ["sooo", "good", ":-)"]


def test_tweet_cuts_what_has_no_white_space_for_a_thousand_characters() -> None:
    assert list(map(len, Tokenizer("tweet", lowercase=True)("ab" * 1250))) == [1000, 1000, 500]


@pytest.mark.parametrize("name", NAMES)
def test_case_is_kept_on_request(name: str) -> None:
    assert make(name, lowercase=False)("A Good film :D")[:2] == ["A", "Good"]
    assert make("tweet")("GOOD :D") == ["good", ":D"]


@pytest.mark.parametrize("name", NAMES)
def test_a_word_is_folded_as_in_the_corpus(name: str) -> None:
    assert make(name).fold("Hitchcock") == "hitchcock"
    assert make(name, lowercase=False).fold("Hitchcock") == "Hitchcock"
    assert make(name).fold("two words") == "two words"
    assert make(name).fold("") == ""
    assert make("tweet").fold("Sooooo") == "sooo"


@pytest.mark.parametrize("name", NAMES)
def test_a_config_survives_json(name: str) -> None:
    tokenizer = make(name)
    again = Tokenizer.from_config(json.loads(json.dumps(tokenizer.config)))
    assert [again(text) for text in TEXTS] == [tokenizer(text) for text in TEXTS]
    assert again.config == tokenizer.config


@pytest.mark.parametrize("name", NAMES)
def test_a_used_tokenizer_survives_pickle_and_joblib(name: str, tmp_path: Path) -> None:
    tokenizer = make(name)
    tokens = [tokenizer(text) for text in TEXTS]
    joblib.dump(tokenizer, tmp_path / "tokenizer.joblib")
    for again in (pickle.loads(pickle.dumps(tokenizer)), joblib.load(tmp_path / "tokenizer.joblib")):
        assert [again(text) for text in TEXTS] == tokens
        assert again.config == tokenizer.config


@pytest.mark.parametrize("name", NAMES)
def test_processes_change_neither_order_nor_tokens(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK_REVIEWS", 40)
    monkeypatch.setattr(module, "CHUNKS_PER_PROCESS", 3)  # so that there are several windows
    texts = [f"{text} {i}" for i in range(120) for text in TEXTS]
    one, two = (list(tokenize(texts, make(name), n_jobs=n)) for n in (1, 2))
    assert [chunk.text for chunk in one] == [chunk.text for chunk in two]
    for a, b in zip(one, two, strict=True):
        assert a.types == b.types
        np.testing.assert_array_equal(a.ids, b.ids)


@pytest.mark.filterwarnings("ignore:.*tasks")  # joblib's, as not all chunks are used
def test_processes_read_a_bounded_number_of_texts_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK_REVIEWS", 2)
    monkeypatch.setattr(module, "CHUNKS_PER_PROCESS", 3)
    numbers = count()
    chunks = tokenize((f"text {i}" for i in numbers), Tokenizer("regex", lowercase=True), n_jobs=2)
    texts = [next(chunks).text for _ in range(9)]
    assert "".join(texts).split("\n") == [f"text {i}" for i in range(18)] + [""]
    assert next(numbers) <= 2 * 2 * 3 * 2  # two windows of two processes
    chunks.close()


def test_few_texts_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(module, "Parallel")
    texts = ["a good film"] * module.CHUNK_REVIEWS * module.CHUNKS_IN_PROCESS
    assert sum(len(chunk.lengths) for chunk in tokenize(texts, make("regex"), n_jobs=2)) == len(texts)


FOREVER = """
    from itertools import repeat
    from pipeline.tokenize.tokenizer import Tokenizer, tokenize
    try:
        for i, chunk in enumerate(tokenize(repeat("a good film " * 50), Tokenizer("tweet", lowercase=True), n_jobs=2)):
            if i == 3:
                print("running", flush=True)
    except KeyboardInterrupt:
        print("stopped", flush=True)
"""


def test_ctrl_c_ends_the_processes_and_prints_no_traceback() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(FOREVER)],
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background ignores it
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    os.killpg(process.pid, signal.SIGINT)
    # Its pipes close when the last process that inherited them has ended.
    printed, said = process.communicate(timeout=120)
    assert printed == "stopped\n"
    assert "Traceback" not in said  # joblib may warn of tasks that it cancelled


BLOCKED = """
    import psutil
    from pipeline.tokenize.tokenizer import Tokenizer, tokenize
    chunks = tokenize(["a good film"] * 10_000, Tokenizer("tweet", lowercase=True), n_jobs=2)
    next(chunks)
    for child in psutil.Process().children(recursive=True):
        if "popen_loky_posix" in child.cmdline()[2]:
            print(next(line for line in open(f"/proc/{child.pid}/status") if line.startswith("SigBlk")).split()[1])
    print(sum(1 for _ in chunks))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the blocked signals are read from Linux's /proc")
def test_the_processes_do_not_hear_ctrl_c_not_even_while_they_start() -> None:
    command = [sys.executable, "-c", textwrap.dedent(BLOCKED)]
    *masks, _ = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert len(masks) == 2
    assert all(int(mask, 16) & (1 << (signal.SIGINT - 1)) for mask in masks)


# What the rules of the tokenizers are about: quotes, dots, brackets, contractions, numbers, runs of punctuation.
PIECES = st.sampled_from(
    """
    good The U.S. Mr. isn't can't cannot gonna wanna 'tis d'ye he's we'll 'em ' '' " `` "Oh no" end. end." end.) end.'
    (so) [a] {b} <c> , ,, a,b 1,000 1.5 3:30 : ; ! ?! ?!? ... .... .. . -- --- - a-b _ * % $5 #1 & @you http://x.org/a.b
    :) :-( <3 =D 555 1234 (555) 1 +1 sooooo !!!!! na\xefve \u20ac \u65e5\u672c \U0001f600 \u0130 x\u2019s \u201cq\u201d
    \xabz\xbb \x02 \x1a
    """.split()  # noqa: SIM905
)
TEXT = st.lists(PIECES, max_size=14).map(" ".join)


@settings(max_examples=400)
@given(texts=st.lists(TEXT, max_size=4))
def test_tweet_gives_the_tokens_of_nltk(texts: list[str]) -> None:
    nltk = TweetTokenizer(preserve_case=False, reduce_len=True)
    expected = [" ".join(nltk.tokenize(clean(text))).split() for text in texts]
    tokenizer = Tokenizer("tweet", lowercase=True)
    assert [tokenizer(text) for text in texts] == expected
    assert tokenizer.chunk(texts).text == "".join(" ".join(tokens) + "\n" for tokens in expected)


def test_treebank_gives_the_tokens_of_nltk_for_each_sentence() -> None:
    sentences = ["The end of it was good.", "The start of it was bad.", "Mr. Jones slept."]
    expected = [token.lower() for sentence in sentences for token in NLTKWordTokenizer().tokenize(sentence)]
    assert make("treebank")(" ".join(sentences)) == expected


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=100)
@given(texts=st.lists(TEXT, max_size=5))
def test_a_chunk_has_the_tokens_of_each_text(name: str, texts: list[str]) -> None:
    chunk = make(name).chunk(texts)
    rows = [line.split() for line in chunk.text.split("\n")[:-1]]
    assert rows == [make(name)(text) for text in texts]
    assert [len(row) for row in rows] == chunk.lengths.tolist()
    assert [chunk.types[i] for i in chunk.ids] == [token for row in rows for token in row]


def test_tweet_forgets_when_its_memory_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tweet, "MAX_PIECES", 3)
    small = make("tweet")
    for texts in (TEXTS[:1] * 3, TEXTS):
        assert small.chunk(texts).text == make("tweet").chunk(texts).text


def test_regex_gives_the_same_tokens_for_ascii() -> None:
    text = "".join(map(chr, range(128))) + " It's a 3-star film_noir, isn't it?"
    assert module.ASCII_WORD.findall(text) == module.WORD.findall(text)
    assert re.findall(r"\w", text) == re.findall(r"\w", text, re.ASCII)


def test_bad_configs_are_named() -> None:
    with pytest.raises(InputError, match="'spacy' is unknown; choose tweet, treebank or regex"):
        Tokenizer("spacy", lowercase=True)
    with pytest.raises(InputError, match="lacks the key 'lowercase'"):
        Tokenizer.from_config({"name": "tweet", "punkt": None})
    with pytest.raises(InputError, match="'treebank' has no sentence model"):
        Tokenizer("treebank", lowercase=True)
