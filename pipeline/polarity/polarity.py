"""The polarity of words, estimated from labelled reviews, and how far word vectors keep it apart.

Maas et al. (2011) built sentiment into vectors because unsupervised ones put "good" beside "bad": used alike, they
are near each other. The share of a word's neighbours that have its own polarity says how much of that is left.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.core.ragged import Int64, Ragged

Float64 = NDArray[np.float64]
KINDS = {
    "word2vec": "word2vec (`artifacts/embeddings`)",
    "lstm_finetuned": "the same, tuned by the LSTM (`artifacts/tuned`)",
    "maas": "Maas et al. 2011 (`artifacts/maas`)",
}


def document_frequencies(reviews: Ragged, labels: NDArray[np.int8], n_words: int) -> tuple[Int64, Int64]:
    """Count the negative and the positive reviews that hold each of the first `n_words` types, int64 [n_words] each."""
    known = reviews.below(n_words)
    ones = np.ones(len(known.values), np.int64)
    table = csr_matrix((ones, known.values, known.offsets), shape=(len(known), n_words))
    table.sum_duplicates()
    table.data[:] = 1
    negative, positive = (np.asarray(table[labels == label].sum(0)).ravel() for label in (0, 1))
    return negative, positive


def polarity(negative: Int64, positive: Int64) -> tuple[Float64, Float64]:
    """Return each word's log log_odds of standing in a positive review, and how many standard deviations they are from 0.

    Half a review is added on both sides. Source: Haldane, 1956, and Woolf's variance, the sum of the reciprocals.
    """
    log_odds = np.log((positive + 0.5) / (negative + 0.5))
    return log_odds, log_odds / np.sqrt(1 / (positive + 0.5) + 1 / (negative + 0.5))


def nearest(vectors: NDArray[np.float32], rows: Int64, among: Int64, n: int) -> Int64:
    """Return the `n` words of `among` whose vectors have the largest cosine with each of `rows`, itself left out.

    Args:
        vectors: float32 [V, D].
        rows: int64 [R].
        among: int64 [A], at least n + 1.
        n: how many.

    Returns: int64 [R, n], rows of `vectors`, best first.
    """
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    cosines = unit[rows] @ unit[among].T  # [R, A]
    cosines[rows[:, None] == among] = -np.inf
    best = np.argsort(-cosines, axis=1, kind="stable")[:, :n]
    return among[best]


def same_polarity(vectors: NDArray[np.float32], log_odds: Float64, rows: Int64, among: Int64, n: int) -> float:
    """Return the share of the `n` nearest neighbours that have a word's own polarity, mean over `rows`.

    Half of them would by chance, where both signs are as frequent among `among`.
    """
    signs = np.sign(log_odds)
    return float((signs[nearest(vectors, rows, among, n)] == signs[rows][:, None]).mean())


def polarity_table(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """Return metrics/polarity.json as a Markdown table, a kind of vectors a row."""
    lines = ["| vectors | share of own polarity | bag of vectors, validation |", "|---|---|---|"]
    for name, title in KINDS.items():
        one = figures[name]
        lines.append(f"| {title}, {one['vector_size']}-d | {one['same_polarity']:.3f} | {one['bag_of_vectors']:.4f} |")
    return "\n".join(lines)
