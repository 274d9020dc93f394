"""A training step of the default classifier: against packed sequences, Keras, and the machine's own rate.

Steps are by the cross-entropy alone, on both sides: none of the others trains against adversarial moves, with which a
step of ours reads its batch twice.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.utils.data import DataLoader

from benchmarks.measure import Rate, figure, side_by_side
from benchmarks.rivals import child, missing_rivals
from pipeline.classify.batches import Reviews, batches
from pipeline.classify.device import choose_dtype
from pipeline.classify.network import Dropout, Network, NetworkConfig
from pipeline.core.ragged import Ragged
from pipeline.params import Params

N_STEPS = 6


class Packed(nn.Module):
    """The same network as tutorials write it: a bidirectional LSTM over packed sequences."""

    def __init__(self, shape: NetworkConfig) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.n_words + 1, shape.vector_size, padding_idx=shape.n_words)
        self.lstm = nn.LSTM(
            shape.vector_size,
            shape.hidden_size,
            num_layers=shape.num_layers,
            bidirectional=shape.bidirectional,
            batch_first=True,
        )
        width = shape.hidden_size * (2 if shape.bidirectional else 1)
        self.output = nn.Linear(width * len(shape.pooling), 1)

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return the logits, float32 [B], of ids int64 [B, T] padded on the right."""
        packed = pack_padded_sequence(self.embedding(ids), lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        mask = (torch.arange(states.shape[1]) < lengths[:, None])[:, :, None]
        pooled = {
            "max": lambda: states.masked_fill(~mask, -torch.inf).amax(1),
            "mean": lambda: (states * mask).sum(1) / lengths[:, None],
            "last": lambda: states[torch.arange(len(lengths)), lengths - 1],
        }
        logits: Tensor = self.output(torch.cat([pooled[kind]() for kind in self.shape.pooling], 1)).squeeze(1)
        return logits


def step(network: nn.Module, optimizer: torch.optim.Optimizer, ids: Tensor, lengths: Tensor) -> int:
    """Do one step of training; return the number of tokens it read."""
    loss = nn.functional.binary_cross_entropy_with_logits(network(ids, lengths), (lengths % 2).float())
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    return int(lengths.sum())


def shape_of(params: Params, n_words: int) -> NetworkConfig:
    """Return the shape of the classifier that the parameters describe."""
    section = params.classify.model_dump()
    names = ("hidden_size", "num_layers", "bidirectional", "head_tokens", "tail_tokens")
    return NetworkConfig(
        n_words=n_words,
        vector_size=params.embed.vector_size,
        pooling=tuple(section["pooling"]),
        **{name: section[name] for name in names},
    )


def padded(params: Params, reviews: Ragged, shape: NetworkConfig, precision: str, device: torch.device) -> Rate:
    """Return a function that takes our training steps and returns tokens/s."""
    section = params.classify
    dropout = Dropout(section.word_dropout, section.embedding_dropout, section.dropout)
    network = Network(shape, dropout, choose_dtype(precision, device)).train().to(device)
    optimizer = torch.optim.AdamW(network.parameters(), fused=True)
    resident = Reviews(reviews, shape, device)
    generator = torch.Generator().manual_seed(1)

    def rate() -> float:
        planned = batches(resident.lengths, section.batch_size, generator)[:N_STEPS]
        started = time.perf_counter()
        n_tokens = sum(step(network, optimizer, *resident.batch(rows)) for rows in planned)
        return n_tokens / (time.perf_counter() - started)

    return rate


def packed(params: Params, reviews: Ragged, shape: NetworkConfig) -> Rate:
    """Return a function that takes a tutorial's training steps, DataLoader and all, and returns tokens/s."""
    network = Packed(shape).train()
    optimizer = torch.optim.Adam(network.parameters())
    kept = shape.head_tokens + shape.tail_tokens
    rows = [torch.from_numpy(np.array(reviews[i][:kept])) for i in range(len(reviews))]

    def collate(some: list[Tensor]) -> tuple[Tensor, Tensor]:
        padded = pad_sequence(some, batch_first=True, padding_value=shape.n_words)
        return padded.long(), torch.tensor([len(row) for row in some])

    loader = DataLoader([row for row in rows if len(row)], params.classify.batch_size, shuffle=True, collate_fn=collate)

    def rate() -> float:
        n_tokens = 0
        started = time.perf_counter()
        for _, (ids, lengths) in zip(range(N_STEPS), loader, strict=False):
            n_tokens += step(network, optimizer, ids, lengths)
        return n_tokens / (time.perf_counter() - started)

    return rate


@contextmanager
def keras(params: Params, reviews: Ragged, shape: NetworkConfig) -> Iterator[Rate]:
    """Give a function that has Keras, in a process of its own, train on batches like ours, and returns tokens/s."""
    resident = Reviews(reviews, shape, torch.device("cpu"))
    planned = batches(resident.lengths, params.classify.batch_size, torch.Generator().manual_seed(1))[:N_STEPS]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "batches.npz"
        arrays = {}
        for i, rows in enumerate(planned):
            ids, lengths = resident.batch(rows)
            # Keras takes id 0 for padding.
            arrays |= {f"ids{i}": (ids.numpy() + 1) % (shape.n_words + 1), f"lengths{i}": lengths.numpy()}
        np.savez(path, **arrays)
        sizes = [shape.n_words, shape.vector_size, shape.hidden_size, params.classify.num_threads]
        with child("keras_lstm.py", str(path), *map(str, sizes)) as rate:
            rate()  # it compiles for each shape
            yield rate


def flops_per_token(shape: NetworkConfig) -> float:
    """Count the floating-point operations of the LSTM for a token of training: its matrix products, three times.

    Forward: four gates, a multiplication and an addition each for the input and the state. Backward: the gradients of
    the inputs and of the weights, each as many.
    """
    n_directions = 2 if shape.bidirectional else 1
    widths = [shape.vector_size] + [n_directions * shape.hidden_size] * (shape.num_layers - 1)
    return sum(3 * n_directions * 2 * 4 * shape.hidden_size * (width + shape.hidden_size) for width in widths)


def matmul_rate(device: torch.device, dtype: torch.dtype = torch.float32) -> float:
    """Return the floating-point operations a second of a large matrix product, the median of ten."""
    n = 2048 if device.type == "cpu" else 8192
    a, b = torch.randn(n, n, device=device).to(dtype), torch.randn(n, n, device=device).to(dtype)
    seconds = []
    for _ in range(13):
        started = time.perf_counter()
        a @ b
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    return 2 * n**3 / statistics.median(seconds[3:])


def figures(params: Params, reviews: Ragged, n_words: int) -> Iterator[dict[str, Any]]:
    """Measure the rows about training on the CPU."""
    cpu = torch.device("cpu")
    shape = shape_of(params, n_words)
    # `auto` is a row of its own where it is another type.
    by_type = {choose_dtype(name, cpu): name for name in (params.classify.precision, "float32")}
    for precision in by_type.values():
        ours = padded(params, reviews, shape, precision, cpu)
        theirs = packed(params, reviews, shape)
        against = "the same model over packed sequences with a DataLoader"
        yield side_by_side(f"training, {precision}", "tokens/s", ours, theirs, against, 5.0)
    ours = padded(params, reviews, shape, "float32", cpu)
    if missing := missing_rivals():
        print(f"skipped: training against Keras; {missing}")
    else:
        with keras(params, reviews, shape) as theirs:
            yield side_by_side("training, float32", "tokens/s", ours, theirs, "Keras' LSTM on batches like ours", 1.5)
    shares = []
    for _ in range(5):
        rate = ours() * flops_per_token(shape)
        shares.append(rate / matmul_rate(cpu))
    against = "the machine's float32 matrix product"
    yield figure("training, the LSTM's operations", statistics.median(shares), "share of its rate", against, 0.30, 5)
