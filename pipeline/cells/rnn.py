"""The plain recurrent networks."""

from torch import Tensor, relu, tanh

from pipeline.cells.equation import Gates


def rnn(w: Gates, x: Tensor, h: Tensor) -> Tensor:
    """Elman, 1990."""
    return tanh(w.h(x, h))


def irnn(w: Gates, x: Tensor, h: Tensor) -> Tensor:
    """Le et al., 2015: rectified, the recurrent matrix starts as the identity."""
    return relu(w.h(x, h))
