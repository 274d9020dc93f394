"""Every cell against its equation, other cells, and the ways in which the project uses it."""

import inspect
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn, sigmoid, tanh

from pipeline.cells import make_cell
from pipeline.cells.equation import plan_of
from pipeline.cells.stack import Layers, equation_of
from pipeline.cells.table import CELLS
from pipeline.core.errors import InputError
from tests.cells.equations import GREFF, PERIODS, states_of
from tests.conftest import ROOT

NAMES = [name for name in CELLS if name != "lstm"]  # torch's own: test_lstm.py
D, H = 5, 4
LENGTHS = torch.tensor([19, 1, 7])  # more than the tokens of a chunk


def cell_of(name: str, *, dtype: torch.dtype = torch.float64, input_size: int = D, **options: Any) -> Layers:
    """A cell of random weights, two layers if it needs them."""
    torch.manual_seed(0)
    options = {"num_layers": 2 if CELLS[name].first else 1, "batch_first": True, **options}
    if CELLS[name].periods:
        options = {"periods": PERIODS, **options}
    cell = make_cell(name, input_size, H, **options)
    with torch.no_grad():
        for weight in cell.parameters():
            weight.copy_(torch.randn_like(weight) * 0.6)
    return cell.to(dtype)


def batch(size: int = D, dtype: torch.dtype = torch.float64) -> Tensor:
    torch.manual_seed(1)
    return torch.randn(len(LENGTHS), int(LENGTHS.max()), size, dtype=dtype)


def inside(states: Tensor) -> Tensor:
    """Zero the states of padding, [B, T, F]."""
    return states * (torch.arange(states.shape[1]) < LENGTHS[:, None])[:, :, None]


def weights_of(module: nn.Module) -> dict[str, np.ndarray]:
    return {name: weight.detach().numpy() for name, weight in module.named_parameters()}


def expected(name: str, cell: Layers, x: np.ndarray) -> np.ndarray:
    """The states of one review x [n, D] by the equation in NumPy."""
    below: list[np.ndarray | None] = [None] * 2
    for layer in cell:
        outputs = []
        for reverse, direction in enumerate(layer.directions):
            turn = slice(None, None, -1 if reverse else 1)
            under = below[reverse]
            h, c = states_of(name, weights_of(direction), x[turn], None if under is None else under[turn])
            outputs.append(h[turn])
            below[reverse] = None if c is None else c[turn]
        x = np.concatenate(outputs, 1)
    return x


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_states_follow_the_equation_and_padding_changes_nothing(name: str, bidirectional: bool) -> None:
    cell, x = cell_of(name, bidirectional=bidirectional), batch()
    states, last = cell(x.masked_fill(torch.arange(19)[:, None] >= LENGTHS[:, None, None], 99.0), LENGTHS)
    for row, n, of_review, ends in zip(x, LENGTHS, states, last.unbind(1), strict=True):
        by_equation = expected(name, cell, row[:n].numpy())
        np.testing.assert_allclose(of_review[:n].detach().numpy(), by_equation, atol=1e-12)
        np.testing.assert_allclose(ends[-1].detach().numpy(), by_equation[0 if bidirectional else -1, -H:], atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    cell, x = cell_of(name), batch().requires_grad_()

    def states(x: Tensor, *weights: Tensor) -> Tensor:
        return inside(cell(x, LENGTHS)[0])

    assert torch.autograd.gradcheck(states, (x, *cell.parameters()), fast_mode=True)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_those_of_each_review_alone(name: str, bidirectional: bool) -> None:
    cell, x = cell_of(name, bidirectional=bidirectional), batch().requires_grad_()
    inside(cell(x, LENGTHS)[0]).square().sum().backward()
    together = [x.grad, *(weight.grad for weight in cell.parameters())]
    cell.zero_grad()
    x.grad = None
    for row, n in zip(x, LENGTHS, strict=True):
        cell(row[None, :n])[0].square().sum().backward()
    for one, other in zip(together, [x.grad, *(weight.grad for weight in cell.parameters())], strict=True):
        torch.testing.assert_close(one, other)


def assert_equal_with_gradients(one: Layers, other: nn.Module) -> None:
    x, y = batch().requires_grad_(), batch().requires_grad_()
    states, others = one(x)[0], other(y)[0]
    torch.testing.assert_close(states, others)
    states.square().sum().backward()
    others.square().sum().backward()
    torch.testing.assert_close(x.grad, y.grad)


def copy_gates(cell: Layers, torch_module: nn.Module, gates: str, inputs: str, recurrent: str) -> None:
    """Give torch's module the weights of a cell; its second bias is 0 unless the cell has it as a gate."""
    weights = dict(cell[0].directions[0].named_parameters())
    with torch.no_grad():
        torch_module.weight_ih_l0.copy_(torch.cat([weights[f"W_{gate}"] for gate in inputs]))
        torch_module.weight_hh_l0.copy_(torch.cat([weights[f"R_{gate}"] for gate in recurrent]))
        torch_module.bias_ih_l0.copy_(torch.cat([weights[f"b_{gate}"] for gate in inputs]))
        torch_module.bias_hh_l0.copy_(torch.cat([weights[f"b_{gate}"] * (gate not in inputs) for gate in recurrent]))


@pytest.mark.parametrize(
    ("name", "other", "inputs", "recurrent"),
    [
        ("vanilla", nn.LSTM, "ifzo", "ifzo"),
        ("np", nn.LSTM, "ifzo", "ifzo"),
        ("gru", nn.GRU, "rzn", "rzu"),
        ("rnn", nn.RNN, "h", "h"),
    ],
)
def test_what_torch_has_too_is_equal(name: str, other: Any, inputs: str, recurrent: str) -> None:
    cell, module = cell_of(name), other(D, H, batch_first=True).double()
    with torch.no_grad():
        for key, weight in cell.named_parameters():
            if ".p_" in key:
                weight.zero_()
    copy_gates(cell, module, inputs, inputs, recurrent)
    assert_equal_with_gradients(cell, module)


def test_fgr_without_its_nine_matrices_is_vanilla() -> None:
    fgr, vanilla = cell_of("fgr"), cell_of("vanilla")
    extra = {name for name, _ in fgr.named_parameters()} - {name for name, _ in vanilla.named_parameters()}
    assert len(extra) == 9
    weights = {key: weight for key, weight in fgr.state_dict().items() if key not in extra}
    vanilla.load_state_dict(weights)
    with torch.no_grad():
        for key, weight in fgr.named_parameters():
            if key in extra:
                weight.zero_()
    assert_equal_with_gradients(fgr, vanilla)


def test_clockwork_with_period_one_is_an_rnn() -> None:
    clockwork, rnn = cell_of("clockwork", periods=(1,)), cell_of("rnn")
    rnn.load_state_dict(clockwork.state_dict())
    assert_equal_with_gradients(clockwork, rnn)


def test_the_grus_are_not_equivalent() -> None:
    names = [name for name, _ in cell_of("gru_cho").named_parameters()]
    gru, cho = cell_of("gru"), cell_of("gru_cho")
    renamed = {name: gru.state_dict()[name.replace("R_n", "R_u")] for name in names}
    cho.load_state_dict(renamed)
    assert not torch.allclose(gru(batch())[0], cho(batch())[0], atol=1e-3)


def test_parameters_are_as_many_as_published() -> None:
    M, N = 7, 6  # inputs and blocks, in the letters of Greff et al.
    vanilla = 4 * N * M + 4 * N * N + 3 * N + 4 * N
    gate = N * M + N * N + N + N
    counts = {
        **dict.fromkeys(("vanilla", "niaf", "noaf"), vanilla),
        **dict.fromkeys(("nig", "nfg", "nog", "cifg"), vanilla - gate),
        "np": vanilla - 3 * N,
        "fgr": vanilla + 9 * N * N,
        "lstm": sum(weight.numel() for weight in nn.LSTM(M, N).parameters()),
        "rnn": sum(weight.numel() for weight in nn.RNN(M, N).parameters()) - N,
        "gru": sum(weight.numel() for weight in nn.GRU(M, N).parameters()) - 2 * N,
        "gru_cho": 3 * (N * M + N * N + N),
        "lstm1997": 3 * (N * M + N * N + N),
        "clockwork": N * M + N + 3 * (N // 2) ** 2,  # a triangle of blocks
    }
    for name, count in counts.items():
        assert make_cell(name, M, N, periods=PERIODS).n_parameters() == count, name


@pytest.mark.parametrize("name", NAMES)
def test_bfloat16_is_close_to_float32(name: str) -> None:
    cell, x = cell_of(name, dtype=torch.float32, bidirectional=True), batch(dtype=torch.float32).requires_grad_()
    inside(cell(x, LENGTHS)[0]).sum().backward()
    y = x.detach().bfloat16().requires_grad_()
    states, _ = cell(y, LENGTHS)
    assert states.dtype == torch.bfloat16
    inside(states).sum().backward()
    scale = float(x.grad.abs().max())
    assert float((y.grad.float() - x.grad).abs().max()) < 0.1 * scale


@pytest.mark.parametrize("name", NAMES)
def test_it_can_be_advanced_word_by_word(name: str) -> None:
    cell, x = cell_of(name, num_layers=2), batch()[0]
    torch.testing.assert_close(cell.forward_states(x), cell(x[None])[0][0])
    if CELLS[name].first:
        return
    single = cell_of(name, bidirectional=True)
    with torch.no_grad():
        states, steps = single(x[None])[0][0, :, H:], single.reverse_steps(x)
        state = steps.start(3)
        for word in reversed(range(len(x))):
            rows = 2 if word > 5 else 3  # the third row joins at word 5, with a clock of its own
            steps.step(word, state[:, :rows])
            torch.testing.assert_close(state[0, :2], states[word].expand(2, -1))
        torch.testing.assert_close(state[0, 2], single(x[None, :6])[0][0, 0, H:])


def test_a_cell_is_called_as_torchs_are() -> None:
    x = batch(dtype=torch.float32)
    module = nn.GRU(D, H, 2, bidirectional=True)
    for name in ("lstm", "gru"):
        cell = make_cell(name, D, H, 2, bidirectional=True)
        for mine, others in zip(cell(x), module(x), strict=True):
            assert mine.shape == others.shape
        turned = make_cell(name, D, H, 2, bidirectional=True, batch_first=True)
        turned.load_state_dict(cell.state_dict())
        torch.testing.assert_close(turned(x.transpose(0, 1))[0].transpose(0, 1), cell(x)[0])


def test_dropout_is_between_layers_in_training() -> None:
    x = batch()
    for num_layers, differs in ((1, False), (2, True)):
        cell = cell_of("rnn", num_layers=num_layers, dropout=0.5)
        assert torch.equal(cell.train()(x)[0], cell(x)[0]) != differs
        assert torch.equal(cell.eval()(x)[0], cell(x)[0])


@pytest.mark.parametrize("name", CELLS)
def test_the_forget_gates_bias_can_be_set(name: str) -> None:
    cell = make_cell(name, D, H, 2 if CELLS[name].first else 1, forget_bias=3.0, periods=PERIODS)
    biases = {key.rpartition(".")[2]: value for key, value in cell.named_parameters() if value.dim() == 1}
    if name == "lstm":
        assert biases["bias_ih_l0"].tolist() == [0.0] * H + [3.0] * H + [0.0] * 2 * H
        return
    starts = {key: float(value.detach()[0]) for key, value in biases.items() if value.any()}
    assert starts == ({"b_i": -3.0} if name == "cifg" else {"b_f": 3.0} if "b_f" in biases else {})


def test_an_irnn_starts_as_the_identity() -> None:
    weights = weights_of(make_cell("irnn", D, H)[0].directions[0])
    assert np.array_equal(weights["R_h"], np.eye(H))
    assert np.abs(weights["W_h"]).max() < 0.01


def minimal(w: Any, x: Tensor, h: Tensor) -> Tensor:
    f = sigmoid(w.f(x, h))
    return f * h + (1 - f) * tanh(w.n(x))


def squared(w: Any, p: Any, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Products with c and not with h, a gate of a state and a computed vector, and a bare x."""
    after = tanh(c + w.c(c, x) * x)
    return tanh(w.h(h * after, c) + p.h * x), after


def computed_alone(w: Any, x: Tensor, h: Tensor) -> Tensor:
    return tanh(w.h(x, h * h)) + w.o(x)


@pytest.mark.parametrize("equation", [minimal, squared, computed_alone])
def test_a_new_cell_is_a_function(equation: Any) -> None:
    cell = make_cell(equation, D, H, bidirectional=True, batch_first=True).double()
    x = batch().requires_grad_()
    weights = list(cell.parameters())
    assert torch.autograd.gradcheck(lambda x, *_: inside(cell(x, LENGTHS)[0]), (x, *weights), fast_mode=True)


@pytest.mark.parametrize(
    ("equation", "message"),
    [
        (lambda w, x, h: tanh(w.h(x, h)) + w.h(x), "gate h occurs twice"),
        (lambda w, x, h, c: tanh(w.h(x, h)), "takes 2 states and returns 1"),
        (lambda w, x, h: tanh(w.h(x, 2 * h, 3 * h)), "two computed vectors"),
    ],
)
def test_an_equation_that_the_scan_cannot_run_is_refused(equation: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plan_of(equation)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("lsmt", {}, "there is no cell 'lsmt'; the cells are lstm, gru, .*mut3"),
        ("depth_gated", {}, "num_layers = 1; set num_layers to 2 or more, or use vanilla"),
        ("clockwork", {"periods": (1, 2, 4)}, "hidden_size = 4 cannot be divided by 3; set hidden_size to 3 or 6"),
        ("clockwork", {}, r"needs periods .* periods = \[\]"),
        ("clockwork", {"periods": (0, 2)}, r"periods = \[0, 2\]"),
    ],
)
def test_sizes_that_do_not_suit_a_cell_are_named(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_cell(name, D, H, **options)


def test_a_bare_input_of_another_size_is_projected_and_said_to_be() -> None:
    for name in ("mut1", "mut2"):
        (note,) = make_cell(name, D, H).notes
        assert note == "layer 1 projects the bare x of its equation to 4 elements by a learned matrix, W_x"
        assert make_cell(name, H, H).notes == []
        same = cell_of(name, input_size=H)
        np.testing.assert_allclose(
            same(batch(H))[0][0].detach().numpy(), expected(name, same, batch(H)[0].numpy()), atol=1e-12
        )
    assert make_cell("mut3", D, H).notes == []


def test_the_document_has_the_code_and_source_of_every_cell() -> None:
    text = (ROOT / "docs/cells.md").read_text("utf-8")
    for name in CELLS:
        assert f"### `{name}`" in text, name
        if name == "lstm":
            continue
        lines = inspect.getsource(equation_of(name)).splitlines()
        body = lines[next(i for i, line in enumerate(lines) if line.endswith('"""')) + 1 :]
        assert "\n".join(line[4:] for line in body) in text, f"docs/cells.md lacks the code of {name}"
    assert len(CELLS) >= 20


def test_greffs_variants_differ_by_one_change() -> None:
    assert set(GREFF) == {name for name, cell in CELLS.items() if cell.family == "greff"}
    states = [cell_of(name)(batch())[0] for name in GREFF if name != "fgr"]
    assert all(not torch.allclose(one, other) for one, other in pairwise(states))


def test_a_cell_is_made_where_no_gradient_is_wanted() -> None:
    with torch.no_grad():
        layer = make_cell("gru_cho", 3, 4)
    assert all(weight.requires_grad for weight in layer.parameters())
