"""Tokenization, prediction and skip-gram, compared with the code a user would write instead."""

import html
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gensim.models import Word2Vec
from gensim.models.word2vec import LineSentence
from nltk.tokenize import NLTKWordTokenizer

from benchmarks.measure import Rate, per_second, side_by_side
from benchmarks.rivals import child, missing_rivals
from benchmarks.training import config_of
from pipeline.classify.classifier import Classifier
from pipeline.classify.network import Dropout, Network
from pipeline.core.progress import Advance
from pipeline.embed import word2vec
from pipeline.embed.params import Embed
from pipeline.params import Params
from pipeline.tokenize.chunks import Chunk, encode
from pipeline.tokenize.tokenizer import Tokenizer, available_cores, tokenize

N_PREDICTED = 500


class Silent:
    """A `pipeline.core.progress.Progress` that shows nothing."""

    def bar(self, description: str, total: int, unit: str) -> AbstractContextManager[Advance]:
        """Show no bar."""
        return nullcontext(lambda n: None)

    def epoch(self, number: int, of: int, **figures: float) -> None:
        """Print no figures."""


def tokenization(params: Params, texts: list[str]) -> Iterator[dict[str, Any]]:
    """Compare tokenizing on all cores with one core, and with NLTK's tokenizer in a plain loop.

    Each turn starts with an empty cache. The loop takes every tenth review: its rate does not depend on their number.
    """
    n_cores = available_cores()
    tenth = texts[::10]

    def on(name: str, n_jobs: int) -> Rate:
        trained = Tokenizer.train(name, lowercase=True, texts=texts[:1000]).config

        def work() -> None:
            for _ in tokenize(texts, Tokenizer.from_config(trained), n_jobs=n_jobs):
                pass

        return per_second(len(texts), work)

    def plain_loop() -> None:
        tokenizer = NLTKWordTokenizer()
        for text in tenth:
            tokenizer.tokenize(html.unescape(text).replace("<br />", " ").lower())

    name = params.tokenize.tokenizer
    rivals = [(name, on(name, 1), "the same tokenizer on one core", 1.8)]
    for name, bar in (("treebank", 1.8), ("regex", 15.0)):
        rivals.append((name, per_second(len(tenth), plain_loop), "NLTKWordTokenizer in a plain loop", bar))
    for name, theirs, against, bar in rivals:
        what = f"tokenization, {name}, {n_cores} cores"
        yield side_by_side(what, "reviews/s", on(name, n_cores), theirs, against, bar, n_runs=3)


def prediction(params: Params, texts: list[str], chunks: list[Chunk], words: list[str]) -> dict[str, Any]:
    """Compare prediction from raw text in batches with one review at a time."""
    config = config_of(params, len(words))
    network = Network(config, Dropout(0, 0))
    tokenizer = Tokenizer("tweet", lowercase=True)
    classifier = Classifier(network, words, np.ones(len(words), np.int64), tokenizer.config, {})
    index = {word: i for i, word in enumerate(words)}
    few = texts[:N_PREDICTED]

    def predict(part: list[str]) -> None:
        classifier.probabilities(encode(tokenize(part, tokenizer, n_jobs=1), index))

    def one_by_one() -> None:
        for text in few:
            predict([text])

    ours, theirs = per_second(len(few), lambda: predict(few)), per_second(len(few), one_by_one)
    return side_by_side("prediction in batches", "reviews/s", ours, theirs, "one review at a time", 2.5)


@contextmanager
def fasttext(path: Path, section: Embed, n_words: int) -> Iterator[Rate]:
    """Yield a function that makes fastText, in another process, train on a text, and returns words/s."""
    names = ("vector_size", "window", "negative", "sample", "min_count", "alpha")
    options = [str(getattr(section, name)) for name in names]
    with child("fasttext_skipgram.py", str(path), *options) as ask:
        yield lambda: n_words / ask()


def skipgram_words(params: Params, chunks: list[Chunk]) -> Iterator[dict[str, Any]]:
    """Compare training the vectors with gensim, fed by its own iterator, and with fastText; parameters are the same."""
    text = "".join(chunk.text for chunk in chunks)
    section = params.embed.model_copy(update={"epochs": 1, "workers": 1, "reviews": "all"})
    words = text.split()
    types, counts = np.unique(np.array(words), return_counts=True)
    order = np.lexsort((types, -counts))
    n_words = len(words)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corpus.txt"
        path.write_text(text, "utf-8")

        vocabulary = types[order].tolist(), counts[order].astype(np.int64)
        only_ours = {"architecture", "loss", "reviews", "min_words", "pretrained", "missing_words", "continue_from"}
        options = section.model_dump(exclude=only_ours)
        ours = per_second(
            n_words, lambda: word2vec.train(path, *vocabulary, np.zeros(0, np.bool_), {}, section, Silent())
        )
        theirs = per_second(n_words, lambda: Word2Vec(LineSentence(str(path)), sg=1, hs=0, **options))
        name, against = "skip-gram, one worker", "gensim fed by its LineSentence, the scan for words included"
        yield side_by_side(name, "words/s", ours, theirs, against, 1.0, n_runs=3)
        if reason := missing_rivals():
            print(f"skipped: skip-gram against fastText; {reason}")
            return
        with fasttext(path, section, n_words) as theirs:
            yield side_by_side(name, "words/s", ours, theirs, "fastText without subwords", None, n_runs=3)


def figures(
    params: Params, corpus: list[str], texts: list[str], chunks: list[Chunk], words: list[str]
) -> Iterator[dict[str, Any]]:
    """Measure everything about text; `corpus` has all reviews, `texts` those that `chunks` has."""
    torch.set_num_threads(params.classify.n_processes)
    yield from tokenization(params, corpus)
    yield prediction(params, texts, chunks, words)
    yield from skipgram_words(params, chunks)
