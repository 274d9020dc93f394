"""The polarity of words, estimated from labelled reviews, and how well word vectors preserve it.

Maas et al. (2011) trained vectors on labels because unsupervised ones put "good" near "bad", which occur in the same
contexts. The share of a word's neighbors that have its polarity measures how well vectors separate the two.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.core.embeddings import unit_vectors
from pipeline.core.ragged import Int64, Ragged

Float64 = NDArray[np.float64]


def document_frequencies(reviews: Ragged, labels: NDArray[np.int8], n_words: int) -> tuple[Int64, Int64]:
    """Count the negative and the positive reviews that contain each of the first `n_words` types.

    Args:
        reviews: token ids of all types.
        labels: int8 [n_reviews], 0 or 1.
        n_words: the number of types to count.

    Returns:
        The counts in negative and in positive reviews, int64 [n_words] each.
    """
    known = reviews.below(n_words)
    ones = np.ones(len(known.values), np.int64)
    table = csr_matrix((ones, known.values, known.offsets), shape=(len(known), n_words))
    table.sum_duplicates()
    table.data[:] = 1
    negative, positive = (np.asarray(table[labels == label].sum(0)).ravel() for label in (0, 1))
    return negative, positive


def polarity(negative: Int64, positive: Int64) -> tuple[Float64, Float64]:
    """Return each word's log odds of occurring in a positive review, and their ratio to their standard error.

    Args:
        negative: int64 [V], the number of negative reviews with the word.
        positive: int64 [V], the number of positive reviews with the word.

    Source: Haldane, 1956, for adding half a review to both counts; Woolf, 1955, for the variance, the sum of the
    reciprocals.
    """
    log_odds = np.log((positive + 0.5) / (negative + 0.5))
    return log_odds, log_odds / np.sqrt(1 / (positive + 0.5) + 1 / (negative + 0.5))


def nearest(vectors: NDArray[np.float32], rows: Int64, candidates: Int64, n: int) -> Int64:
    """Return the `n` candidates with the largest cosine to each of `rows`, excluding the word itself.

    Args:
        vectors: float32 [V, D].
        rows: int64 [R], the words asked about, as rows of `vectors`.
        candidates: int64 [A], rows of `vectors`, at least n + 1.
        n: the number of neighbors.

    Returns:
        int64 [R, n], rows of `vectors`, best first.
    """
    units = unit_vectors(vectors)
    cosines = units[rows] @ units[candidates].T  # [R, A]
    cosines[rows[:, None] == candidates] = -np.inf
    best = np.argsort(-cosines, axis=1, kind="stable")[:, :n]
    return candidates[best]


def same_polarity(vectors: NDArray[np.float32], log_odds: Float64, rows: Int64, candidates: Int64, n: int) -> float:
    """Return the share of the `n` nearest candidates that have the word's polarity, averaged over `rows`.

    By chance it would be one half if both polarities were equally frequent among the candidates.
    """
    signs = np.sign(log_odds)
    return float((signs[nearest(vectors, rows, candidates, n)] == signs[rows][:, None]).mean())
