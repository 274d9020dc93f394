"""The LSTM layer, torch's own: over right-padded batches for training, and one word at a time for prefixes.

Shapes: B reviews, T tokens of the longest, n tokens of one review, F features of a token, D input size, H hidden size,
S directions (2 if bidirectional).
"""

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.func import functional_call


class Recurrence(nn.Module):
    """One layer of LSTM over right-padded reviews, in one direction or two.

    Padded, not packed: equal lengths take the fused kernels, and padding on the right cannot reach the states before
    it. The reverse direction is a second LSTM over each review reversed within its own length.

    What the rest of the project asks of a layer, whatever its cell: `forward`, `forward_states` and `reverse_steps`.
    """

    def __init__(self, input_size: int, hidden_size: int, bidirectional: bool, forget_bias: float = 1.0) -> None:
        super().__init__()
        self.lstms = nn.ModuleList(
            nn.LSTM(input_size, hidden_size, batch_first=True) for _ in range(2 if bidirectional else 1)
        )
        for lstm in self.lstms:
            for name, weight in lstm.named_parameters():
                if name.startswith("weight_hh"):
                    for gate in weight.chunk(4):
                        nn.init.orthogonal_(gate)
                elif name.startswith("weight_ih"):
                    nn.init.xavier_uniform_(weight)
                else:
                    nn.init.zeros_(weight)
            # Forget gates start open, so that gradients reach further back. Source: Jozefowicz et al., 2015.
            nn.init.constant_(lstm.get_parameter("bias_ih_l0")[hidden_size : 2 * hidden_size], forget_bias)

    def forward(self, x: Tensor, lengths: Tensor, below: None = None) -> tuple[Tensor, None]:
        """Return the state at each token, [B, T, S * H], in the type of x [B, T, D]; ignore the states of padding.

        Args:
            x: the inputs, padded on the right.
            lengths: int64 [B], tokens of each review, at least 1.
            below: the cell states of the layer below, which an LSTM does not read.

        Returns: the states, and None, as it shows no cell states to the layer above.
        """
        states = []
        for direction, lstm in enumerate(self.lstms):
            y = reverse_rows(x, lengths) if direction else x  # [B, T, D]
            weights = {key: value.to(x.dtype) for key, value in lstm.named_parameters()}
            h, _ = functional_call(lstm, weights, (y,))  # [B, T, H]
            states.append(reverse_rows(h, lengths) if direction else h)
        return torch.cat(states, dim=2), None  # [B, T, S * H]

    def forward_states(self, x: Tensor, below: None = None) -> tuple[Tensor, None]:
        """Return the states of the forward direction, [n, H], over one review x, float32 [n, D]; and None."""
        return self.lstms[0](x)[0], None

    def reverse_steps(self, x: Tensor) -> "Steps":
        """Prepare to advance the reverse direction by hand over the words of one review x, float32 [n, D]."""
        return Steps(cast(nn.LSTM, self.lstms[1]), x)


class Steps:
    """An LSTM without gradients, one word at a time; how many reviews take part may change from word to word.

    What a word contributes to the gates is computed once, however many reviews read it.
    """

    def __init__(self, lstm: nn.LSTM, x: Tensor) -> None:
        self.hidden_size = size = lstm.hidden_size
        # Twice the g gate: tanh(z) = 2 sigmoid(2z) - 1, and torch's sigmoid is the faster of the two on a CPU.
        twice = x.new_ones(4 * size)  # in torch's order of the gates: i, f, g, o
        twice[2 * size : 3 * size] = 2
        w_input, w_state, b_input, b_state = (
            lstm.get_parameter(f"{name}_l0") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        self._gates = twice * torch.addmm(b_input + b_state, x, w_input.t())  # [n, 4H]
        self._w_state = (twice * w_state.t()).contiguous()  # [H, 4H]

    def start(self, n_rows: int) -> Tensor:
        """Return the state before the first word, [2, n_rows, H]: h, which the layer outputs, then c."""
        return self._gates.new_zeros(2, n_rows, self.hidden_size)

    def step(self, word: int, state: Tensor) -> None:
        """Let each row of `state` [2, rows, H] read the word x[word], in place."""
        h, c = state
        z = torch.addmm(self._gates[word], h, self._w_state).sigmoid_()  # [rows, 4H]
        i, f, g, o = z.chunk(4, 1)
        c.mul_(f).addcmul_(i, g.mul_(2).sub_(1))
        torch.mul((2 * c).sigmoid_().mul_(2).sub_(1), o, out=h)


class _Permute(torch.autograd.Function):
    """x [B, T, F] with its B * T vectors reordered by a permutation that is its own inverse.

    The gradient copies whole vectors, too; that of indexing would add up element by element.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, order: Tensor) -> Tensor:
        ctx.order = order
        return x.flatten(0, 1).index_select(0, order).view_as(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient.flatten(0, 1).index_select(0, ctx.order).view_as(gradient), None


def reverse_rows(x: Tensor, lengths: Tensor) -> Tensor:
    """Reverse x [B, T, F] along T, each row within its own length, int64 [B]; padding stays where it is."""
    n_rows, n_places, _ = x.shape
    places = torch.arange(n_places, device=x.device)
    mirrored = lengths[:, None] - 1 - places  # [B, T]
    source = torch.where(mirrored >= 0, mirrored, places)  # [B, T]
    first = torch.arange(n_rows, device=x.device)[:, None] * n_places
    reversed_rows: Tensor = _Permute.apply(x, (first + source).flatten())  # type: ignore[no-untyped-call]
    return reversed_rows
