"""The optimizer: words that a batch lacks stay where they are, others move as under Adam; clipping; its state."""

import copy

import pytest
import torch

from pipeline.classify.group import ALONE
from pipeline.classify.network import Dropout, Network, NetworkConfig
from pipeline.classify.optimizer import Optimizer
from pipeline.classify.params import Classify
from pipeline.params import Params

N_WORDS = 9


@pytest.fixture
def section(params: Params) -> Classify:
    return params.classify


@pytest.fixture
def network() -> Network:
    torch.manual_seed(0)
    return Network(NetworkConfig(N_WORDS, 5, 4, 1, True, ("max",), 8, 8), Dropout(0, 0))


def add_gradients(network: Network, words: list[int]) -> None:
    lengths = torch.tensor([len(words)])
    network(torch.tensor([words]), lengths).sum().backward()


def test_words_that_a_batch_lacks_stay_where_they_are(network: Network, section: Classify) -> None:
    optimizer = Optimizer(network, section)
    add_gradients(network, [1, 2])
    optimizer.step(1.0)
    before = network.embedding.weight.detach().clone()
    optimizer.zero_grad()
    add_gradients(network, [2, 3, 3])
    optimizer.step(1.0)
    moved = (network.embedding.weight != before).any(1)
    assert moved.nonzero().flatten().tolist() == [2, 3]


def test_if_every_word_occurs_it_is_adam(network: Network, section: Classify) -> None:
    other = copy.deepcopy(network)
    optimizer = Optimizer(network, section)
    words = list(range(N_WORDS))
    adam = torch.optim.Adam(
        [{"params": [p for name, p in other.named_parameters() if "embedding" not in name], "lr": section.lr},
         {"params": [other.embedding.weight], "lr": section.embedding_lr}]
    )  # fmt: skip
    for _ in range(3):
        for one in (network, other):
            one.zero_grad()
            add_gradients(one, words)
        other.embedding.weight.grad = other.embedding.weight.grad.to_dense()  # type: ignore[union-attr]
        optimizer.step(1.0)
        adam.step()
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, other.state_dict()[name], msg=name)


@pytest.mark.parametrize(("most", "is_clipped"), [(1e-3, True), (1e3, False)])
def test_gradients_are_clipped_by_their_norm(
    network: Network, section: Classify, most: float, is_clipped: bool
) -> None:
    def norm() -> float:
        gradients = [p.grad.to_dense().flatten() for p in network.parameters() if p.grad is not None]
        return float(torch.cat(gradients).norm())

    add_gradients(network, [1, 2, 2])
    before = norm()
    assert float(Optimizer(network, section).gather(ALONE, most)) == pytest.approx(before)
    assert norm() == pytest.approx(most if is_clipped else before, rel=1e-2)


def test_the_state_is_taken_over(network: Network, section: Classify) -> None:
    optimizer = Optimizer(network, section)
    add_gradients(network, [1, 2])
    optimizer.step(1.0)
    other = copy.deepcopy(network)
    again = Optimizer(other, section)
    again.load_state(copy.deepcopy(optimizer.state()))
    for one, its in ((network, optimizer), (other, again)):
        one.zero_grad()
        add_gradients(one, [2, 3])
        its.step(0.5)
    assert all(torch.equal(value, other.state_dict()[name]) for name, value in network.state_dict().items())
