"""The tokenizer: text to tokens with NLTK, in one process or on all cores."""

import html
import os
import re
import signal
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from functools import lru_cache, partial
from itertools import chain, islice, pairwise
from typing import Any

import numpy as np
from nltk.tokenize import NLTKWordTokenizer, ToktokTokenizer, TweetTokenizer
from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer, PunktTrainer

from pipeline.core.errors import InputError
from pipeline.tokenize.chunks import Chunk

BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
# A word, with what follows one apostrophe ("don't"), or a single mark. \x1c to \x1f are white space, re.ASCII or not.
# Possessive, as no shorter word is ever wanted.
WORD = re.compile(r"\w++(?:'\w++)?+|[^\w\s\x1c-\x1f]")
ASCII_WORD = re.compile(WORD.pattern, re.ASCII)  # the same where a text is ASCII, and faster
# What stands between white space; with a number or dots that go on behind it, which the tweet tokenizer takes as one.
TWEET_PIECE = re.compile(r"\S+(?:(?<=[\d.*)-])\s+(?=[\d.*()-])\S+)*")
# START and END are white space, which no piece holds.
START, BETWEEN, END = "\x1c", "\x1a", "\x1d"
CONTROL = re.compile(f"[{START}{BETWEEN}{END}]")
CLOSING = "])}>\"'»\u201d\u2019\u203a"
CHUNK_REVIEWS = 500
CHUNKS_AHEAD = 4  # per process, so that none waits and memory stays bounded
MEMORY_PIECES = 1 << 18
SENTENCE_BASED = ("treebank", "toktok")


def clean(text: str) -> str:
    """Unescape html entities and turn each `<br />` into a space."""
    return BREAK.sub(" ", html.unescape(text))


class Tokenizer:
    """Splits a review into tokens, by name.

    `tweet` is NLTK's TweetTokenizer, which keeps emoticons and shortens "sooooo". `treebank` (NLTKWordTokenizer)
    and `toktok` split a period off at the end of their input only, so they are given one sentence at a time,
    found by a Punkt model trained on the corpus. `regex` takes words and single marks.

    What white space parts is split once and then remembered, since most of it comes again: the tokens are NLTK's, to
    which tests/test_tokenizer.py holds them, at a multiple of its speed, which `make bench` prints.
    """

    def __init__(self, name: str, *, lowercase: bool, punkt: Mapping[str, Any] | None = None) -> None:
        self._config = {"name": name, "lowercase": lowercase, "punkt": dict(punkt) if punkt else None}
        lower: Callable[[str], str] = str.lower if lowercase else str
        split: Callable[[str], Iterable[str]]
        self._pieces: Callable[[str], Iterable[str]] = str.split
        if name == "tweet":
            # It lower-cases by itself, all but emoticons: ":D" is not ":d".
            lower = str
            split = TweetTokenizer(preserve_case=not lowercase, reduce_len=True).tokenize
            self._pieces = TWEET_PIECE.findall
        elif name == "regex":
            self._pieces = split = lambda text: (ASCII_WORD if text.isascii() else WORD).findall(lower(text))
        elif name in SENTENCE_BASED:
            if punkt is None:
                raise InputError(f"tokenizer {name!r} without its sentence model; run `dvc repro tokenize`")
            split = (NLTKWordTokenizer() if name == "treebank" else ToktokTokenizer()).tokenize
            punkt_tokenizer = PunktSentenceTokenizer(_punkt_parameters(punkt))
            # Whether a sentence ends in "film. The" is asked more than once.
            ends = lru_cache(MEMORY_PIECES)(punkt_tokenizer.text_contains_sentbreak)
            punkt_tokenizer.text_contains_sentbreak = ends
            self._pieces = partial(_by_sentence, punkt_tokenizer.tokenize)
        else:
            raise InputError(f"tokenizer {name!r} is unknown; take tweet, treebank, toktok or regex")
        # No token holds white space: one that did (NLTK's ". . .") is split at it. What `regex` finds is split already.
        self._known = Memory(lambda text: " ".join(map(lower, split(text))).split()) if name != "regex" else None

    @classmethod
    def train(cls, name: str, *, lowercase: bool, texts: Iterable[str]) -> "Tokenizer":
        """Make a tokenizer for a corpus; only `treebank` and `toktok` look at `texts`, to learn its sentences."""
        return cls(name, lowercase=lowercase, punkt=train_punkt(texts) if name in SENTENCE_BASED else None)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "Tokenizer":
        """Make the tokenizer that `config` describes.

        Raises:
            InputError: the description lacks a key or names an unknown tokenizer.
        """
        try:
            return cls(config["name"], lowercase=config["lowercase"], punkt=config["punkt"])
        except KeyError as error:
            raise InputError(f"tokenizer.json lacks the key {error}; run `dvc repro --force tokenize`") from None

    @property
    def config(self) -> dict[str, Any]:
        """All that makes the same tokenizer again, for JSON."""
        return self._config

    def __call__(self, text: str) -> list[str]:
        """Split one review."""
        return self._tokens(self._pieces(clean(text)))

    def _tokens(self, pieces: Iterable[str]) -> list[str]:
        return list(pieces if self._known is None else chain.from_iterable(map(self._known.__getitem__, pieces)))

    def chunk(self, texts: Iterable[str]) -> Chunk:
        """Tokenize some reviews into one chunk."""
        index: defaultdict[str, int] = defaultdict()
        index.default_factory = index.__len__
        ids: list[int] = []
        lengths: list[int] = []
        lines: list[str] = []
        reviews: Iterable[Iterable[str]] = map(self._pieces, map(clean, texts))
        if self._known is not None:
            reviews = list(map(list, reviews))
            self._known.learn(set(chain.from_iterable(reviews)))
        for tokens in map(self._tokens, reviews):
            ids.extend(map(index.__getitem__, tokens))
            lengths.append(len(tokens))
            lines.append(" ".join(tokens) + "\n")
        return Chunk("".join(lines), list(index), np.fromiter(ids, np.int32, len(ids)), np.array(lengths, np.int64))


class Memory(dict[str, list[str]]):
    """The tokens of each piece met so far, as they are between other words; forgets all when it grows too large.

    A piece with START before it or END behind it is split as it is at that end of a sentence.
    """

    def __init__(self, split: Callable[[str], list[str]]) -> None:
        self._split = split

    def __missing__(self, piece: str) -> list[str]:
        start, end = piece.startswith(START), piece.endswith(END)
        bare = piece.removeprefix(START).removesuffix(END)
        tokens = self._split(bare if start and end else f"{bare} x" if start else f"x {bare}" if end else f"x {bare} x")
        tokens = self[piece] = tokens[not start : len(tokens) - (not end)]
        return tokens

    def learn(self, pieces: set[str]) -> None:
        """Split those that are new in one go: each call of NLTK's costs much, whatever the length of its text."""
        if len(self) > MEMORY_PIECES:
            self.clear()
        new = [piece for piece in pieces - self.keys() if not CONTROL.search(piece)]
        tokens = self._split(f"{BETWEEN} " + "".join(f"{piece} {BETWEEN} " for piece in new))
        ends = [i for i, token in enumerate(tokens) if token == BETWEEN]
        self.update(zip(new, (tokens[a + 1 : b] for a, b in pairwise(ends)), strict=True))


def _by_sentence(sentences: Callable[[str], Iterable[str]], text: str) -> Iterator[str]:
    """Yield the pieces of each sentence; one that its place may change is marked as its start or end."""
    for sentence in sentences(text):
        pieces = sentence.split()
        if not pieces[0][0].isalnum():
            pieces[0] = START + pieces[0]
        word = pieces[-1][:-1]
        if pieces[-1].endswith(".") and word[-1:].isalnum():
            pieces[-1:] = [word, "."]
        elif not pieces[-1][-1].isalnum():
            n = len(pieces) - 1  # where the end begins: a period may have something closing after it
            while n > 0 and not pieces[n].strip(CLOSING):
                n -= 1
            pieces[n:] = [" ".join(pieces[n:]) + END]
        yield from pieces


def train_punkt(texts: Iterable[str]) -> dict[str, Any]:
    """Learn abbreviations, collocations and sentence starters from raw reviews.

    Returns: the model's four tables, sorted, ready for JSON.
    Source: Kiss and Strunk, Unsupervised Multilingual Sentence Boundary Detection, 2006, as NLTK implements it.
    """
    trainer = PunktTrainer()
    for text in texts:
        trainer.train(clean(text), finalize=False)
    trainer.finalize_training()
    parameters = trainer.get_params()
    return {
        "abbreviations": sorted(parameters.abbrev_types),
        "collocations": sorted(map(list, parameters.collocations)),
        "sentence_starters": sorted(parameters.sent_starters),
        "orthography": dict(sorted(parameters.ortho_context.items())),
    }


def _punkt_parameters(tables: Mapping[str, Any]) -> PunktParameters:
    parameters = PunktParameters()
    parameters.abbrev_types = set(tables["abbreviations"])
    parameters.collocations = {(first, second) for first, second in tables["collocations"]}
    parameters.sent_starters = set(tables["sentence_starters"])
    parameters.ortho_context.update(tables["orthography"])
    return parameters


_tokenizer: Tokenizer  # of a worker process


def _start_worker(config: Mapping[str, Any]) -> None:
    global _tokenizer
    # Ctrl-C reaches the whole process group; the parent alone answers it: its workers finish what they have and end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _tokenizer = Tokenizer.from_config(config)


def _work(texts: list[str]) -> Chunk:
    return _tokenizer.chunk(texts)


def available_cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def tokenize(texts: Iterable[str], tokenizer: Tokenizer, *, n_jobs: int | None = None) -> Iterator[Chunk]:
    """Tokenize reviews on `n_jobs` processes (all cores by default), in order, some hundred to a chunk."""
    n_jobs = n_jobs or available_cores()
    stream = iter(texts)
    batches = iter(lambda: list(islice(stream, CHUNK_REVIEWS)), [])
    if n_jobs == 1:
        yield from map(tokenizer.chunk, batches)
        return
    # Not multiprocessing.Pool: ending one kills workers that may hold its locks, and now and then that never returns.
    with ProcessPoolExecutor(n_jobs, initializer=_start_worker, initargs=(tokenizer.config,)) as pool:
        ahead: deque[Future[Chunk]] = deque()
        for batch in batches:
            ahead.append(pool.submit(_work, batch))
            if len(ahead) > CHUNKS_AHEAD * n_jobs:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
