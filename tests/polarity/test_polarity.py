"""The polarity of words and of their neighbors."""

import json

import numpy as np
import pytest

from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError
from pipeline.core.ragged import Ragged
from pipeline.params import Params
from pipeline.polarity.comparison import compare_kinds
from pipeline.polarity.polarity import document_frequencies, nearest, polarity, same_polarity
from pipeline.polarity.word_map import word_map
from tests.conftest import Project, with_values


def test_a_review_counts_once_for_a_word() -> None:
    reviews = Ragged(np.array([0, 0, 1, 1, 2, 9], np.int32), np.array([0, 3, 6]))
    negative, positive = document_frequencies(reviews, np.array([1, 0], np.int8), 3)
    assert negative.tolist() == [0, 1, 1]
    assert positive.tolist() == [1, 1, 0]


def test_log_odds_and_their_z_scores() -> None:
    log_odds, z_scores = polarity(np.array([10, 5, 0]), np.array([10, 20, 0]))
    assert log_odds == pytest.approx([0, np.log(20.5 / 5.5), 0])
    assert z_scores[1] == pytest.approx(log_odds[1] / np.sqrt(1 / 20.5 + 1 / 5.5))


def test_neighbors_and_their_share_by_brute_force(rng: np.random.Generator) -> None:
    vectors = rng.normal(size=(12, 3)).astype(np.float32)
    log_odds = rng.normal(size=12)
    rows, candidates = np.array([0, 3, 7]), np.array([0, 2, 3, 4, 7, 9, 11])
    expected, shares = [], []
    for row in rows:
        others = [i for i in candidates if i != row]
        a = vectors[row]
        cosines = {i: a @ vectors[i] / np.sqrt((a @ a) * (vectors[i] @ vectors[i])) for i in others}
        best = sorted(others, key=lambda i: -cosines[i])[:4]
        expected.append(best)
        shares += [np.sign(log_odds[i]) == np.sign(log_odds[row]) for i in best]
    assert nearest(vectors, rows, candidates, 4).tolist() == expected
    assert same_polarity(vectors, log_odds, rows, candidates, 4) == pytest.approx(np.mean(shares))


def test_the_map_is_the_same_each_time_and_keeps_groups_together(rng: np.random.Generator) -> None:
    centers = 5 * rng.normal(size=(2, 8))
    vectors = np.concatenate([center + rng.normal(size=(15, 8)) for center in centers]).astype(np.float32)
    positions = word_map(vectors, 5, 1)
    np.testing.assert_array_equal(positions, word_map(vectors, 5, 1))
    first, second = positions[:15].mean(0), positions[15:].mean(0)
    distance = np.linalg.norm(first - second)
    assert all(np.linalg.norm(position - first) < distance for position in positions[:15])


@pytest.mark.parametrize(("min_reviews", "n_map"), [(3, 6), (13, None)])
def test_a_small_corpus_has_a_small_map_or_too_few_words(
    params: Params, rng: np.random.Generator, min_reviews: int, n_map: int | None
) -> None:
    words = [f"w{i}" for i in range(9)]
    vectors = rng.normal(size=(9, 3)).astype(np.float32)
    kinds = {"maas": Embeddings(vectors, words, np.arange(9, 0, -1), {}, {})}
    lengths = [9 - i // 2 for i in range(12)]
    reviews = Ragged(np.concatenate([np.arange(n, dtype=np.int32) for n in lengths]), np.cumsum([0, *lengths]))
    labels, valid = np.tile([0, 1], 6).astype(np.int8), np.arange(12) < 2
    section = with_values(params, polarity__min_reviews=min_reviews, polarity__words=["w1"]).polarity
    if n_map is None:
        with pytest.raises(InputError, match=r"^0 words .* occur in 13 or more .*; lower polarity.min_reviews"):
            compare_kinds(kinds, reviews, labels, valid, section, [1.0])
    else:
        on_map = [word for word, *_ in compare_kinds(kinds, reviews, labels, valid, section, [1.0])[1]["map"]["maas"]]
        assert len(set(on_map)) == len(on_map) == n_map


def test_the_stage_compares_three_kinds_on_the_same_words(project: Project) -> None:
    figures = json.loads((project.folder / "metrics/polarity.json").read_text())
    assert list(figures) == ["word2vec", "lstm_finetuned", "maas", "words"]
    for kind in ("word2vec", "lstm_finetuned", "maas"):
        assert 0 <= figures[kind]["same_polarity"] <= 1
        assert 0 <= figures[kind]["analogies"]["coverage"] <= 1
    tuned, before = (Embeddings.load(project.folder / "artifacts" / name) for name in ("tuned", "embeddings"))
    assert tuned.words == before.words
