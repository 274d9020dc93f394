"""The LSTM of 1997: no forget gate and no peepholes, with the paper's squashing functions."""

from torch import Tensor, sigmoid

from pipeline.cells.equation import Gates


def lstm1997(w: Gates, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Hochreiter and Schmidhuber, 1997: the input is squashed to [-2, 2], the output to [-1, 1]."""
    i = sigmoid(w.i(x, h))
    o = sigmoid(w.o(x, h))
    c = c + i * (4 * sigmoid(w.g(x, h)) - 2)
    return o * (2 * sigmoid(c) - 1), c
