"""The network against its definition."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from pipeline.classify.classifier import logits
from pipeline.classify.network import Dropout, Network, pool
from tests.cells.test_lstm import states_of
from tests.classify.networks import CONFIG, network_of, reviews_of


def logit_of(network: Network, row: list[int]) -> float:
    """The logit of one review, by the equations."""
    x = network.embedding.weight.detach().double().numpy()[row]
    for layer in network.layers:
        forward, *reverse = layer.lstms  # type: ignore[misc, union-attr]
        x = np.concatenate([states_of(forward, x), *(states_of(lstm, x[::-1])[::-1] for lstm in reverse)], 1)
    hidden = network.config.hidden_size
    pooled = {"max": x.max(0), "mean": x.mean(0), "last": np.concatenate([x[-1, :hidden], x[0, hidden:]])}
    features = np.concatenate([pooled[kind] for kind in network.config.pooling])
    weight, bias = network.output.weight.detach().double().numpy(), network.output.bias.detach().double().numpy()
    return float((weight @ features + bias)[0])


@pytest.mark.parametrize(
    "changes",
    [{}, {"bidirectional": False}, {"num_layers": 1, "pooling": ("mean",)}, {"pooling": ("last",), "num_layers": 1}],
)
def test_the_logit_follows_the_equations(changes: dict[str, Any]) -> None:
    network = network_of(**changes)
    rows = [[1, 2, 3, 4, 10], [7], [0, 0, 5]]
    z = logits(network, reviews_of(rows, network.config))
    assert z.tolist() == pytest.approx([logit_of(network, row) for row in rows], abs=1e-5)


@settings(max_examples=30)
@given(st.lists(st.lists(st.integers(0, 10), max_size=25), min_size=1, max_size=8), st.integers(1, 60))
def test_a_logit_is_the_same_alone_and_in_any_batch(rows: list[list[int]], tokens_per_batch: int) -> None:
    network = network_of()
    together = logits(network, reviews_of(rows), tokens_per_batch=tokens_per_batch)
    alone = [float(logits(network, reviews_of([row]))[0]) for row in rows]
    assert together.tolist() == pytest.approx(alone, abs=1e-5)


def test_an_empty_review_is_one_zero_vector() -> None:
    network = network_of()
    assert logits(network, reviews_of([[]]))[0] == pytest.approx(logit_of(network, [11]), abs=1e-5)


def test_only_noise_changes_the_vectors() -> None:
    network = network_of().train()
    ids, _ = reviews_of([[1, 2, 3, 4, 5, 6]]).batch(torch.tensor([0]))
    assert torch.equal(network.embed(ids), network.embed(ids))
    assert not torch.equal(network.embed(ids, network.draw(*ids.shape)), network.embed(ids))


def test_noise_drops_its_share_of_words_and_the_same_elements_at_each_word() -> None:
    network = Network(CONFIG, Dropout(0.25, 0.5))
    noise = network.draw(200, 200)
    assert noise.dropped is not None
    assert noise.kept is not None
    assert noise.dropped.double().mean() == pytest.approx(0.25, abs=0.01)
    assert (noise.kept == 0).double().mean() == pytest.approx(0.5, abs=0.05)
    assert noise.kept.unique().tolist() == [0, 2]
    assert noise.signs.unique().tolist() == [-1, 1]
    ids = torch.ones(200, 200, dtype=torch.long)
    x = network.embed(ids, noise)
    expected = network.embedding.weight[1] * noise.kept * ~noise.dropped[:, :, None]
    torch.testing.assert_close(x, expected)


def test_a_part_of_the_noise_is_that_of_its_reviews() -> None:
    noise = Network(CONFIG, Dropout(0.25, 0.5)).draw(5, 9)
    assert noise.dropped is not None
    assert noise.kept is not None
    for rank in range(2):
        part = noise.part(rank, 2, 7)
        for mine, of_all in zip(part, (noise.dropped[:, :7], noise.kept, noise.signs), strict=True):
            assert mine is not None
            assert torch.equal(mine, of_all[rank::2])


@given(st.lists(st.integers(1, 6), min_size=1, max_size=5))
def test_padding_is_not_pooled(lengths: list[int]) -> None:
    torch.manual_seed(1)
    states = torch.randn(len(lengths), 6, 4)
    mask = torch.arange(6) < torch.tensor(lengths)[:, None]
    pooled: Tensor = pool(states.masked_fill(~mask[:, :, None], 99.0), mask, ("max", "mean", "last"), 2)
    for row, n, s in zip(pooled, lengths, states, strict=True):
        expected = torch.cat([s[:n].amax(0), s[:n].mean(0), s[n - 1, :2], s[0, 2:]])
        torch.testing.assert_close(row, expected)
