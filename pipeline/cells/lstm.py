"""The LSTM over right-padded batches, in one direction or two."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call


class Recurrence(nn.Module):
    """One layer of LSTM over right-padded reviews, in one direction or two.

    Padded, not packed: equal lengths take the fused kernels, and padding on the right cannot reach the states before
    it. The reverse direction is a second LSTM over each review reversed within its own length.
    """

    def __init__(self, input_size: int, hidden_size: int, bidirectional: bool) -> None:
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
            # Forget gates start open: gradients live longer. Source: Jozefowicz et al., 2015.
            nn.init.ones_(lstm.get_parameter("bias_ih_l0")[hidden_size : 2 * hidden_size])

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return the state at each token, [B, T, S * H], of x [B, T, D], in x's type; those of padding mean nothing."""
        states = []
        for direction, lstm in enumerate(self.lstms):
            y = reverse_rows(x, lengths) if direction else x
            weights = {key: value.to(x.dtype) for key, value in lstm.named_parameters()}
            h, _ = functional_call(lstm, weights, (y,))  # [B, T, H]
            states.append(reverse_rows(h, lengths) if direction else h)
        return torch.cat(states, dim=2)


class _Permute(torch.autograd.Function):
    """x [B, T, F] with its B * T vectors in another order, of a permutation that is its own inverse.

    Its gradient is the same copying of whole vectors; that of indexing would add up element by element.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, order: Tensor) -> Tensor:
        ctx.order = order
        return x.flatten(0, 1).index_select(0, order).view_as(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient.flatten(0, 1).index_select(0, ctx.order).view_as(gradient), None


def reverse_rows(x: Tensor, lengths: Tensor) -> Tensor:
    """Reverse x [B, T, F] along T, each row within its own length; padding stays where it is."""
    n_rows, n_places, _ = x.shape
    places = torch.arange(n_places, device=x.device)
    mirrored = lengths[:, None] - 1 - places  # [B, T]
    source = torch.where(mirrored >= 0, mirrored, places)
    first = torch.arange(n_rows, device=x.device)[:, None] * n_places
    reversed_rows: Tensor = _Permute.apply(x, (first + source).flatten())  # type: ignore[no-untyped-call]
    return reversed_rows
