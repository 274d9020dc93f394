"""Recurrent layers, one file per family."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.cells.stack import Layers


def make_cell(
    cell: str | Callable[..., Any],
    input_size: int,
    hidden_size: int,
    num_layers: int = 1,
    *,
    batch_first: bool = False,
    dropout: float = 0.0,
    bidirectional: bool = False,
    forget_bias: float = 1.0,
    periods: Sequence[int] = (),
) -> "Layers":
    """Return layers of a cell, to be called with a padded batch and its lengths; see `Layers.forward`.

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
    from pipeline.cells.stack import Layers  # torch takes a second, and names are checked without it

    return Layers(
        cell,
        input_size,
        hidden_size,
        num_layers,
        batch_first=batch_first,
        dropout=dropout,
        bidirectional=bidirectional,
        forget_bias=forget_bias,
        periods=periods,
    )
