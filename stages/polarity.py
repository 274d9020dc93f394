"""Compare three kinds of vectors: word2vec's, the same after fine-tuning, and those of Maas et al. (2011).

Which words are near each other, how many of a word's neighbours have its own polarity, what a bag of the vectors
reaches on validation, where they lie on a map.

Reads:  data/tokens/train/, artifacts/{embeddings,maas}/, artifacts/lstm_finetuned/ of the first seed
Writes: artifacts/tuned/ (the fine-tuned vectors, as an artifact like artifacts/embeddings), metrics/polarity.json,
        data/polarity.json (neighbours and map, for the report)
Params: seeds, polarity, baseline
"""

from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from pipeline.bag_of_vectors import BagOfVectors
from pipeline.embeddings import Embeddings
from pipeline.export import load_vectors
from pipeline.files import atomic, write_json
from pipeline.intrinsic import intrinsic
from pipeline.params import Params
from pipeline.polarity import document_frequencies, nearest, polarity, same_polarity
from pipeline.tokens import Ragged, load_array
from pipeline.word_map import word_map
from stages.stage import run

TRAIN, ARTIFACTS = Path("data/tokens/train"), Path("artifacts")


def main(params: Params) -> None:
    """Estimate the words' polarity, hold each kind of vectors against it."""
    section = params.polarity
    tuned = load_vectors(ARTIFACTS / "lstm_finetuned" / str(params.seeds[0]))
    with atomic(ARTIFACTS / "tuned") as folder:
        tuned.save(folder)
    kinds = {
        "word2vec": Embeddings.load(ARTIFACTS / "embeddings"),
        "lstm_finetuned": tuned,
        "maas": Embeddings.load(ARTIFACTS / "maas"),
    }
    reviews = Ragged.load(TRAIN)
    labels = load_array(TRAIN / "labels.npy", np.dtype(np.int8), 1)
    valid = load_array(TRAIN / "valid.npy", np.dtype(np.bool_), 1)
    n_words = min(len(kind.words) for kind in kinds.values())
    words = kinds["maas"].words[:n_words]
    negative, positive = document_frequencies(reviews.rows(~valid), labels[~valid], n_words)
    odds, deviations = polarity(negative, positive)
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
    for name, kind in tqdm(kinds.items(), desc="polarity", unit=" kinds", mininterval=2, disable=None):
        with_vector = np.flatnonzero(np.abs(kind.vectors).sum(1))
        those = [kind.words[i] for i in with_vector]
        known = Embeddings(kind.vectors[with_vector], those, kind.counts[with_vector], kind.tokenizer, kind.training)
        bag = BagOfVectors.fit(reviews.below(len(kind.words)), labels, valid, kind.vectors, params.baseline)
        vectors = np.asarray(kind.vectors[:n_words])
        figures[name] = {
            "vector_size": kind.vectors.shape[1],
            "same_polarity": round(same_polarity(vectors, odds, probes, among, n_neighbors), 4),
            "bag_of_vectors": round(bag.linear.valid_accuracy[bag.linear.C], 4),
            **intrinsic(known),
        }
        found = nearest(vectors, np.array(asked, np.int64), among, n_neighbors)
        shown["neighbors"][name] = {
            words[row]: [[words[i], round(float(odds[i]), 2)] for i in near]
            for row, near in zip(asked, found, strict=True)
        }
        places = word_map(vectors[on_map], section.perplexity, section.seed)
        shown["map"][name] = [
            [words[i], *(round(float(value), 2) for value in (*place, odds[i]))]
            for i, place in zip(on_map, places, strict=True)
        ]
        print(f"{name}: {figures[name]['same_polarity']:.1%} of the neighbours have a word's own polarity")
    share_positive = float((odds[among] > 0).mean())
    figures["words"] = {"probes": len(probes), "among": len(among), "positive": round(share_positive, 4)}
    write_json(Path("metrics/polarity.json"), figures)
    write_json(Path("data/polarity.json"), shown)


if __name__ == "__main__":
    run("polarity", main)
