"""The depth-gated LSTM: a gate between the cell states of one layer and the next."""

from torch import Tensor, sigmoid, tanh

from pipeline.cells.equation import Gates, Vectors


def depth_gated(w: Gates, p: Vectors, x: Tensor, below: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Yao et al., 2015: a layer above the lowest; `below` is the lower layer's c at the same token.

    The forget gate is separate and the peepholes are vectors, as in the paper; the author's code has f = 1 - i and
    matrices.
    """
    z = tanh(w.z(x, h))
    i = sigmoid(w.i(x, h) + p.i * c)
    f = sigmoid(w.f(x, h) + p.f * c)
    d = sigmoid(w.d(x) + p.d * c + p.below * below)
    c = f * c + i * z + d * below
    o = sigmoid(w.o(x, h) + p.o * c)
    return o * tanh(c), c
