"""The cells by name, one line each; without torch, so that parameters are checked in no time.

A cell is a function of its name in the module of its family; equation.py says how it is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.core.errors import InputError

GREFF = "Greff et al., 2015, arXiv 1503.04069"
JOZEFOWICZ = "Jozefowicz et al., 2015, ICML"


@dataclass(frozen=True)
class Cell:
    """What else a cell needs than its equation.

    Attributes:
        family: the module with its equation.
        source: of the equation.
        forget: the gate whose bias starts at `forget_bias`, with a minus at its negative; a cell may lack it.
        identity: its matrix R starts as the identity, its matrix W near 0.
        first: the cell of the lowest layer, if another; it then needs two layers or more.
        periods: it has modules with a period each.
    """

    family: str = ""
    source: str = ""
    forget: str = "f"
    identity: bool = False
    first: str = ""
    periods: bool = False


CELLS = {
    "lstm": Cell("lstm", "Gers et al., 2000; torch.nn.LSTM, fused"),
    "gru": Cell("gru", "Cho et al., 2014, arXiv 1406.1078, as in torch.nn.GRU"),
    "gru_cho": Cell("gru", "Cho et al., 2014, arXiv 1406.1078"),
    "rnn": Cell("rnn", "Elman, 1990; torch.nn.RNN"),
    "irnn": Cell("rnn", "Le et al., 2015, arXiv 1504.00941", identity=True),
    "vanilla": Cell("greff", GREFF),
    "nig": Cell("greff", GREFF),
    "nfg": Cell("greff", GREFF),
    "nog": Cell("greff", GREFF),
    "niaf": Cell("greff", GREFF),
    "noaf": Cell("greff", GREFF),
    "cifg": Cell("greff", GREFF, forget="-i"),  # f = 1 - i: a closed input gate is an open forget gate
    "np": Cell("greff", GREFF),
    "fgr": Cell("greff", GREFF),
    "lstm1997": Cell("lstm1997", "Hochreiter and Schmidhuber, 1997, Neural Computation 9(8)"),
    "depth_gated": Cell("depth_gated", "Yao et al., 2015, arXiv 1508.03790", first="vanilla"),
    "clockwork": Cell("clockwork", "Koutnik et al., 2014, arXiv 1402.3511", periods=True),
    "mut1": Cell("mut", JOZEFOWICZ),
    "mut2": Cell("mut", JOZEFOWICZ),
    "mut3": Cell("mut", JOZEFOWICZ),
}


def check_cell(name: str, hidden_size: int, num_layers: int, periods: Sequence[int]) -> None:
    """Check that a network can be built of a cell.

    Raises:
        InputError: there is no such cell, or the sizes do not suit it.
    """
    if name not in CELLS:
        raise InputError(f"there is no cell {name!r}; the cells are {', '.join(CELLS)}")
    cell = CELLS[name]
    if cell.first and num_layers < 2:
        raise InputError(
            f"{name} gates what passes from layer to layer, and num_layers = {num_layers};"
            f" set num_layers to 2 or more, or use {cell.first}, which is its lowest layer"
        )
    if not cell.periods:
        return
    if not periods or min(periods) < 1:
        raise InputError(f"{name} needs periods of 1 or more, one per module, and periods = {list(periods)}")
    if hidden_size % len(periods):
        below = hidden_size - hidden_size % len(periods)
        near = " or ".join(str(size) for size in (below, below + len(periods)) if size)
        raise InputError(
            f"{name} has a module for each of its {len(periods)} periods, all of one width, and hidden_size ="
            f" {hidden_size} cannot be divided by {len(periods)}; set hidden_size to {near}, or change periods"
        )
