"""A training step of one layer of each cell, compared with torch's own LSTM of the same width.

The first ratio is at equal operations: a cell of fewer gates has less to do. Operations are those of the matrix
products, which are most of them; see `training.flops_per_token`. The other ratio is of tokens, with torch's LSTM over
packed sequences, which is what a tutorial trains.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from benchmarks.measure import Rate, per_second, side_by_side
from pipeline.cells import make_cell
from pipeline.cells.stack import Layers
from pipeline.cells.table import CELLS
from pipeline.params import Params

N_TOKENS, N_RUNS = 200, 15


def operations(layers: nn.Module) -> int:
    """Count the floating-point operations per token of training: those of each matrix, forward, and twice backward."""
    return sum(3 * 2 * weight.numel() for weight in layers.parameters() if weight.dim() == 2)


def step(layer: Callable[[Tensor], Tensor], weights: list[nn.Parameter], x: Tensor, n_tokens: int) -> Rate:
    """Return a function that goes through a batch x forward and backward, and returns its tokens/s."""

    def work() -> None:
        torch.autograd.grad(layer(x).sum(), [x, *weights])
        if x.is_cuda:
            torch.cuda.synchronize()

    return per_second(n_tokens, work)


def times(factor: float, rate: Rate) -> Rate:
    """Return a rate in another unit."""
    return lambda: factor * rate()


def figures_on(device: torch.device, params: Params) -> Iterator[dict[str, Any]]:
    """Measure each cell of one layer and one direction; depth_gated, which needs two layers, with an LSTM of two."""
    rows, width, size = params.classify.batch_size, params.embed.vector_size, params.classify.hidden_size
    torch.manual_seed(1)
    x = torch.randn(rows, N_TOKENS, width, device=device, requires_grad=True)
    lengths = torch.randint(N_TOKENS * 3 // 4, N_TOKENS + 1, (rows,))  # lengths within a batch differ little
    lengths[0] = N_TOKENS
    full = torch.full((rows,), N_TOKENS, device=device)
    kernels = "cuDNN's LSTM" if device.type == "cuda" else "torch's LSTM, fused"
    for name, cell in CELLS.items():
        if name == "lstm":
            continue
        n_layers = 2 if cell.first else 1
        ours = make_cell(name, width, size, n_layers, batch_first=True, periods=params.classify.periods).to(device)
        theirs = nn.LSTM(width, size, n_layers, batch_first=True).to(device)
        n_ours, n_theirs = operations(ours), operations(theirs)
        mine = step(_states(ours, full), list(ours.parameters()), x, rows * N_TOKENS)
        other = step(_outputs(theirs), list(theirs.parameters()), x, rows * N_TOKENS)
        yield side_by_side(
            f"{name}, {n_ours / 1e6:.2f} MFLOP per token, {device.type}",
            "MFLOP/s",
            times(n_ours / 1e6, mine),
            times(n_theirs / 1e6, other),
            f"{kernels}, {n_theirs / 1e6:.2f} MFLOP per token",
            0.3 if device.type == "cpu" else None,
            N_RUNS,
        )
        if device.type == "cpu":
            valid = int(lengths.sum())
            mine = step(_states(ours, lengths), list(ours.parameters()), x, valid)
            other = step(_packed(theirs, lengths), list(theirs.parameters()), x, valid)
            against = "torch's LSTM over packed sequences"
            yield side_by_side(f"{name}, {device.type}", "tokens/s", mine, other, against, 1.0, N_RUNS)


def _states(layers: Layers, lengths: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda x: layers(x, lengths)[0]


def _outputs(lstm: nn.LSTM) -> Callable[[Tensor], Tensor]:
    return lambda x: lstm(x)[0]


def _packed(lstm: nn.LSTM, lengths: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda x: lstm(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))[0].data


def figures(params: Params) -> Iterator[dict[str, Any]]:
    """Measure on the CPU, and on a GPU if there is one."""
    yield from figures_on(torch.device("cpu"), params)
    if torch.cuda.is_available():
        yield from figures_on(torch.device("cuda"), params)
