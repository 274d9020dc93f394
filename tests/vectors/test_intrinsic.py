"""Intrinsic scores of word vectors."""

import numpy as np
import pytest
from gensim.models import KeyedVectors

from pipeline.core.embeddings import Embeddings
from pipeline.vectors.intrinsic import intrinsic, keyed_vectors

WORDS = ["king", "queen", "man", "woman", "boy", "girl", "tiger", "cat", "old", "new", "smart", "intelligent"]


@pytest.fixture
def embeddings(rng: np.random.Generator) -> Embeddings:
    vectors = rng.normal(size=(len(WORDS), 5)).astype(np.float32)
    vectors[:6] *= 0.05
    vectors[:6, 0] = [1, 1, 0, 0, 0, 0]
    vectors[:6, 1] = [0, 1, 0, 1, 0, 1]
    vectors[:6, 2] = [0, 0, 0, 0, 1, 1]
    return Embeddings(vectors, WORDS, np.arange(len(WORDS), 0, -1), {}, {})


def test_scores_have_their_coverage(embeddings: Embeddings) -> None:
    scores = intrinsic(embeddings)
    assert list(scores) == ["analogies", "semantic", "syntactic", "wordsim353", "simlex999"]
    # Of 19,544 analogies, 6 are of these words, all of the section "family", which is semantic: there are 8,869.
    n_answered = round(scores["analogies"]["coverage"] * 19544)
    assert n_answered == pytest.approx(scores["semantic"]["coverage"] * 8869, abs=1)
    assert scores["syntactic"] == {"accuracy": 0.0, "coverage": 0.0}
    assert scores["simlex999"]["coverage"] == pytest.approx(3 / 999, abs=1e-4)
    assert scores["simlex999"]["spearman"] != 0  # three pairs are enough
    fewer = WORDS[:-1]  # two are not
    scores = intrinsic(Embeddings(embeddings.vectors[: len(fewer)], fewer, embeddings.counts[: len(fewer)], {}, {}))
    assert scores["simlex999"] == {"spearman": 0.0, "coverage": pytest.approx(2 / 999, abs=1e-4)}


def test_the_coverage_ignores_case_as_gensim_does(embeddings: Embeddings) -> None:
    upper = Embeddings(embeddings.vectors, [word.title() for word in WORDS], embeddings.counts, {}, {})
    assert intrinsic(upper)["wordsim353"] == intrinsic(embeddings)["wordsim353"]


def test_gensim_gets_the_counts_and_writes_the_same_vectors(embeddings: Embeddings, tmp_path: object) -> None:
    keyed = keyed_vectors(embeddings)
    assert keyed.get_vecattr("queen", "count") == 11
    keyed.save_word2vec_format(f"{tmp_path}/v.bin", binary=True)
    read = KeyedVectors.load_word2vec_format(f"{tmp_path}/v.bin", binary=True)
    assert read.index_to_key == WORDS
    np.testing.assert_array_equal(read.vectors, embeddings.vectors)
