"""The tokenizer: from text to tokens, in one process or on all cores."""

import html
import json
import os
import re
import signal
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain, islice
from multiprocessing import resource_tracker
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from joblib.externals.loky.backend import resource_tracker as joblib_tracker

from pipeline.core.errors import InputError
from pipeline.tokenize.chunks import Chunk
from pipeline.tokenize.cluster import tokenize_on_cluster
from pipeline.tokenize.sentences import TreebankWords, train_punkt
from pipeline.tokenize.tweet import TweetWords

LONG_NUMBER = re.compile(r"(?<=&#)[0-9]{20,}")  # no character; Python refuses to read one of thousands of digits
BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
# A word, with what follows one apostrophe ("don't"), or a single punctuation character. The group is not possessive: in
# Python 3.11.2, such a group takes an apostrophe with no word after it. \x1c to \x1f are white space, with or without
# re.ASCII.
WORD = re.compile(r"\w++(?:'\w+)?|[^\w\s\x1c-\x1f]")
ASCII_WORD = re.compile(WORD.pattern, re.ASCII)  # the same tokens for ASCII text, and faster
CHUNK_REVIEWS = 500
CHUNKS_IN_PROCESS = 4  # so few are tokenized sooner than other processes start
CHUNKS_PER_PROCESS = 32  # handed to the other processes at a time, which bounds memory


def unescape(text: str) -> str:
    """Replace HTML entities by their characters, those of a number too large by U+FFFD."""
    return html.unescape(LONG_NUMBER.sub(lambda number: number[0].lstrip("0")[:20] or "0", text))


def clean(text: str) -> str:
    """Unescape HTML entities and replace each `<br />` with a space."""
    return BREAK.sub(" ", unescape(text))


class Tokenizer:
    """Splits reviews into tokens without white space.

    `tweet` is NLTK's TweetTokenizer, which keeps emoticons and shortens "sooooo". `treebank` is NLTKWordTokenizer, one
    sentence at a time. `regex` matches words and single punctuation characters.

    Args:
        name: tweet, treebank or regex.
        lowercase: whether tokens are lower-cased.
        punkt: the sentence model that `treebank` needs, see `train_punkt`.

    Raises:
        InputError: the name is unknown, or `treebank` has no sentence model.
    """

    def __init__(self, name: str, *, lowercase: bool, punkt: Mapping[str, Any] | None = None) -> None:
        self._config = {"name": name, "lowercase": lowercase, "punkt": dict(punkt) if punkt else None}
        lower: Callable[[str], str] = str.lower if lowercase else str
        self._split: Callable[[Iterable[str]], Iterable[list[str]]]
        if name == "tweet":
            self._split = TweetWords(lowercase=lowercase)
        elif name == "regex":
            self._split = lambda texts: ((ASCII_WORD if t.isascii() else WORD).findall(lower(t)) for t in texts)
        elif name == "treebank":
            if punkt is None:
                raise InputError("the tokenizer 'treebank' has no sentence model; run `dvc repro tokenize`")
            words = TreebankWords(punkt)
            self._split = lambda texts: (list(map(lower, words(text))) for text in texts)
        else:
            raise InputError(f"the tokenizer {name!r} is unknown; choose tweet, treebank or regex")

    @classmethod
    def train(cls, name: str, *, lowercase: bool, texts: Iterable[str]) -> "Tokenizer":
        """Create a tokenizer for a corpus; only `treebank` reads `texts`, to train its sentence model."""
        return cls(name, lowercase=lowercase, punkt=train_punkt(map(clean, texts)) if name == "treebank" else None)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "Tokenizer":
        """Create the tokenizer that `config` describes.

        Raises:
            InputError: a key is missing, or the tokenizer is unknown.
        """
        try:
            return cls(config["name"], lowercase=config["lowercase"], punkt=config["punkt"])
        except KeyError as error:
            raise InputError(f"tokenizer.json lacks the key {error}; run `dvc repro --force tokenize`") from None

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the config alone, which is small and recreates the tokenizer."""
        return Tokenizer.from_config, (self._config,)

    @property
    def config(self) -> dict[str, Any]:
        """The name, the options and the sentence model, for JSON; `from_config` takes it."""
        return self._config

    def __call__(self, text: str) -> list[str]:
        """Split one review."""
        return next(iter(self._split([clean(text)])))

    def fold(self, word: str) -> str:
        """Return the token of a single word: lower-cased and shortened as in the corpus. The word if it is several."""
        tokens = self(word)
        return tokens[0] if len(tokens) == 1 else word

    def chunk(self, texts: Iterable[str]) -> Chunk:
        """Tokenize some reviews into one chunk."""
        index: defaultdict[str, int] = defaultdict()
        index.default_factory = index.__len__
        ids: list[int] = []
        lengths: list[int] = []
        lines: list[str] = []
        for tokens in self._split(map(clean, texts)):
            ids.extend(map(index.__getitem__, tokens))
            lengths.append(len(tokens))
            lines.append(" ".join(tokens) + "\n")
        return Chunk("".join(lines), list(index), np.fromiter(ids, np.int32, len(ids)), np.array(lengths, np.int64))


@lru_cache(1)
def _cached(config: str) -> Tokenizer:
    return Tokenizer.from_config(json.loads(config))


def _chunk(config: str, texts: list[str]) -> Chunk:
    return _cached(config).chunk(texts)


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _ctrl_c_blocked() -> Iterator[None]:
    """Delay Ctrl-C while processes start: they inherit the block, so only this process answers it, and ends them.

    The trackers of shared resources are started before: their start in the block would lift it.
    """
    for tracker in (resource_tracker, joblib_tracker):
        tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def tokenize(
    texts: Iterable[str], tokenizer: Tokenizer, *, n_jobs: int | None = None, scheduler: str | None = None
) -> Iterator[Chunk]:
    """Tokenize reviews on several processes; yield chunks of some hundred, the same ones wherever, in order.

    Args:
        texts: the reviews.
        tokenizer: splits them.
        n_jobs: the number of processes on this machine; all cores by default.
        scheduler: the address of a Dask scheduler whose workers do it instead, see `tokenize_on_cluster`.
    """
    n_jobs = n_jobs or available_cores()
    stream = iter(texts)
    batches = iter(lambda: list(islice(stream, CHUNK_REVIEWS)), [])
    if scheduler:
        yield from tokenize_on_cluster(_chunk, json.dumps(tokenizer.config), batches, scheduler)
        return
    first = list(islice(batches, CHUNKS_IN_PROCESS + 1))
    if n_jobs == 1 or len(first) <= CHUNKS_IN_PROCESS:
        yield from map(tokenizer.chunk, chain(first, batches))
        return
    batches = chain(first, batches)
    config = json.dumps(tokenizer.config)  # a string pickles fast and is a key of the cache
    with Parallel(n_jobs, return_as="generator", batch_size=1) as parallel:
        # joblib works ahead of its consumer without a limit, so it gets a limited number of chunks at a time.
        while window := list(islice(batches, CHUNKS_PER_PROCESS * n_jobs)):
            with _ctrl_c_blocked():
                chunks = parallel(delayed(_chunk)(config, batch) for batch in window)
            yield from chunks
