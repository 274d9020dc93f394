"""The LSTM layer against its equations, over batches and one word at a time."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from torch import Tensor, nn

from pipeline.cells.lstm import Recurrence, reverse_rows

LENGTHS = st.lists(st.integers(1, 6), min_size=1, max_size=5)


def layer_of(*, bidirectional: bool = True) -> Recurrence:
    torch.manual_seed(0)
    return Recurrence(5, 4, bidirectional)


def states_of(lstm: nn.Module, x: np.ndarray) -> np.ndarray:
    """One direction by the equations, [T, H]. Source: Gers et al., 2000, in torch's order of the gates: i, f, g, o."""
    weights = {name: value.detach().double().numpy() for name, value in lstm.named_parameters()}
    h = c = np.zeros(weights["weight_hh_l0"].shape[1])
    states = []
    for token in x:
        bias = weights["bias_ih_l0"] + weights["bias_hh_l0"]
        i, f, g, o = np.split(weights["weight_ih_l0"] @ token + weights["weight_hh_l0"] @ h + bias, 4)
        c = expit(f) * c + expit(i) * np.tanh(g)
        h = expit(o) * np.tanh(c)
        states.append(h)
    return np.array(states)


@torch.no_grad()
def test_each_review_in_a_batch_follows_the_equations() -> None:
    layer, lengths = layer_of(), [6, 1, 3]
    x = torch.randn(3, 6, 5)
    states, _ = layer(x, torch.tensor(lengths))
    assert states.shape == (3, 6, 8)
    forward, reverse = layer.lstms
    for row, n, of_review in zip(x.double().numpy(), lengths, states.numpy(), strict=True):
        np.testing.assert_allclose(of_review[:n, :4], states_of(forward, row[:n]), atol=1e-6)
        np.testing.assert_allclose(of_review[:n, 4:], states_of(reverse, row[:n][::-1])[::-1], atol=1e-6)


@torch.no_grad()
@pytest.mark.parametrize("bidirectional", [False, True])
def test_forward_states_are_those_of_a_batch(bidirectional: bool) -> None:
    layer, x = layer_of(bidirectional=bidirectional), torch.randn(7, 5)
    torch.testing.assert_close(layer.forward_states(x)[0], layer(x[None], torch.tensor([7]))[0][0, :, :4])


@torch.no_grad()
def test_steps_reach_the_states_of_the_layer() -> None:
    layer, x = layer_of(), torch.randn(7, 5)
    expected = layer(x[None], torch.tensor([7]))[0][0, :, 4:]
    steps = layer.reverse_steps(x)
    state = steps.start(1)
    for word in reversed(range(7)):
        steps.step(word, state)
        torch.testing.assert_close(state[0, 0], expected[word], atol=1e-6, rtol=0)


@torch.no_grad()
def test_a_step_changes_no_row_but_those_given() -> None:
    steps = layer_of().reverse_steps(torch.randn(2, 5))
    state = steps.start(3)
    steps.step(1, state[:, :2])
    assert torch.equal(state[:, 0], state[:, 1])
    assert bool(state[:, :2].any())
    assert not state[:, 2].any()


def test_forget_gates_start_open() -> None:
    for lstm in layer_of().lstms:
        assert isinstance(lstm, nn.LSTM)
        assert (lstm.bias_ih_l0[4:8] + lstm.bias_hh_l0[4:8] == 1).all()


@given(LENGTHS)
def test_rows_are_reversed_within_their_length(lengths: list[int]) -> None:
    x = torch.arange(len(lengths) * 6 * 2.0).reshape(len(lengths), 6, 2)
    turned: Tensor = reverse_rows(x, torch.tensor(lengths))
    for row, n, original in zip(turned, lengths, x, strict=True):
        assert torch.equal(row[:n], original[:n].flip(0))
        assert torch.equal(row[n:], original[n:])
    assert torch.equal(reverse_rows(turned, torch.tensor(lengths)), x)


def test_the_gradient_of_reversing_is_reversed() -> None:
    x = torch.randn(3, 6, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: reverse_rows(x, torch.tensor([6, 1, 3])), x)
