"""The three best architectures of a search over ten thousand.

Source: Jozefowicz et al., An Empirical Exploration of Recurrent Network Architectures, 2015.
z multiplies the new value. The bare x has the hidden size: it is the input if that has the size, else a learned
projection of it.
"""

from torch import Tensor, sigmoid, tanh

from pipeline.cells.equation import Gates


def mut1(w: Gates, x: Tensor, h: Tensor) -> Tensor:
    """MUT1."""
    z = sigmoid(w.z(x))
    r = sigmoid(w.r(x, h))
    return tanh(w.h(r * h) + tanh(x)) * z + h * (1 - z)


def mut2(w: Gates, x: Tensor, h: Tensor) -> Tensor:
    """MUT2."""
    z = sigmoid(w.z(x, h))
    r = sigmoid(x + w.r(h))
    return tanh(w.h(x, r * h)) * z + h * (1 - z)


def mut3(w: Gates, x: Tensor, h: Tensor) -> Tensor:
    """MUT3."""
    z = sigmoid(w.z(x, tanh(h)))
    r = sigmoid(w.r(x, h))
    return tanh(w.h(x, r * h)) * z + h * (1 - z)
