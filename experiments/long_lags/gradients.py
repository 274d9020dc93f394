"""The vanishing gradient made visible: how strongly the last output depends on the state at each step before.

Shapes: B sequences, T steps, D inputs, H hidden size, S elements of the state.

The state is all that a cell passes on to the next step: h, and for an LSTM c too. dh_T / ds_t is the product of the
Jacobians of all steps between; its spectral norm is the largest factor by which a small change of the state at t can
reach the output at T. It is 1 at t = T. Source: Bengio, Simard & Frasconi, 1994 [m].
"""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

import torch
from torch import Tensor, nn

from pipeline.cells import make_cell
from pipeline.cells.layer import Direction, Layer
from pipeline.cells.lstm import Recurrence
from pipeline.cells.stack import Layers


def direction_of(layers: Layers, input_size: int) -> Direction:
    """Return the weights of a single layer; those of torch's LSTM as its equation, which is `np`."""
    layer = layers[0]
    if isinstance(layer, Layer):
        return cast(Direction, layer.directions[0])
    lstm = cast(nn.LSTM, cast(Recurrence, layer).lstms[0])
    twin = cast(Direction, cast(Layer, make_cell("np", input_size, lstm.hidden_size)[0]).directions[0])
    twin.to(lstm.get_parameter("weight_ih_l0").dtype)
    weights = {name: lstm.get_parameter(f"{name}_l0") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    parts = {
        "W": weights["weight_ih"].chunk(4),
        "R": weights["weight_hh"].chunk(4),
        "b": (weights["bias_ih"] + weights["bias_hh"]).chunk(4),
    }
    with torch.no_grad():
        for letter, chunks in parts.items():
            for gate, chunk in zip("ifzo", chunks, strict=True):  # torch's order; its g is z
                twin.get_parameter(f"{letter}_{gate}").copy_(chunk)
    return twin


def states_of(direction: Direction, x: Tensor, initial: Sequence[Tensor] = ()) -> list[list[Tensor]]:
    """Run a cell by autograd and return its states, [B, H] each, before the first step and after each.

    scan.py has a backward pass of its own that shows no gradient of a state in between.

    Args:
        direction: the weights of the cell.
        x: float32 or float64 [B, T, D].
        initial: the states before the first step, [B, H] each; 0 by default.
    """
    plan = direction.plan
    projected = dict(zip(plan.gates, direction.project(x).chunk(len(plan.gates), -1), strict=True))  # [B, T, H] each
    bare = direction.bare(x, None)
    weights = {
        (gate, source): direction.matrix(gate, source, x.dtype)
        for gate, source in direction.matrices
        if source != "x"
    }  # fmt: skip
    start = initial or [x.new_zeros(len(x), direction.hidden_size) for _ in plan.states]
    history = [[state.clone().requires_grad_() for state in start]]
    for t in range(x.shape[1]):

        def gate(name: str, t: int = t) -> object:
            def product(*sources: Tensor) -> Tensor:
                value = projected[name][:, t]
                for source, named in zip(sources, plan.gates[name], strict=True):
                    value = value if named == "x" else value + source @ weights[name, named].t()
                return value

            return product

        arguments = {
            "w": SimpleNamespace(**{name: gate(name) for name in plan.gates}),
            "p": SimpleNamespace(**{name: direction.get_parameter(f"p_{name}") for name in plan.vectors}),
            "fixed": SimpleNamespace(**direction.constants()),
        }
        inputs = {name: value[:, t] for name, value in bare.items()}
        returned = direction.equation(*plan.arrange(arguments, inputs, history[-1]))
        after = returned if isinstance(returned, tuple) else (returned,)
        history.append([state.clone() for state in after])  # h reads c within a step: only later steps count
    return history


def gradient_norms(layers: Layers, x: Tensor) -> list[float]:
    """Return the spectral norm of dh_T / ds_t, the mean over the sequences, for t = 0 to T.

    Args:
        layers: of a single layer in one direction.
        x: float32 or float64 [B, T, D], all of the same length.
    """
    direction = direction_of(layers, x.shape[2])
    size = direction.hidden_size
    history = states_of(direction, x.repeat_interleave(size, 0))  # a row for each element of h_T: [B * H, H]
    own = history[-1][0].view(len(x), size, size).diagonal(dim1=1, dim2=2)
    flat = [state for states in history for state in states]
    leaves = [state for state in flat if state.requires_grad]
    slopes = dict(zip(map(id, leaves), torch.autograd.grad(own.sum(), leaves, allow_unused=True), strict=True))
    norms = []
    for states in history:
        parts = [slope for state in states if (slope := slopes.get(id(state))) is not None]
        jacobian = torch.cat([part.view(len(x), size, size) for part in parts], 2)  # [B, H, S]
        norms.append(float(torch.linalg.matrix_norm(jacobian, 2).mean()))
    return norms
