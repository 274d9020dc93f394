"""The tokenizer: text to tokens with NLTK, in one process or on all cores."""

import html
import os
import re
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from multiprocessing import get_context
from typing import Any

import numpy as np
from nltk.tokenize import NLTKWordTokenizer, ToktokTokenizer, TweetTokenizer
from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer, PunktTrainer

from pipeline.errors import InputError
from pipeline.tokens import Chunk

BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
# A word, with what follows one apostrophe ("don't"), or a single mark.
WORD = re.compile(r"\w+(?:'\w+)?|[^\w\s]")
CHUNK_REVIEWS = 500
SENTENCE_BASED = ("treebank", "toktok")


def clean(text: str) -> str:
    """Unescape html entities and turn each `<br />` into a space."""
    return BREAK.sub(" ", html.unescape(text))


class Tokenizer:
    """Splits a review into tokens, by name.

    `tweet` is NLTK's TweetTokenizer, which keeps emoticons and shortens "sooooo". `treebank` (NLTKWordTokenizer)
    and `toktok` split a period off at the end of their input only, so they are given one sentence at a time,
    found by a Punkt model trained on the corpus. `regex` takes words and single marks.
    """

    def __init__(self, name: str, *, lowercase: bool, punkt: Mapping[str, Any] | None = None) -> None:
        self._config = {"name": name, "lowercase": lowercase, "punkt": dict(punkt) if punkt else None}
        self._lower: Callable[[str], str] = str.lower if lowercase else str
        self._split: Callable[[str], Iterable[str]]
        if name == "tweet":
            # It lower-cases by itself, all but emoticons: ":D" is not ":d".
            self._lower = str
            self._split = TweetTokenizer(preserve_case=not lowercase, reduce_len=True).tokenize
        elif name == "regex":
            self._split = WORD.findall
        elif name in SENTENCE_BASED:
            if punkt is None:
                raise InputError(f"tokenizer {name!r} without its sentence model; run `dvc repro tokenize`")
            words = NLTKWordTokenizer() if name == "treebank" else ToktokTokenizer()
            self._split = partial(_by_sentence, PunktSentenceTokenizer(_punkt_parameters(punkt)), words)
        else:
            raise InputError(f"tokenizer {name!r} is unknown; take tweet, treebank, toktok or regex")

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
        """Split one review. No token holds white space: one that did (NLTK's ". . .") is split at it."""
        return " ".join(map(self._lower, self._split(clean(text)))).split()

    def chunk(self, texts: Iterable[str]) -> Chunk:
        """Tokenize some reviews into one chunk."""
        index: dict[str, int] = {}
        ids: list[int] = []
        lengths: list[int] = []
        lines: list[str] = []
        for text in texts:
            tokens = self(text)
            ids.extend([index.setdefault(token, len(index)) for token in tokens])
            lengths.append(len(tokens))
            lines.append(" ".join(tokens) + "\n")
        return Chunk("".join(lines), list(index), np.array(ids, np.int32), np.array(lengths, np.int64))


def _by_sentence(sentences: Any, words: Any, text: str) -> Iterator[str]:
    for sentence in sentences.tokenize(text):
        yield from words.tokenize(sentence)


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
    # Ctrl-C reaches the whole process group; the parent alone answers it, by ending its workers.
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
    with get_context().Pool(n_jobs, _start_worker, (tokenizer.config,)) as pool:
        yield from pool.imap(_work, batches)
