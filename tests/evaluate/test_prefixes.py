"""Prefix probabilities against predictions for each prefix as a review."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from pipeline.classify.classifier import Classifier
from pipeline.classify.network import Dropout, Network
from pipeline.core.ragged import Ragged
from pipeline.evaluate.prefixes import prefix_probabilities, prefixes
from tests.classify.networks import CONFIG as NETWORK

CONFIG = replace(NETWORK, n_words=30, num_layers=1, head_tokens=12, tail_tokens=15)


def classifier_of(dtype: torch.dtype = torch.float32, **changes: Any) -> Classifier:
    torch.manual_seed(0)
    config = replace(CONFIG, **changes)
    network = Network(config, Dropout(0.2, 0.2), dtype)
    with torch.no_grad():
        network.output.weight.mul_(5)  # so that probabilities differ
        network.embedding.weight[-1] = 0
    words = [f"w{i}" for i in range(config.n_words)]
    return Classifier(network, words, np.ones(config.n_words, np.int64), {}, {})


def one(ids: np.ndarray) -> Ragged:
    return Ragged(np.asarray(ids, np.int32), np.array([0, len(ids)]))


def review(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.integers(0, CONFIG.n_words, n).astype(np.int32)


@pytest.mark.parametrize("n_tokens", [1, 2, 27, 28, 60])
@pytest.mark.parametrize("pooling", [("max",), ("mean",), ("last",), ("last", "max", "mean")])
@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_each_equals_the_prediction_for_the_review_cut_there(
    bidirectional: bool, num_layers: int, pooling: tuple[str, ...], n_tokens: int, rng: np.random.Generator
) -> None:
    classifier = classifier_of(bidirectional=bidirectional, num_layers=num_layers, pooling=pooling)
    ids = review(rng, n_tokens)
    actual = prefix_probabilities(classifier, ids)
    kept = ids[actual.places]
    expected = [classifier.probabilities(one(kept[: i + 1]))[0] for i in range(len(kept))]
    np.testing.assert_allclose(actual.probabilities, expected, atol=1e-6)
    assert actual.probabilities[-1] == pytest.approx(classifier.probabilities(one(ids))[0], abs=1e-6)


def test_a_long_review_has_the_places_of_its_head_and_tail(rng: np.random.Generator) -> None:
    classifier = classifier_of()
    assert prefix_probabilities(classifier, review(rng, 27)).places.tolist() == list(range(27))
    assert prefix_probabilities(classifier, review(rng, 40)).places.tolist() == [*range(12), *range(25, 40)]


@pytest.mark.parametrize("n_tokens", [1, 3, 4, 5, 23, 60])
def test_with_a_stride_the_words_between_are_interpolated(n_tokens: int, rng: np.random.Generator) -> None:
    classifier, ids = classifier_of(), review(rng, n_tokens)
    exact = prefix_probabilities(classifier, ids).probabilities
    strided = prefix_probabilities(classifier, ids, stride=4)
    actual = strided.probabilities
    assert strided.ends.tolist() == sorted({*range(4, len(exact), 4), len(exact)})
    np.testing.assert_allclose(actual[3::4], exact[3::4], atol=1e-6)
    assert actual[-1] == pytest.approx(exact[-1], abs=1e-6)
    if n_tokens >= 8:
        assert actual[5] == pytest.approx((exact[3] + exact[7]) / 2, abs=1e-6)


def test_an_empty_review_has_only_a_probability_before_its_words() -> None:
    classifier = classifier_of()
    actual = prefix_probabilities(classifier, np.empty(0, np.int32))
    assert actual.places.tolist() == actual.probabilities.tolist() == []
    assert actual.before == classifier.probabilities(one(np.empty(0)))[0]


def test_a_network_in_bfloat16_predicts_prefix_by_prefix(rng: np.random.Generator) -> None:
    classifier, ids = classifier_of(torch.bfloat16), review(rng, 9)
    expected = classifier.probabilities(prefixes(ids, np.arange(1, 10)))
    np.testing.assert_array_equal(prefix_probabilities(classifier, ids).probabilities, expected)


def test_the_network_stays_the_same(rng: np.random.Generator) -> None:
    classifier, ids = classifier_of(), review(rng, 9)
    before = {name: weight.clone() for name, weight in classifier.network.state_dict().items()}
    prefix_probabilities(classifier, ids)
    assert all(torch.equal(weight, before[name]) for name, weight in classifier.network.state_dict().items())
