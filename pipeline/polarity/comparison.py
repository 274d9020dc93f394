"""Kinds of word vectors, measured against the polarity of words."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.baseline.bag_of_vectors import BagOfVectors
from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError
from pipeline.core.progress import Advance
from pipeline.core.ragged import Ragged
from pipeline.polarity.params import Polarity
from pipeline.polarity.polarity import document_frequencies, nearest, polarity, same_polarity
from pipeline.polarity.word_map import word_map
from pipeline.vectors.intrinsic import intrinsic

MIN_CANDIDATES = 4


def _most_polar(by_polarity: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Return the most positive words and as many of the most negative ones, `n` of them if there are so many."""
    half = min(n, len(by_polarity)) // 2
    return np.concatenate([by_polarity[:half], by_polarity[::-1][:half]])


def compare_kinds(
    kinds: Mapping[str, Embeddings],
    reviews: Ragged,
    labels: NDArray[np.int8],
    valid: NDArray[np.bool_],
    section: Polarity,
    C: Sequence[float],
    advance: Advance = lambda n_kinds: None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Measure kinds of vectors, `maas` among them, whose vocabularies begin with the same words.

    Args:
        kinds: the vectors by name.
        reviews: the training reviews as token ids of all types.
        labels: int8 [n_reviews], 0 or 1.
        valid: bool [n_reviews], the validation split; polarity is estimated on the other reviews.
        section: the numbers of words and neighbors, the words to show, and the map's parameters.
        C: the values of C that the bag of vectors tries.
        advance: called with 1 after each kind.

    Returns:
        The figures of metrics/polarity.json, and the `neighbors` and `map` of each kind for the report.

    Raises:
        InputError: fewer than MIN_CANDIDATES words occur in `min_reviews` reviews.
    """
    n_words = min(len(kind.words) for kind in kinds.values())
    words = kinds["maas"].words[:n_words]
    negative, positive = document_frequencies(reviews.rows(np.flatnonzero(~valid)), labels[~valid], n_words)
    log_odds, z_scores = polarity(negative, positive)
    has_vector = np.abs(kinds["maas"].vectors[:n_words]).sum(1) > 0
    candidates = np.flatnonzero((negative + positive >= section.min_reviews) & has_vector)
    by_polarity = candidates[np.argsort(-z_scores[candidates], kind="stable")]
    if len(by_polarity) < MIN_CANDIDATES:
        raise InputError(
            f"{len(by_polarity)} words with vectors occur in {section.min_reviews} or more training reviews, at least"
            f" {MIN_CANDIDATES} are needed; lower polarity.min_reviews or maas.n_skipped, or add reviews"
        )
    probes = _most_polar(by_polarity, section.n_probes)
    n_neighbors = min(section.n_neighbors, len(candidates) - 1)

    figures: dict[str, Any] = {}
    shown: dict[str, Any] = {"neighbors": {}, "map": {}}
    asked = [words.index(word) for word in section.words if word in words]
    on_map = _most_polar(by_polarity, section.n_map)
    for name, kind in kinds.items():
        rows = np.flatnonzero(np.abs(kind.vectors).sum(1))  # words that have a vector
        known = Embeddings(
            kind.vectors[rows], [kind.words[i] for i in rows], kind.counts[rows], kind.tokenizer, kind.training
        )
        bag = BagOfVectors.fit(reviews.below(len(kind.words)), labels, valid, kind.vectors, C)
        vectors = np.asarray(kind.vectors[:n_words])
        figures[name] = {
            "vector_size": kind.vectors.shape[1],
            "same_polarity": round(same_polarity(vectors, log_odds, probes, candidates, n_neighbors), 4),
            "bag_of_vectors": round(bag.linear.valid_accuracy[bag.linear.C], 4),
            **intrinsic(known),
        }
        neighbors = nearest(vectors, np.array(asked, np.int64), candidates, n_neighbors)
        shown["neighbors"][name] = {
            words[row]: [[words[i], round(float(log_odds[i]), 2)] for i in near]
            for row, near in zip(asked, neighbors, strict=True)
        }
        positions = word_map(vectors[on_map], section.perplexity, section.seed)
        shown["map"][name] = [
            [words[i], *(round(float(value), 2) for value in (*position, log_odds[i]))]
            for i, position in zip(on_map, positions, strict=True)
        ]
        advance(1)
    share_positive = float((log_odds[candidates] > 0).mean())
    figures["words"] = {"probes": len(probes), "among": len(candidates), "positive": round(share_positive, 4)}
    return figures, shown
