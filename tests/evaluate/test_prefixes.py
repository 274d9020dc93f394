"""What the LSTM thinks as it reads on, against asking it about each prefix."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from pipeline.classify.classifier import Classifier
from pipeline.classify.network import Dropout, Network, NetworkConfig
from pipeline.core.ragged import Ragged
from pipeline.evaluate.prefixes import prefix_probabilities, prefixes

SHAPE = NetworkConfig(
    n_words=30,
    vector_size=5,
    hidden_size=4,
    num_layers=1,
    bidirectional=True,
    pooling=("max", "mean", "last"),
    head_tokens=12,
    tail_tokens=15,
)


def classifier_of(dtype: torch.dtype = torch.float32, **changes: Any) -> Classifier:
    torch.manual_seed(0)
    shape = replace(SHAPE, **changes)
    network = Network(shape, Dropout(0.2, 0.2, 0.2), dtype)
    with torch.no_grad():
        network.output.weight.mul_(5)  # so that the probability moves
        network.embedding.weight[-1] = 0
    words = [f"w{i}" for i in range(shape.n_words)]
    return Classifier(network, words, np.ones(shape.n_words, np.int64), {}, {})


def one(ids: np.ndarray) -> Ragged:
    return Ragged(np.asarray(ids, np.int32), np.array([0, len(ids)]))


def review(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.integers(0, SHAPE.n_words, n).astype(np.int32)


@pytest.mark.parametrize("n_tokens", [1, 2, 27, 28, 60])
@pytest.mark.parametrize("pooling", [("max",), ("mean",), ("last",), ("last", "max", "mean")])
@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_it_is_the_probability_of_the_review_cut_after_that_word(
    bidirectional: bool, num_layers: int, pooling: tuple[str, ...], n_tokens: int, rng: np.random.Generator
) -> None:
    classifier = classifier_of(bidirectional=bidirectional, num_layers=num_layers, pooling=pooling)
    ids = review(rng, n_tokens)
    found = prefix_probabilities(classifier, ids)
    read = ids[found.places]
    expected = [classifier.probabilities(one(read[: i + 1]))[0] for i in range(len(read))]
    np.testing.assert_allclose(found.probabilities, expected, atol=1e-6)
    assert found.probabilities[-1] == pytest.approx(classifier.probabilities(one(ids))[0], abs=1e-6)


def test_of_a_long_review_the_places_of_what_is_read_are_told(rng: np.random.Generator) -> None:
    classifier = classifier_of()
    assert prefix_probabilities(classifier, review(rng, 27)).places.tolist() == list(range(27))
    assert prefix_probabilities(classifier, review(rng, 40)).places.tolist() == [*range(12), *range(25, 40)]


@pytest.mark.parametrize("n_tokens", [1, 3, 4, 5, 23, 60])
def test_with_a_stride_every_nth_word_and_the_last_are_exact_and_the_others_between(
    n_tokens: int, rng: np.random.Generator
) -> None:
    classifier, ids = classifier_of(), review(rng, n_tokens)
    exact = prefix_probabilities(classifier, ids).probabilities
    found = prefix_probabilities(classifier, ids, stride=4).probabilities
    np.testing.assert_allclose(found[3::4], exact[3::4], atol=1e-6)
    assert found[-1] == pytest.approx(exact[-1], abs=1e-6)
    if n_tokens >= 8:
        assert found[5] == pytest.approx((exact[3] + exact[7]) / 2, abs=1e-6)


def test_the_moves_add_up_to_the_way_from_an_empty_review_to_the_whole(rng: np.random.Generator) -> None:
    classifier, ids = classifier_of(), review(rng, 20)
    found = prefix_probabilities(classifier, ids)
    assert found.before == pytest.approx(classifier.probabilities(one(ids[:0]))[0])
    assert found.moves.shape == (20,)
    assert found.moves.sum() == pytest.approx(found.probabilities[-1] - found.before)


def test_an_empty_review_has_no_words_and_a_probability_before_them() -> None:
    classifier = classifier_of()
    found = prefix_probabilities(classifier, np.empty(0, np.int32))
    assert found.places.tolist() == found.probabilities.tolist() == found.moves.tolist() == []
    assert found.before == classifier.probabilities(one(np.empty(0)))[0]


def test_a_network_in_bfloat16_is_asked_prefix_by_prefix(rng: np.random.Generator) -> None:
    classifier, ids = classifier_of(torch.bfloat16), review(rng, 9)
    expected = classifier.probabilities(prefixes(ids, np.arange(1, 10)))
    np.testing.assert_array_equal(prefix_probabilities(classifier, ids).probabilities, expected)


def test_the_network_stays_as_it_is(rng: np.random.Generator) -> None:
    classifier, ids = classifier_of(), review(rng, 9)
    before = {name: weight.clone() for name, weight in classifier.network.state_dict().items()}
    prefix_probabilities(classifier, ids)
    assert all(torch.equal(weight, before[name]) for name, weight in classifier.network.state_dict().items())
