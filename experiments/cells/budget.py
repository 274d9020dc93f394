"""The width at which a cell has a given number of parameters.

At one width cells differ in size: a GRU has three quarters of an LSTM's parameters, a plain network a quarter. Compared
at one number of parameters, what differs is how a cell uses them.
"""

import math
from collections.abc import Callable
from typing import Any

from pipeline.cells import make_cell
from pipeline.cells.stack import Layers
from pipeline.cells.table import CELLS

PERIODS = (1, 2, 4, 8)  # of the modules of clockwork


def num_layers(cell: str | Callable[..., Any]) -> int:
    """Return the layers that a cell needs: two for one that gates what passes between layers."""
    return 2 if isinstance(cell, str) and CELLS[cell].first else 1


def layers_of(cell: str | Callable[..., Any], input_size: int, hidden_size: int, *, bidirectional: bool) -> Layers:
    """Build a cell of the table, or an equation, with as many layers as it needs."""
    depth = num_layers(cell)
    return make_cell(
        cell, input_size, hidden_size, depth, batch_first=True, bidirectional=bidirectional, periods=PERIODS
    )


def hidden_size(
    cell: str | Callable[..., Any], input_size: int, n_parameters: int, *, bidirectional: bool = False
) -> int:
    """Return the hidden size H at which the layers of a cell have about `n_parameters`.

    Every cell has a H² + b H parameters; a and b come from two small networks. A cell with modules gets a multiple of
    their number. A cell that projects a bare x never gets the width of its input, where it would not project.

    Args:
        cell: a name of the table, or an equation.
        input_size: D.
        n_parameters: of all layers and directions together.
        bidirectional: whether there are two directions.
    """
    step = len(PERIODS) if isinstance(cell, str) and CELLS[cell].periods else 1
    small = next(size for size in range(step, 4 * step, step) if input_size not in (size, 2 * size))
    layers = [layers_of(cell, input_size, size, bidirectional=bidirectional) for size in (small, 2 * small)]
    once, twice = (one.n_parameters() for one in layers)
    a = (twice - 2 * once) / (2 * small**2)
    b = once / small - a * small
    exact = ((b * b + 4 * a * n_parameters) ** 0.5 - b) / (2 * a) if a else n_parameters / b
    below = math.floor(exact / step) * step
    sizes = [size for size in (below - step, below, below + step, below + 2 * step) if size > 0]
    if layers[0].notes:
        sizes = [size for size in sizes if size != input_size]
    return min(sizes, key=lambda size: abs(a * size**2 + b * size - n_parameters))
