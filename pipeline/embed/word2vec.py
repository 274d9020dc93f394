"""word2vec, trained by gensim: skip-gram or CBOW, with negative sampling or hierarchical softmax."""

import hashlib
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import gensim
import numpy as np
from gensim.models.callbacks import CallbackAny2Vec
from gensim.models.word2vec import MAX_WORDS_IN_BATCH
from numpy.typing import NDArray

from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError
from pipeline.core.progress import Advance, Progress
from pipeline.core.ragged import Int64
from pipeline.embed.heldout_loss import prepare_heldout_loss
from pipeline.embed.params import Embed
from pipeline.embed.resumable import EpochCheckpoint, ResumableWord2Vec

NAMES = {
    "skipgram": "skip-gram",
    "cbow": "CBOW",
    "negative_sampling": "negative sampling",
    "hierarchical_softmax": "hierarchical softmax",
}


class Start(NamedTuple):
    """Initial vectors, float32 [n, D], of the words in `rows`, int64 [n]; the other words start from random ones."""

    rows: Int64
    vectors: NDArray[np.float32]
    locked: bool  # whether training leaves these vectors unchanged


class Sentences:
    """The reviews of corpus.txt to train on, as gensim reads them: an iterable that can be restarted.

    Reviews longer than gensim's batch are split, because gensim would truncate them.
    """

    def __init__(self, path: Path, chosen: NDArray[np.bool_], advance: Advance) -> None:
        self._path, self._chosen, self._advance = path, chosen, advance

    def __iter__(self) -> Iterator[list[str]]:
        with open(self._path, encoding="utf-8", newline="\n") as lines:
            for line, is_chosen in zip(lines, self._chosen, strict=True):
                if is_chosen:
                    words = line.split()
                    for start in range(0, len(words), MAX_WORDS_IN_BATCH):
                        yield words[start : start + MAX_WORDS_IN_BATCH]
                    self._advance(len(words))


def vocabulary(corpus: Path, types: list[str], counts: Int64, min_count: int) -> tuple[list[str], Int64]:
    """Return the types with at least `min_count` occurrences, the words that get a vector, and their counts.

    Raises:
        InputError: there are fewer than two.
    """
    n_words = int(np.sum(counts >= min_count))
    if n_words < 2:
        most = f"the most frequent type, {types[0]!r}, occurs {counts[0]} times" if types else "there are no types"
        raise InputError(
            f"embed.min_count = {min_count} leaves {n_words} words in the vocabulary of {corpus}: {most};"
            " lower embed.min_count in params.yaml"
        )
    return types[:n_words], counts[:n_words]


def train(
    corpus: Path,
    types: list[str],
    counts: Int64,
    valid: NDArray[np.bool_],
    tokenizer: Mapping[str, Any],
    section: Embed,
    progress: Progress,
    start: Start | None = None,
    checkpoint: EpochCheckpoint | None = None,
) -> tuple[Embeddings, list[float]]:
    """Train word vectors.

    Args:
        corpus: one review per line, tokens joined by spaces; first the labelled ones.
        types: all types of the corpus, by decreasing count, then alphabetically.
        counts: int64 [n_types], their occurrences outside the validation reviews.
        valid: bool [n_labelled], the validation reviews.
        tokenizer: stored with the vectors.
        section: the parameters, in gensim's names.
        progress: gets the number of words read and the held-out loss of each epoch.
        start: initial input vectors; the output vectors always start at zero, because no artifact stores them.
        checkpoint: written after each epoch; training resumes from it, with the same result to the bit.

    Returns:
        The vectors of the types with at least `min_count` occurrences, and the loss in nats on the validation reviews
        after each epoch, unless they are trained on.
        With one worker the same input gives the same bits on the same machine.

    Raises:
        InputError: fewer than two types are that frequent, or the validation reviews contain no pair of known words.
    """
    words, word_counts = vocabulary(corpus, types, counts, section.min_count)
    with open(corpus, "rb") as file:
        n_reviews = sum(1 for _ in file)
    heldout = np.zeros(n_reviews, np.bool_)
    if section.reviews == "all_but_validation":
        heldout[: len(valid)] = valid
    n_chosen = int((~heldout).sum())

    tree = section.loss == "hierarchical_softmax"
    model = ResumableWord2Vec(
        sg=int(section.architecture == "skipgram"),
        hs=int(tree),
        negative=0 if tree else section.negative,
        sorted_vocab=0,  # keep the order of `words`: token ids are rows
        vector_size=section.vector_size,
        window=section.window,
        ns_exponent=section.ns_exponent,
        sample=section.sample,
        min_count=section.min_count,
        alpha=section.alpha,
        min_alpha=section.min_alpha,
        seed=section.seed,
        workers=section.workers,
    )
    model.build_vocab_from_freq(dict(zip(words, word_counts.tolist(), strict=True)), corpus_count=n_chosen)
    assert model.wv.index_to_key == words
    if start:
        model.wv.vectors[start.rows] = start.vectors
        if start.locked:
            model.wv.vectors_lockf = np.ones(len(words), np.float32)
            model.wv.vectors_lockf[start.rows] = 0
    n_words = int(counts.sum())
    n_epochs = max(section.epochs, math.ceil(section.min_words / max(1, n_words)))
    callbacks: list[CallbackAny2Vec] = []
    losses: list[float] = []
    if checkpoint:
        checkpoint.restore(model)
        losses = checkpoint.losses
    if heldout.any():
        loss = prepare_heldout_loss(corpus, heldout, {word: i for i, word in enumerate(words)}, model, section)
        loss.losses = losses
        loss.report = lambda epoch, value: progress.epoch(epoch, n_epochs, heldout_loss=value)
        callbacks.append(loss)
    if checkpoint:
        callbacks.append(checkpoint)
    with progress.bar("embed", n_words * n_epochs, " words") as advance:
        advance(n_words * model.n_done)
        sentences, n_left = Sentences(corpus, ~heldout, advance), n_epochs - model.n_done
        if n_left:
            model.train(sentences, total_examples=n_chosen, epochs=n_left, callbacks=callbacks)
    training = {
        "model": f"{NAMES[section.architecture]} with {NAMES[section.loss]}",
        **section.model_dump(),
        "n_reviews": n_chosen,
        "corpus_sha256": sha256_of(corpus, ~heldout),
        "gensim": gensim.__version__,
    }
    vectors = np.ascontiguousarray(model.wv.vectors, np.float32)
    return Embeddings(vectors, words, word_counts, tokenizer, training), losses


def sha256_of(corpus: Path, chosen: NDArray[np.bool_]) -> str:
    """Return the sha256, in hexadecimal, of the chosen lines of a corpus."""
    digest = hashlib.sha256()
    with open(corpus, "rb") as lines:
        for line, is_chosen in zip(lines, chosen, strict=True):
            if is_chosen:
                digest.update(line)
    return digest.hexdigest()
