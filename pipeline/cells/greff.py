"""The vanilla LSTM with peepholes and its eight variants.

Source: Greff et al., LSTM: A Search Space Odyssey, 2015. The output peephole sees the new c.
"""

from torch import Tensor, sigmoid, tanh

from pipeline.cells.equation import Gates, Vectors

State = tuple[Tensor, Tensor]


def vanilla(w: Gates, p: Vectors, x: Tensor, h: Tensor, c: Tensor) -> State:
    """The LSTM with input, forget and output gates and peepholes."""
    z = tanh(w.z(x, h))
    i = sigmoid(w.i(x, h) + p.i * c)
    f = sigmoid(w.f(x, h) + p.f * c)
    c = i * z + f * c
    o = sigmoid(w.o(x, h) + p.o * c)
    return o * tanh(c), c


def nig(w: Gates, p: Vectors, x: Tensor, h: Tensor, c: Tensor) -> State:
    """No input gate."""
    z = tanh(w.z(x, h))
    f = sigmoid(w.f(x, h) + p.f * c)
    c = z + f * c
    o = sigmoid(w.o(x, h) + p.o * c)
    return o * tanh(c), c


def nfg(w: Gates, p: Vectors, x: Tensor, h: Tensor, c: Tensor) -> State:
    """No forget gate."""
    z = tanh(w.z(x, h))
    i = sigmoid(w.i(x, h) + p.i * c)
    c = i * z + c
    o = sigmoid(w.o(x, h) + p.o * c)
    return o * tanh(c), c


def nog(w: Gates, p: Vectors, x: Tensor, h: Tensor, c: Tensor) -> State:
    """No output gate."""
    z = tanh(w.z(x, h))
    i = sigmoid(w.i(x, h) + p.i * c)
    f = sigmoid(w.f(x, h) + p.f * c)
    c = i * z + f * c
    return tanh(c), c


def niaf(w: Gates, p: Vectors, x: Tensor, h: Tensor, c: Tensor) -> State:
    """No input activation function."""
    z = w.z(x, h)
    i = sigmoid(w.i(x, h) + p.i * c)
    f = sigmoid(w.f(x, h) + p.f * c)
    c = i * z + f * c
    o = sigmoid(w.o(x, h) + p.o * c)
    return o * tanh(c), c


def noaf(w: Gates, p: Vectors, x: Tensor, h: Tensor, c: Tensor) -> State:
    """No output activation function."""
    z = tanh(w.z(x, h))
    i = sigmoid(w.i(x, h) + p.i * c)
    f = sigmoid(w.f(x, h) + p.f * c)
    c = i * z + f * c
    o = sigmoid(w.o(x, h) + p.o * c)
    return o * c, c


def cifg(w: Gates, p: Vectors, x: Tensor, h: Tensor, c: Tensor) -> State:
    """Coupled input and forget gates."""
    z = tanh(w.z(x, h))
    i = sigmoid(w.i(x, h) + p.i * c)
    c = i * z + (1 - i) * c
    o = sigmoid(w.o(x, h) + p.o * c)
    return o * tanh(c), c


def np(w: Gates, x: Tensor, h: Tensor, c: Tensor) -> State:
    """No peepholes: torch.nn.LSTM with one bias per gate."""
    z = tanh(w.z(x, h))
    i = sigmoid(w.i(x, h))
    f = sigmoid(w.f(x, h))
    c = i * z + f * c
    o = sigmoid(w.o(x, h))
    return o * tanh(c), c


def fgr(
    w: Gates, p: Vectors, x: Tensor, h: Tensor, c: Tensor, i: Tensor, f: Tensor, o: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Full gate recurrence: each gate also reads all three gates of the previous token."""
    z = tanh(w.z(x, h))
    i_new = sigmoid(w.i(x, h, i, f, o) + p.i * c)
    f_new = sigmoid(w.f(x, h, i, f, o) + p.f * c)
    c = i_new * z + f_new * c
    o_new = sigmoid(w.o(x, h, i, f, o) + p.o * c)
    return o_new * tanh(c), c, i_new, f_new, o_new
