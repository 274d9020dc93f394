"""The gated recurrent unit, in its two forms, which are not equivalent."""

from torch import Tensor, sigmoid, tanh

from pipeline.cells.equation import Gates


def gru(w: Gates, x: Tensor, h: Tensor) -> Tensor:
    """torch.nn.GRU: r acts after the recurrent matrix; the gate `u` is U h + b'."""
    r = sigmoid(w.r(x, h))
    z = sigmoid(w.z(x, h))
    n = tanh(w.n(x) + r * w.u(h))
    return (1 - z) * n + z * h


def gru_cho(w: Gates, x: Tensor, h: Tensor) -> Tensor:
    """Cho et al., 2014: r acts before the recurrent matrix."""
    r = sigmoid(w.r(x, h))
    z = sigmoid(w.z(x, h))
    n = tanh(w.n(x, r * h))
    return (1 - z) * n + z * h
