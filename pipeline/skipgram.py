"""Skip-gram with negative sampling, trained by gensim, and what is measured on the vectors alone."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import gensim
import numpy as np
from gensim.models import KeyedVectors, Word2Vec
from gensim.models.callbacks import CallbackAny2Vec
from gensim.models.word2vec import MAX_WORDS_IN_BATCH
from gensim.test.utils import datapath
from numpy.typing import NDArray
from tqdm import tqdm

from pipeline.embeddings import Embeddings
from pipeline.errors import InputError
from pipeline.params import Embed
from pipeline.tokens import Int32, Int64

N_HELDOUT_PAIRS = 100_000


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
    """The mean loss of skip-gram with negative sampling over fixed pairs of reviews that are not trained on.

    For a word w, a context c and K noise words n: -log s(v_w . u_c) - sum log s(-v_w . u_n), in nats, s the
    logistic sigmoid. Pairs and noise are drawn once, so that epochs and runs can be compared.
    Source: Mikolov et al., Distributed Representations of Words and Phrases, 2013, equation 4.
    """

    def __init__(self, pairs: Int32, noise: Int32) -> None:
        self._centers, self._contexts = pairs.T
        self._noise = noise
        self.losses: list[float] = []

    def on_epoch_end(self, model: Word2Vec) -> None:
        """Append the loss of the vectors as they stand."""
        self.losses.append(self.of(model.wv.vectors, model.syn1neg))

    def of(self, vectors: NDArray[np.float32], contexts: NDArray[np.float32]) -> float:
        """Return the loss of input vectors [V, D] and output vectors [V, D]."""
        total = 0.0
        for rows in np.array_split(np.arange(len(self._centers)), max(1, len(self._centers) // 10_000)):
            center = vectors[self._centers[rows]]
            right = np.einsum("nd,nd->n", center, contexts[self._contexts[rows]])
            wrong = np.einsum("nd,nkd->nk", center, contexts[self._noise[rows]])
            total += float(np.logaddexp(0, -right).sum() + np.logaddexp(0, wrong).sum())
        return total / len(self._centers)


def heldout_pairs(
    path: Path, heldout: NDArray[np.bool_], index: Mapping[str, int], counts: Int64, section: Embed
) -> HeldoutLoss:
    """Draw (word, context) pairs from the held-out reviews as gensim does, windows shrunk at random."""
    rng = np.random.default_rng(section.seed)
    pairs: list[tuple[int, int]] = []
    with open(path, encoding="utf-8", newline="\n") as lines:
        for line, held in zip(lines, heldout, strict=True):
            if not held:
                continue
            ids = [index[word] for word in line.split() if word in index]
            for place, reach in enumerate(rng.integers(1, section.window, len(ids), endpoint=True)):
                around = ids[max(0, place - reach) : place] + ids[place + 1 : place + 1 + reach]
                pairs.extend((ids[place], context) for context in around)
    if not pairs:
        raise InputError(
            f"{path}: the {int(heldout.sum())} held-out reviews hold no pair of known words; raise embed.heldout_frac"
        )
    chosen = np.array(pairs, np.int32)
    if len(chosen) > N_HELDOUT_PAIRS:
        chosen = chosen[np.sort(rng.choice(len(chosen), N_HELDOUT_PAIRS, replace=False))]
    weights = counts.astype(np.float64) ** section.ns_exponent
    noise = rng.choice(len(counts), (len(chosen), section.negative), p=weights / weights.sum())
    return HeldoutLoss(chosen, noise.astype(np.int32))


def train(
    corpus: Path, types: list[str], counts: Int64, tokenizer: Mapping[str, Any], section: Embed
) -> tuple[Embeddings, list[float]]:
    """Train skip-gram vectors on a text of a review a line.

    Args:
        corpus: the text, tokens joined by spaces.
        types: every type of the text, by falling count, then string.
        counts: int64 [n_types], their occurrences.
        tokenizer: kept with the vectors.
        section: the parameters, in gensim's names.

    Returns: the vectors of the types with at least `min_count` occurrences, and the held-out loss in nats after
        each epoch. With one worker the same input gives the same bits on the same machine.

    Raises:
        InputError: no type is that frequent, or nothing is left to hold out.
    """
    n_words = int(np.sum(counts >= section.min_count))
    if n_words < 2:
        most = f"the most frequent type, {types[0]!r}, occurs {counts[0]} times" if types else "there are no types"
        raise InputError(
            f"embed.min_count = {section.min_count} leaves {n_words} words in the vocabulary of {corpus}: {most};"
            " lower embed.min_count in params.yaml"
        )
    words, word_counts = types[:n_words], counts[:n_words]
    with open(corpus, encoding="utf-8", newline="\n") as lines:
        n_reviews = sum(1 for _ in lines)
    heldout = np.zeros(n_reviews, np.bool_)
    n_heldout = max(1, round(section.heldout_frac * n_reviews))
    heldout[np.random.default_rng(section.seed).choice(n_reviews, n_heldout, replace=False)] = True
    loss = heldout_pairs(corpus, heldout, {word: i for i, word in enumerate(words)}, word_counts, section)

    model = Word2Vec(
        sg=1,
        hs=0,
        sorted_vocab=0,  # the order of `words` stands: token ids are rows
        vector_size=section.vector_size,
        window=section.window,
        negative=section.negative,
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
    n_tokens = round(int(counts.sum()) * (1 - n_heldout / n_reviews))  # about: the held-out ones differ in length
    with tqdm(total=n_tokens * section.epochs, unit=" words", unit_scale=True, desc="embed", mininterval=2) as bar:
        model.train(
            Reviews(corpus, heldout, bar),
            total_examples=n_reviews - n_heldout,
            epochs=section.epochs,
            callbacks=[loss],
        )
    training = {
        "model": "skip-gram with negative sampling",
        **section.model_dump(),
        "n_reviews": n_reviews - n_heldout,
        "gensim": gensim.__version__,
    }
    vectors = np.ascontiguousarray(model.wv.vectors, np.float32)
    return Embeddings(vectors, words, word_counts, tokenizer, training), loss.losses


def keyed_vectors(embeddings: Embeddings) -> KeyedVectors:
    """Give the vectors to gensim, counts included."""
    keyed = KeyedVectors(embeddings.vectors.shape[1])
    keyed.add_vectors(embeddings.words, np.asarray(embeddings.vectors))
    for word, count in zip(embeddings.words, embeddings.counts.tolist(), strict=True):
        keyed.set_vecattr(word, "count", count)
    return keyed


def intrinsic(embeddings: Embeddings) -> dict[str, dict[str, float]]:
    """Score the vectors on the test sets that gensim ships; each score with the share of items it rests on.

    Returns: `analogies` (Google, accuracy), `wordsim353` and `simlex999` (Spearman's rho with human judgement), each
        with `coverage`, the share of items all of whose words are in the vocabulary. A set with too few items to
        score gives 0 at its coverage.
    """
    keyed = keyed_vectors(embeddings)
    path = Path(datapath("questions-words.txt"))
    n_items = sum(not line.startswith(":") for line in path.read_text("utf-8").splitlines())
    sections: list[dict[str, Any]] = keyed.evaluate_word_analogies(str(path), restrict_vocab=len(keyed))[1]
    total = next(s for s in sections if s["section"] == "Total accuracy")
    n_right, n_answered = len(total["correct"]), len(total["correct"]) + len(total["incorrect"])
    scores = {
        "analogies": {"accuracy": n_right / max(1, n_answered), "coverage": n_answered / n_items},
    }
    for file in ("wordsim353.tsv", "simlex999.txt"):
        path = Path(datapath(file))
        pairs = [line.split("\t")[:2] for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
        coverage = sum(all(word.lower() in embeddings.index for word in pair) for pair in pairs) / len(pairs)
        rho = float(keyed.evaluate_word_pairs(str(path))[1][0]) if coverage * len(pairs) > 2 else 0.0
        scores[path.stem] = {"spearman": rho if np.isfinite(rho) else 0.0, "coverage": coverage}
    return {name: {key: round(value, 4) for key, value in score.items()} for name, score in scores.items()}
