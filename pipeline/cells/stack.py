"""Layers of a cell, one on the other."""

from collections.abc import Sequence
from types import ModuleType
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout

from pipeline.cells import clockwork, depth_gated, greff, gru, lstm1997, mut, rnn
from pipeline.cells.equation import Equation
from pipeline.cells.layer import Layer
from pipeline.cells.lstm import Recurrence
from pipeline.cells.table import CELLS, Cell, check_cell

FAMILIES: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module for module in (rnn, gru, greff, lstm1997, depth_gated, clockwork, mut)
}


def equation_of(name: str) -> Equation:
    """Return the equation of a cell of the table; `lstm`, which is torch's, has none."""
    return cast(Equation, getattr(FAMILIES[CELLS[name].family], name))


class Layers(nn.ModuleList):
    """Layers of a cell over right-padded sequences; other projects import it as `make_cell` from pipeline.cells.

    Shapes: B sequences, T tokens of the longest, n tokens of one, D input size, H hidden size, L layers, S directions.
    """

    def __init__(
        self,
        cell: str | Equation,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        forget_bias: float = 1.0,
        periods: Sequence[int] = (),
    ) -> None:
        """Build the layers.

        Args:
            cell: a name of table.py, or an equation as equation.py describes.
            input_size: D.
            hidden_size: H.
            num_layers: layers, each above the first reading the states of the one below.
            batch_first: whether batches are [B, T, D] and not [T, B, D].
            dropout: the share of elements dropped between layers, in training.
            bidirectional: whether each layer has a reverse direction too.
            forget_bias: the forget gates' bias at the start; a cell without forget gate has none.
            periods: those of the modules of `clockwork`, all of one width.

        Raises:
            InputError: there is no such cell, or the sizes do not suit it.
        """
        super().__init__()
        if isinstance(cell, str):
            check_cell(cell, hidden_size, num_layers, periods)
        self.hidden_size, self.batch_first, self.dropout = hidden_size, batch_first, dropout
        self.bidirectional = bidirectional
        width = hidden_size * (2 if bidirectional else 1)
        for depth in range(num_layers):
            size = width if depth else input_size
            if cell == "lstm":
                self.append(Recurrence(size, hidden_size, bidirectional, forget_bias))
                continue
            entry = CELLS[cell] if isinstance(cell, str) else Cell()
            name = entry.first if entry.first and not depth else cell
            constants = FAMILIES[entry.family].constants(hidden_size, periods) if entry.periods else {}
            self.append(
                Layer(
                    equation_of(name) if isinstance(name, str) else name,
                    entry,
                    size,
                    hidden_size,
                    bidirectional,
                    forget_bias,
                    constants,
                    emits_cells=bool(entry.first) and depth < num_layers - 1,
                )
            )

    @property
    def notes(self) -> list[str]:
        """What a user should know of the cell at these sizes, a sentence each."""
        return [
            f"layer {depth} projects the bare x of its equation to {self.hidden_size} elements by a learned matrix, W_x"
            for depth, layer in enumerate(self, 1)
            if isinstance(layer, Layer) and layer.projects
        ]

    def n_parameters(self) -> int:
        """Count the parameters that have an effect: of a masked matrix those that the mask keeps."""
        masked = sum(layer.n_masked for layer in self if isinstance(layer, Layer))
        return sum(parameter.numel() for parameter in self.parameters()) - masked

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the states of the last layer and the last state of each layer.

        Args:
            x: [T, B, D], or [B, T, D] if batch_first; padded on the right, in any floating-point type.
            lengths: int64 [B] on the device of x, tokens of each sequence, at least 1; None if all have T.

        Returns: [T, B, S * H], or [B, T, S * H] if batch_first, in the type of x; the states of padding have no
            meaning. And [L * S, B, H], as `torch.nn.GRU` returns: after the last token of the forward direction, after
            the first of the reverse direction.
        """
        x = x if self.batch_first else x.transpose(0, 1)  # [B, T, D]
        if lengths is None:
            lengths = torch.full((len(x),), x.shape[1], device=x.device)
        rows = torch.arange(len(x), device=x.device)
        below: Tensor | None = None
        last = []
        for depth, layer in enumerate(self):
            if depth and self.dropout:
                x = dropout(x, self.dropout, self.training)
            x, below = layer(x, lengths, below)  # [B, T, S * H]
            forward, *reverse = torch.split(x, self.hidden_size, 2)
            last += [forward[rows, lengths - 1], *(states[:, 0] for states in reverse)]
        return x if self.batch_first else x.transpose(0, 1), torch.stack(last)

    def forward_states(self, x: Tensor) -> Tensor:
        """Return the states of the last layer, [n, H], in the forward direction alone, over one review x [n, D]."""
        below: Tensor | None = None
        for layer in self:
            x, below = cast(Any, layer).forward_states(x, below)
        return x

    def reverse_steps(self, x: Tensor) -> Any:
        """Prepare to advance the reverse direction of a single layer by hand over the words of one review x [n, D]."""
        return cast(Any, self[0]).reverse_steps(x)
