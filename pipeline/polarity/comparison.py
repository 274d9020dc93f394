"""Three kinds of word vectors measured against the polarity of words."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.baseline.bag_of_vectors import BagOfVectors
from pipeline.core.embeddings import Embeddings
from pipeline.core.progress import Advance
from pipeline.core.ragged import Ragged
from pipeline.polarity.params import Polarity
from pipeline.polarity.polarity import document_frequencies, nearest, polarity, same_polarity
from pipeline.polarity.word_map import word_map
from pipeline.vectors.intrinsic import intrinsic


def compare_kinds(
    kinds: Mapping[str, Embeddings],
    reviews: Ragged,
    labels: NDArray[np.int8],
    valid: NDArray[np.bool_],
    section: Polarity,
    C: Sequence[float],
    advance: Advance = lambda n_kinds: None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Measure kinds of vectors that share their first words, `maas` among them.

    Args:
        kinds: by name.
        reviews: the training reviews as ids of all types.
        labels: int8 [n_reviews].
        valid: bool [n_reviews], the reviews for validation; polarity is estimated on the others.
        section: how many words, neighbors, and on what they are measured.
        C: the values that the bag of vectors tries.
        advance: called after each kind.

    Returns: the figures of metrics/polarity.json; and `neighbors` and `map` by kind, for the report.
    """
    n_words = min(len(kind.words) for kind in kinds.values())
    words = kinds["maas"].words[:n_words]
    negative, positive = document_frequencies(reviews.rows(~valid), labels[~valid], n_words)
    log_odds, deviations = polarity(negative, positive)
    has_vector = np.abs(kinds["maas"].vectors[:n_words]).sum(1) > 0
    among = np.flatnonzero((negative + positive >= section.min_reviews) & has_vector)
    by_polarity = among[np.argsort(-deviations[among], kind="stable")]
    n_probes = min(section.n_probes, len(by_polarity)) // 2
    probes = np.concatenate([by_polarity[:n_probes], by_polarity[::-1][:n_probes]])
    n_neighbors = min(section.n_neighbors, len(among) - 1)

    figures: dict[str, Any] = {}
    shown: dict[str, Any] = {"neighbors": {}, "map": {}}
    asked = [words.index(word) for word in section.words if word in words]
    on_map = np.concatenate([by_polarity[: section.n_map // 2], by_polarity[::-1][: section.n_map // 2]])
    for name, kind in kinds.items():
        with_vector = np.flatnonzero(np.abs(kind.vectors).sum(1))
        those = [kind.words[i] for i in with_vector]
        known = Embeddings(kind.vectors[with_vector], those, kind.counts[with_vector], kind.tokenizer, kind.training)
        bag = BagOfVectors.fit(reviews.below(len(kind.words)), labels, valid, kind.vectors, C)
        vectors = np.asarray(kind.vectors[:n_words])
        figures[name] = {
            "vector_size": kind.vectors.shape[1],
            "same_polarity": round(same_polarity(vectors, log_odds, probes, among, n_neighbors), 4),
            "bag_of_vectors": round(bag.linear.valid_accuracy[bag.linear.C], 4),
            **intrinsic(known),
        }
        found = nearest(vectors, np.array(asked, np.int64), among, n_neighbors)
        shown["neighbors"][name] = {
            words[row]: [[words[i], round(float(log_odds[i]), 2)] for i in near]
            for row, near in zip(asked, found, strict=True)
        }
        places = word_map(vectors[on_map], section.perplexity, section.seed)
        shown["map"][name] = [
            [words[i], *(round(float(value), 2) for value in (*place, log_odds[i]))]
            for i, place in zip(on_map, places, strict=True)
        ]
        advance(1)
    share_positive = float((log_odds[among] > 0).mean())
    figures["words"] = {"probes": len(probes), "among": len(among), "positive": round(share_positive, 4)}
    return figures, shown
