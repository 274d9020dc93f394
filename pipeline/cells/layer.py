"""A layer of any cell that is given by its equation: its weights, and the scan in one direction or two.

Shapes: B reviews, T tokens of the longest, n tokens of one review, D input size, G gates, H hidden size, S directions.
"""

import math
from collections.abc import Mapping
from itertools import groupby
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from pipeline.cells.equation import COMPUTED, Equation, plan_of
from pipeline.cells.lstm import reverse_rows
from pipeline.cells.scan import Scan
from pipeline.cells.stepper import Stepper, Weights
from pipeline.cells.table import Cell


class Direction(nn.Module):
    """The weights of a cell in one direction, and its scan.

    The weights have the names of the equation: of a gate z its matrices W_z [H, D] and R_z [H, H] and its bias b_z [H],
    of a vector p_i [H]. R_fi is the matrix of gate i with the state f. W_x [H, D] projects a bare x of another size.
    """

    def __init__(
        self,
        equation: Equation,
        cell: Cell,
        input_size: int,
        hidden_size: int,
        forget_bias: float,
        constants: Mapping[str, Tensor],
    ) -> None:
        super().__init__()
        self.hidden_size, self.equation, self.plan = hidden_size, equation, plan_of(equation)
        self.matrices = {(gate, source): name for name, gate, source in self.plan.weights()}
        self.fixed = [name for name in constants if name not in self.matrices.values()]  # the others are masks
        for name, value in constants.items():
            self.register_buffer(f"fixed_{name}", value, persistent=False)
        n_inputs = sum("x" in sources for sources in self.plan.gates.values())
        for (_, source), name in self.matrices.items():
            weight = torch.empty(hidden_size, input_size if source == "x" else hidden_size)
            if cell.identity:  # Source: Le et al., 2015
                nn.init.normal_(weight, std=0.001) if source == "x" else nn.init.eye_(weight)
            elif source == "x":  # Xavier's bound for all gates together, as in lstm.py
                bound = math.sqrt(6 / (input_size + n_inputs * hidden_size))
                nn.init.uniform_(weight, -bound, bound)
            else:
                nn.init.orthogonal_(weight)
            self.register_parameter(name, nn.Parameter(weight))
        for gate in self.plan.gates:
            bias = forget_bias if gate == cell.forget else -forget_bias if f"-{gate}" == cell.forget else 0.0
            self.register_parameter(f"b_{gate}", nn.Parameter(torch.full((hidden_size,), bias)))
        for vector in self.plan.vectors:
            self.register_parameter(f"p_{vector}", nn.Parameter(torch.zeros(hidden_size)))
        self.projects = "x" in self.plan.bare and input_size != hidden_size
        if self.projects:
            self.W_x = nn.Parameter(nn.init.xavier_uniform_(torch.empty(hidden_size, input_size)))

    def matrix(self, gate: str, source: str, dtype: torch.dtype) -> Tensor:
        """Return the matrix of a gate with a source, [H, D] or [H, H]; masked if the cell masks it."""
        name = self.matrices[gate, source]
        weight: Tensor = getattr(self, name)
        mask = getattr(self, f"fixed_{name}", None)
        return (weight if mask is None else weight * mask).to(dtype)

    def weights(self, dtype: torch.dtype) -> Weights:
        """Return what the scan multiplies by."""
        gates = list(self.plan.gates)
        products = (
            [self.matrix(gate, self.plan.states[p.state], dtype) for gate in gates[p.start : p.stop]]
            for p in self.plan.products
        )
        return Weights(
            products=[torch.cat(parts) for parts in products],
            computed=[self.matrix(gate, COMPUTED, dtype) for gate in gates[self.plan.n_first : self.plan.n_recurrent]],
            vectors=[getattr(self, f"p_{vector}").to(dtype) for vector in self.plan.vectors],
        )

    def project(self, x: Tensor) -> Tensor:
        """Return the gates' W x + b, [..., G * H], at every token of x [..., D] in one product."""
        parts = []
        for reads, run in groupby(self.plan.gates.items(), lambda item: "x" in item[1]):
            gates = [gate for gate, _ in run]
            bias = torch.cat([getattr(self, f"b_{gate}").to(x.dtype) for gate in gates])
            if reads:
                parts.append(linear(x, torch.cat([self.matrix(gate, "x", x.dtype) for gate in gates]), bias))
            else:
                parts.append(bias.expand(*x.shape[:-1], -1))
        return torch.cat(parts, -1) if len(parts) > 1 else parts[0]

    def bare(self, x: Tensor, below: Tensor | None) -> dict[str, Tensor]:
        """Return what the equation reads outside of gates, [..., H] each: x [..., D], maybe projected, and below."""
        named = {"x": linear(x, self.W_x.to(x.dtype)) if self.projects else x, "below": below}
        return {name: value for name in self.plan.bare if (value := named[name]) is not None}

    def constants(self) -> dict[str, Tensor]:
        """Return the vectors that are not learned."""
        return {name: getattr(self, f"fixed_{name}") for name in self.fixed}

    def forward(self, x: Tensor, below: Tensor | None, n_emitted: int = 1) -> tuple[Tensor, ...]:
        """Return the first states, [B, T, H] each, at each token of x [B, T, D], and of below [B, T, H]."""
        x = x.transpose(0, 1)  # [T, B, D]
        bare = self.bare(x, None if below is None else below.transpose(0, 1))
        scan = Scan(self.equation, self.plan, self.constants(), n_emitted)
        states = scan(self.project(x), self.weights(x.dtype), [bare[name] for name in self.plan.bare])
        return tuple(state.transpose(0, 1) for state in states)

    def stepper(self, dtype: torch.dtype) -> Stepper:
        """Return the equation, ready to be run token by token."""
        return Stepper(self.equation, self.plan, self.weights(dtype), self.constants())


class Layer(nn.Module):
    """A layer of a cell over right-padded reviews, in one direction or two; see lstm.Recurrence."""

    def __init__(
        self,
        equation: Equation,
        cell: Cell,
        input_size: int,
        hidden_size: int,
        bidirectional: bool,
        forget_bias: float,
        constants: Mapping[str, Tensor],
        emits_cells: bool,
    ) -> None:
        super().__init__()
        self.n_emitted = 2 if emits_cells else 1  # h, then c
        self.directions = nn.ModuleList(
            Direction(equation, cell, input_size, hidden_size, forget_bias, constants)
            for _ in range(2 if bidirectional else 1)
        )

    @property
    def n_masked(self) -> int:
        """How many elements of its matrices are masked."""
        masks = (value for name, value in self.named_buffers() if ".fixed_R_" in name)
        return sum(int((mask == 0).sum()) for mask in masks)

    @property
    def projects(self) -> bool:
        """Whether a bare x is a projection, because the input has not the hidden size."""
        return cast(Direction, self.directions[0]).projects

    def forward(self, x: Tensor, lengths: Tensor, below: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Return the state at each token, [B, T, S * H], in the type of x [B, T, D]; ignore the states of padding.

        Args:
            x: the inputs, padded on the right.
            lengths: int64 [B], tokens of each review, at least 1.
            below: the cell states of the layer below, [B, T, S * H].

        Returns: the states, and the cell states if the layer above reads them.
        """
        belows = [None] * len(self.directions) if below is None else below.chunk(len(self.directions), 2)
        emitted = []
        for reverse, (direction, under) in enumerate(zip(self.directions, belows, strict=True)):
            if reverse:
                turned = None if under is None else reverse_rows(under, lengths)
                states = direction(reverse_rows(x, lengths), turned, self.n_emitted)
                emitted.append([reverse_rows(state, lengths) for state in states])
            else:
                emitted.append(direction(x, under, self.n_emitted))
        h, *c = (torch.cat(parts, 2) for parts in zip(*emitted, strict=True))
        return h, c[0] if c else None

    def forward_states(self, x: Tensor, below: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Return the states of the forward direction over one review, x and `below` float32 [n, D] and [n, H]."""
        h, *c = self.directions[0](x[None], None if below is None else below[None], self.n_emitted)
        return h[0], c[0][0] if c else None

    def reverse_steps(self, x: Tensor) -> "Steps":
        """Prepare to advance the reverse direction by hand over the words of one review x, float32 [n, D]."""
        return Steps(cast(Direction, self.directions[1]), x)


class Steps:
    """A cell without gradients, one word at a time; how many reviews take part may change from word to word.

    What a word contributes to the gates is computed once, however many reviews read it.
    """

    def __init__(self, direction: Direction, x: Tensor) -> None:
        self._stepper = direction.stepper(x.dtype)
        self._gates = direction.project(x)  # [n, G * H]
        self._bare = direction.bare(x, None)  # [n, H] each

    def start(self, n_rows: int) -> Tensor:
        """Return the states before the first word, [states, n_rows, H], the output first."""
        return torch.stack(self._stepper.start(self._gates[:1].expand(n_rows, -1)))

    def step(self, word: int, state: Tensor) -> None:
        """Let each row of `state` [states, rows, H] read the word x[word], in place."""
        rows = state.shape[1]
        gates = self._gates[word].repeat(rows, 1)
        bare = {name: value[word].expand(rows, -1) for name, value in self._bare.items()}
        for row, after in zip(state, self._stepper.step(gates, bare, state.unbind(0)), strict=True):
            row.copy_(after)
