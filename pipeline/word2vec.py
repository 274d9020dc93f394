"""word2vec, trained by gensim: skip-gram or CBOW, with negative sampling or hierarchical softmax."""

import hashlib
from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import gensim
import numpy as np
from gensim.models import Word2Vec
from gensim.models.callbacks import CallbackAny2Vec
from gensim.models.word2vec import MAX_WORDS_IN_BATCH
from numpy.typing import NDArray
from tqdm import tqdm

from pipeline.embeddings import Embeddings
from pipeline.errors import InputError
from pipeline.params import Embed
from pipeline.tokens import Int32, Int64

N_HELDOUT = 100_000
NAMES = {
    "skipgram": "skip-gram",
    "cbow": "CBOW",
    "negative_sampling": "negative sampling",
    "hierarchical_softmax": "hierarchical softmax",
}


class Start(NamedTuple):
    """What training starts from in place of random vectors: float32 [n, D], of the words in `rows`, int64 [n]."""

    rows: Int64
    vectors: NDArray[np.float32]
    locked: bool  # these stay as they are, and the other words are trained around them


class Reviews:
    """The reviews of corpus.txt but the held-out ones, as gensim wants them: an iterable that starts anew.

    A review longer than gensim's batch, which would be cut there, is given in pieces.
    """

    def __init__(self, path: Path, heldout: NDArray[np.bool_], progress: "tqdm[Any]") -> None:
        self._path, self._heldout, self._progress = path, heldout, progress

    def __iter__(self) -> Iterator[list[str]]:
        with open(self._path, encoding="utf-8", newline="\n") as lines:
            for line, heldout in zip(lines, self._heldout, strict=True):
                if not heldout:
                    words = line.split()
                    for start in range(0, len(words), MAX_WORDS_IN_BATCH):
                        yield words[start : start + MAX_WORDS_IN_BATCH]
                    self._progress.update(len(words))


class HeldoutLoss(CallbackAny2Vec):  # type: ignore[misc]
    """The mean loss of word2vec over fixed examples of reviews that are not trained on, in nats.

    An example is a set of input words, whose mean vector is h, and a chain of yes-or-no decisions with a vector u and a
    sign s each: its loss is the sum of -log sigmoid(s u . h). With negative sampling the decisions are the target
    word (+) and the noise words (-), with hierarchical softmax the target's path through the Huffman tree. Examples and
    noise are drawn once, so that epochs, and runs of one kind, can be compared.
    Source: Mikolov et al., Distributed Representations of Words and Phrases, 2013, equations 3 and 4.
    """

    def __init__(self, inputs: Int32, nodes: Int32, signs: NDArray[np.int8]) -> None:
        """Keep n examples.

        Args:
            inputs: [n, W], rows of the input vectors; -1 where there are fewer.
            nodes: [n, M], rows of the output vectors.
            signs: [n, M]; 0 where there are fewer.
        """
        self._inputs, self._nodes, self._signs = inputs, nodes, signs
        self.losses: list[float] = []

    def on_epoch_end(self, model: Word2Vec) -> None:
        """Append the loss of the vectors as they stand."""
        self.losses.append(self.of(model.wv.vectors, model.syn1 if model.hs else model.syn1neg))

    def of(self, vectors: NDArray[np.float32], outputs: NDArray[np.float32]) -> float:
        """Return the loss of input vectors [V, D] and output vectors [V, D]."""
        total = 0.0
        for rows in np.array_split(np.arange(len(self._inputs)), max(1, len(self._inputs) // 5_000)):
            inputs = self._inputs[rows]
            known = (inputs >= 0)[:, :, None]
            h = (vectors[inputs] * known).sum(1) / known.sum(1)  # [n, D]
            f = np.einsum("nd,nmd->nm", h, outputs[self._nodes[rows]])
            signs = self._signs[rows]
            total += float((np.logaddexp(0, -signs * f) * (signs != 0)).sum())
        return total / len(self._inputs)


def examples(path: Path, heldout: NDArray[np.bool_], index: Mapping[str, int], section: Embed) -> tuple[Int32, Int32]:
    """Draw what is predicted from what in the held-out reviews, as gensim does, windows shrunk at random.

    Returns: inputs int32 [n, W], rows of words, -1 where there are fewer; and targets int32 [n]. Skip-gram predicts one
        word from one (W = 1), CBOW one from all around it.
    """
    rng = np.random.default_rng(section.seed)
    width = 1 if section.architecture == "skipgram" else 2 * section.window
    rows = array("i")
    with open(path, encoding="utf-8", newline="\n") as lines:
        for line, held in zip(lines, heldout, strict=True):
            if not held:
                continue
            ids = [index[word] for word in line.split() if word in index]
            for place, reach in enumerate(rng.integers(1, section.window, len(ids), endpoint=True)):
                around = ids[max(0, place - reach) : place] + ids[place + 1 : place + 1 + reach]
                if section.architecture == "skipgram":
                    for context in around:
                        rows.extend((ids[place], context))
                elif around:
                    rows.extend([*around, *[-1] * (width - len(around)), ids[place]])
    if not rows:
        raise InputError(
            f"{path}: the {int(heldout.sum())} held-out reviews hold no pair of known words; raise embed.heldout_frac"
        )
    found = np.frombuffer(rows, np.int32).reshape(-1, width + 1)
    if len(found) > N_HELDOUT:
        found = found[np.sort(rng.choice(len(found), N_HELDOUT, replace=False))]
    return found[:, :-1], found[:, -1]


def heldout_loss(
    path: Path, heldout: NDArray[np.bool_], index: Mapping[str, int], model: Word2Vec, section: Embed
) -> HeldoutLoss:
    """Set up the loss of a model whose vocabulary, and with it the tree or the noise, is known."""
    inputs, targets = examples(path, heldout, index, section)
    if section.loss == "negative_sampling":
        rng = np.random.default_rng([section.seed, 1])
        counts = np.array([model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key], np.float64)
        weights = counts**section.ns_exponent
        noise = rng.choice(len(counts), (len(targets), section.negative), p=weights / weights.sum())
        nodes = np.concatenate([targets[:, None], noise.astype(np.int32)], axis=1)
        signs = np.full(nodes.shape, -1, np.int8)
        signs[:, 0] = 1
        return HeldoutLoss(inputs, nodes, signs)
    points, codes = ([model.wv.get_vecattr(word, name) for word in model.wv.index_to_key] for name in ("point", "code"))
    longest = max(map(len, points))
    all_nodes = np.zeros((len(points), longest), np.int32)
    all_signs = np.zeros((len(points), longest), np.int8)
    for row, (point, code) in enumerate(zip(points, codes, strict=True)):
        all_nodes[row, : len(point)] = point
        all_signs[row, : len(code)] = 1 - 2 * code.astype(np.int8)
    return HeldoutLoss(inputs, all_nodes[targets], all_signs[targets])


def vocabulary(corpus: Path, types: list[str], counts: Int64, min_count: int) -> tuple[list[str], Int64]:
    """Keep the types with at least `min_count` occurrences: the words that get a vector.

    Raises:
        InputError: fewer than two are that frequent.
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
    tokenizer: Mapping[str, Any],
    section: Embed,
    start: Start | None = None,
) -> tuple[Embeddings, list[float]]:
    """Train the vectors of a text of a review a line.

    Args:
        corpus: the text, tokens joined by spaces.
        types: every type of the text, by falling count, then string.
        counts: int64 [n_types], their occurrences.
        tokenizer: kept with the vectors.
        section: the parameters, in gensim's names.
        start: vectors to start from; the output vectors, which no artifact keeps, start at zero as always.

    Returns: the vectors of the types with at least `min_count` occurrences, and the held-out loss in nats after
        each epoch. With one worker the same input gives the same bits on the same machine.

    Raises:
        InputError: no type is that frequent, or nothing is left to hold out.
    """
    words, word_counts = vocabulary(corpus, types, counts, section.min_count)
    with open(corpus, encoding="utf-8", newline="\n") as lines:
        n_reviews = sum(1 for _ in lines)
    heldout = np.zeros(n_reviews, np.bool_)
    n_heldout = max(1, round(section.heldout_frac * n_reviews))
    heldout[np.random.default_rng(section.seed).choice(n_reviews, n_heldout, replace=False)] = True

    tree = section.loss == "hierarchical_softmax"
    model = Word2Vec(
        sg=int(section.architecture == "skipgram"),
        hs=int(tree),
        negative=0 if tree else section.negative,
        sorted_vocab=0,  # the order of `words` stands: token ids are rows
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
    model.build_vocab_from_freq(dict(zip(words, word_counts.tolist(), strict=True)), corpus_count=n_reviews - n_heldout)
    assert model.wv.index_to_key == words
    if start:
        model.wv.vectors[start.rows] = start.vectors
        if start.locked:
            model.wv.vectors_lockf = np.ones(len(words), np.float32)
            model.wv.vectors_lockf[start.rows] = 0
    loss = heldout_loss(corpus, heldout, {word: i for i, word in enumerate(words)}, model, section)
    n_tokens = round(int(counts.sum()) * (1 - n_heldout / n_reviews))  # about: the held-out ones differ in length
    with tqdm(
        total=n_tokens * section.epochs, unit=" words", unit_scale=True, desc="embed", mininterval=2, disable=None
    ) as bar:
        model.train(
            Reviews(corpus, heldout, bar),
            total_examples=n_reviews - n_heldout,
            epochs=section.epochs,
            callbacks=[loss],
        )
    training = {
        "model": f"{NAMES[section.architecture]} with {NAMES[section.loss]}",
        **section.model_dump(),
        "n_reviews": n_reviews - n_heldout,
        "corpus_sha256": digest(corpus),
        "gensim": gensim.__version__,
    }
    vectors = np.ascontiguousarray(model.wv.vectors, np.float32)
    return Embeddings(vectors, words, word_counts, tokenizer, training), loss.losses


def digest(path: Path) -> str:
    """Return the sha256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
