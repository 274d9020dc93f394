"""Nearest words and analogies."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError
from pipeline.vectors.neighbors import Neighbors

TOKENIZER = {"name": "regex", "lowercase": True, "punkt": None}
WORDS = ["king", "queen", "man", "woman", "wonderful", "dull", "zero"]


@pytest.fixture
def embeddings() -> Embeddings:
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(len(WORDS), 6)).astype(np.float32)
    vectors[:4, :] = 0.1 * vectors[:4]
    vectors[:4, 0] = [1, 1, 0, 0]  # royal
    vectors[:4, 1] = [0, 1, 0, 1]  # female
    vectors[-1] = 0
    return Embeddings(vectors, WORDS, np.arange(len(WORDS), 0, -1), TOKENIZER, {})


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.sqrt(max((a @ a) * (b @ b), 1e-30)))


def test_neighbors_by_brute_force(embeddings: Embeddings) -> None:
    expected = {w: cosine(embeddings.vectors[4], v) for w, v in zip(WORDS, embeddings.vectors, strict=True)}
    del expected["wonderful"]
    for n in (1, 3, 100):
        words, cosines = zip(*Neighbors(embeddings).of(["wonderful"], n=n), strict=True)
        assert list(words) == sorted(expected, key=lambda word: -expected[word])[:n]
        assert cosines == pytest.approx([expected[word] for word in words], abs=1e-6)


def test_an_analogy_is_a_sum_of_unit_vectors(embeddings: Embeddings) -> None:
    unit = {w: v / np.linalg.norm(v) for w, v in zip(WORDS[:-1], embeddings.vectors[:-1], strict=True)}
    query = unit["king"] + unit["woman"] - unit["man"]
    (word, value), *_ = Neighbors(embeddings).of(["king", "woman"], ["man"], 1)
    assert word == "queen"
    assert value == pytest.approx(cosine(query, unit["queen"]), abs=1e-6)


def test_an_unknown_word_is_reported_with_similar_spellings(embeddings: Embeddings) -> None:
    with pytest.raises(InputError, match=r"'Wonderfull' is not among the 7 words .*; did you mean 'wonderful'\?"):
        Neighbors(embeddings).of(["Wonderfull"])
    with pytest.raises(InputError, match="no word is spelled similarly"):
        Neighbors(embeddings).of(["king"], ["qzxv"])


def test_a_word_is_folded_as_the_tokenizer_does(embeddings: Embeddings) -> None:
    neighbors = Neighbors(embeddings)
    assert neighbors.of(["Wonderful"]) == neighbors.of(["wonderful"])
    capitals = replace(embeddings, words=[*WORDS[:-1], "Zero"])
    assert Neighbors(capitals).of(["Zero"]) == Neighbors(embeddings).of(["zero"])
