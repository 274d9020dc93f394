"""A recurrent layer of any cell with a linear output at the steps that have a target.

Shapes: B sequences, T steps of the longest, D inputs, H hidden size, K outputs, M steps with a target.
"""

import math
from typing import cast

from torch import Tensor, nn

from pipeline.cells import make_cell
from pipeline.cells.layer import Layer
from pipeline.cells.lstm import Recurrence

HIDDEN = 32
PERIODS = (1, 2, 4, 8, 16, 32, 64, 128)  # of the clockwork network, four units each
# Gates that keep the state but are no forget gates, with the sign of a bias that makes them keep it.
KEEPING = {"gru": 1, "gru_cho": 1, "mut1": -1, "mut2": -1, "mut3": -1}


class Network(nn.Module):
    """What is trained.

    The gate that keeps the state, if the cell has one, starts with the bias ln T for sequences of T steps: it then
    forgets about 1 / T of the state per step, so that the memory lasts as long as the sequence. With a bias of 1,
    0.73 per step, nothing is left after a hundred. Source: Tallec & Ollivier, 2018 [m], who draw ln of 1 to T.

    An input gate of its own starts with the bias -1/2 ln T, so at about 1 / sqrt(T): independent inputs of T steps then
    add up to the size of a single one, and do not saturate the state. Also in 1997 it started nearly closed [m].
    """

    def __init__(self, cell: str, input_size: int, output_size: int, length: int) -> None:
        super().__init__()
        bias = max(1.0, math.log(max(length, 1)))
        self.layers = make_cell(cell, input_size, HIDDEN, batch_first=True, forget_bias=bias, periods=PERIODS)
        layer = self.layers[0]
        if isinstance(layer, Recurrence):  # torch's LSTM, whose first gate is the input gate
            nn.init.constant_(layer.lstms[0].get_parameter("bias_ih_l0")[:HIDDEN], -bias / 2)
        else:
            biases = dict(cast(Layer, layer).directions[0].named_parameters())
            if cell in KEEPING:
                nn.init.constant_(biases["b_z"], KEEPING[cell] * bias)
            if "b_i" in biases and cell != "cifg":  # whose forget gate is 1 - i
                nn.init.constant_(biases["b_i"], -bias / 2)
        self.output = nn.Linear(HIDDEN, output_size)

    def forward(self, inputs: Tensor, lengths: Tensor, mask: Tensor) -> Tensor:
        """Return the outputs, before any squashing, at the steps with a target.

        Args:
            inputs: float32 [B, T, D].
            lengths: int64 [B].
            mask: bool [B, T].
        """
        states, _ = self.layers(inputs, lengths)  # [B, T, H]
        outputs: Tensor = self.output(states[mask])  # [M, K]
        return outputs


def squash(outputs: Tensor, kind: str) -> Tensor:
    """Return the outputs [M, K] as the task judges them."""
    if kind == "softmax":
        return outputs.softmax(1)
    return outputs.sigmoid() if kind == "logistic" else outputs


def loss(outputs: Tensor, targets: Tensor, kind: str) -> Tensor:
    """Return the mean loss over the steps with a target, outputs and targets [M, K]."""
    if kind == "softmax":
        return nn.functional.cross_entropy(outputs, targets)
    if kind == "logistic":
        return nn.functional.binary_cross_entropy_with_logits(outputs, targets)
    return nn.functional.mse_loss(outputs, targets)
