"""Intrinsic scores of word vectors: analogies and similarities, each with its coverage."""

from pathlib import Path
from typing import Any

import numpy as np
from gensim.models import KeyedVectors
from gensim.test.utils import datapath

from pipeline.core.embeddings import Embeddings

N_SEMANTIC = 5  # the first five of Google's fourteen sections are semantic, the others ("gram...") syntactic
SIMILARITIES = ("wordsim353.tsv", "simlex999.txt")


def keyed_vectors(embeddings: Embeddings) -> KeyedVectors:
    """Convert embeddings to gensim's KeyedVectors, with counts."""
    keyed = KeyedVectors(embeddings.vectors.shape[1])
    keyed.add_vectors(embeddings.words, np.asarray(embeddings.vectors))
    for word, count in zip(embeddings.words, embeddings.counts.tolist(), strict=True):
        keyed.set_vecattr(word, "count", count)
    return keyed


def intrinsic(embeddings: Embeddings) -> dict[str, dict[str, float]]:
    """Score the vectors on the test sets that gensim includes.

    Returns:
        `analogies` and their parts `semantic` and `syntactic` (Google, accuracy), `wordsim353` and `simlex999`
        (Spearman's rho with human judgements). Each has its `coverage`: the share of items whose words are all in the
        vocabulary. A set with too few such items scores 0.
    """
    keyed = keyed_vectors(embeddings)
    scores = {**_analogies(keyed), **{file.partition(".")[0]: _similarity(keyed, file) for file in SIMILARITIES}}
    return {name: {key: round(value, 4) for key, value in score.items()} for name, score in scores.items()}


def _analogies(keyed: KeyedVectors) -> dict[str, dict[str, float]]:
    path = Path(datapath("questions-words.txt"))
    n_items: dict[str, int] = {}
    for line in path.read_text("utf-8").splitlines():
        if line.startswith(":"):
            section = line.removeprefix(":").strip()
            n_items[section] = 0
        else:
            n_items[section] += 1
    parts: list[dict[str, Any]] = keyed.evaluate_word_analogies(str(path), restrict_vocab=len(keyed))[1]
    n_correct = {part["section"]: len(part["correct"]) for part in parts}
    n_answered = {part["section"]: len(part["correct"]) + len(part["incorrect"]) for part in parts}

    def score(sections: list[str]) -> dict[str, float]:
        correct, answered = (sum(counts.get(name, 0) for name in sections) for counts in (n_correct, n_answered))
        coverage = answered / sum(n_items[name] for name in sections)
        return {"accuracy": correct / max(1, answered), "coverage": coverage}

    names = list(n_items)
    return {"analogies": score(names), "semantic": score(names[:N_SEMANTIC]), "syntactic": score(names[N_SEMANTIC:])}


def _similarity(keyed: KeyedVectors, file: str) -> dict[str, float]:
    path = Path(datapath(file))
    pairs = [line.split("\t")[:2] for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    known = {word.lower() for word in keyed.index_to_key}  # gensim, too, ignores case
    coverage = sum(all(word.lower() in known for word in pair) for pair in pairs) / len(pairs)
    rho = float(keyed.evaluate_word_pairs(str(path))[1][0]) if coverage * len(pairs) > 2 else 0.0
    return {"spearman": rho if np.isfinite(rho) else 0.0, "coverage": coverage}
