"""The classifier as most tutorials train it: packed sequences from a DataLoader, and Adam."""

import time
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.utils.data import DataLoader

from benchmarks.measure import Rate
from pipeline.classify.network import NetworkConfig
from pipeline.core.ragged import Ragged


class Packed(nn.Module):
    """The same network in the way of most tutorials: a bidirectional LSTM over packed sequences."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.n_words + 1, config.vector_size, padding_idx=config.n_words)
        self.lstm = nn.LSTM(
            config.vector_size,
            config.hidden_size,
            num_layers=config.num_layers,
            bidirectional=config.bidirectional,
            batch_first=True,
        )
        width = config.hidden_size * (2 if config.bidirectional else 1)
        self.output = nn.Linear(width * len(config.pooling), 1)

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
        logits: Tensor = self.output(torch.cat([pooled[kind]() for kind in self.config.pooling], 1)).squeeze(1)
        return logits


def step(
    network: nn.Module, optimizer: torch.optim.Optimizer, ids: Tensor, lengths: Tensor, labels: Tensor | None = None
) -> int:
    """Take one training step, with made-up labels by default; return its number of tokens."""
    targets = (lengths % 2).float() if labels is None else labels
    loss = nn.functional.binary_cross_entropy_with_logits(network(ids, lengths), targets)
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    return int(lengths.sum())


def packed(batch_size: int, reviews: Ragged, config: NetworkConfig, n_steps: int) -> Rate:
    """Return a function that takes some training steps, DataLoader included, and returns their tokens/s."""
    network = Packed(config).train()
    optimizer = torch.optim.Adam(network.parameters())
    kept = config.head_tokens + config.tail_tokens
    rows = [torch.from_numpy(np.array(reviews[i][:kept])) for i in range(len(reviews))]

    def collate(rows: list[Tensor]) -> tuple[Tensor, Tensor]:
        padded = pad_sequence(rows, batch_first=True, padding_value=config.n_words)
        return padded.long(), torch.tensor([len(row) for row in rows])

    kept_rows: Any = [row for row in rows if len(row)]
    loader: DataLoader[Tensor] = DataLoader(kept_rows, batch_size, shuffle=True, collate_fn=collate)

    def rate() -> float:
        n_tokens = 0
        started = time.perf_counter()
        for _, (ids, lengths) in zip(range(n_steps), loader, strict=False):
            n_tokens += step(network, optimizer, ids, lengths)
        return n_tokens / (time.perf_counter() - started)

    return rate
