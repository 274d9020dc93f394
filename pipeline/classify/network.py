"""The network: embedding -> LSTM -> pooling -> logit.

Shapes: B reviews in a batch, T tokens of the longest, V words, D vector size, H hidden size,
S directions (2 if bidirectional), P poolings.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pipeline.cells.lstm import Recurrence


@dataclass(frozen=True)
class NetworkConfig:
    """What the network is made of; together with its weights, all that prediction needs."""

    n_words: int
    vector_size: int
    hidden_size: int
    num_layers: int
    bidirectional: bool
    pooling: tuple[str, ...]
    head_tokens: int
    tail_tokens: int


@dataclass(frozen=True)
class Dropout:
    """What is left out while training, as shares."""

    word: float
    embedding: float
    output: float


def pool(states: Tensor, mask: Tensor, kinds: tuple[str, ...], hidden_size: int) -> Tensor:
    """Make one vector a review, [B, P * S * H], of the states [B, T, S * H] where mask [B, T] is true."""
    inside = mask.to(states.dtype)
    pooled = []
    for kind in kinds:
        if kind == "max":  # not amax: its gradient is shared out among equals, which costs more
            pooled.append((states + inside.log()[:, :, None]).max(1).values)
        elif kind == "mean":
            weights = inside / inside.sum(1, keepdim=True)  # [B, T]
            pooled.append(torch.bmm(weights[:, None], states).squeeze(1))
        else:  # last: what each direction ends on, the reverse one at the first token
            forward, *reverse = torch.split(states, hidden_size, 2)
            ends = mask.sum(1) - 1
            pooled.append(forward[torch.arange(len(ends), device=ends.device), ends])
            pooled.extend(part[:, 0] for part in reverse)
    return torch.cat(pooled, 1)


class Network(nn.Module):
    """embedding -> LSTM -> pooling -> logit.

    Row V of the embedding stands for padding and stays zero.
    """

    def __init__(self, config: NetworkConfig, dropout: Dropout, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.config, self.dropout, self.dtype = config, dropout, dtype
        n_directions = 2 if config.bidirectional else 1
        width = n_directions * config.hidden_size
        self.embedding = nn.Embedding(config.n_words + 1, config.vector_size, padding_idx=config.n_words)
        self.layers = nn.ModuleList(
            Recurrence(width if layer else config.vector_size, config.hidden_size, config.bidirectional)
            for layer in range(config.num_layers)
        )
        self.embedding_dropout = nn.Dropout(dropout.embedding)
        self.output_dropout = nn.Dropout(dropout.output)
        self.output = nn.Linear(len(config.pooling) * width, 1)

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return the logit of each review being positive, float32 [B].

        Args:
            ids: int64 [B, T], padded on the right with V.
            lengths: int64 [B], tokens of each review, at least 1.
        """
        return self.read(self.embed(ids), lengths)

    def embed(self, ids: Tensor) -> Tensor:
        """Return the vectors of the words, float32 [B, T, D], of ids int64 [B, T]; in training, without the dropped."""
        return self.variational_dropout(self.embedding(self.word_dropout(ids)))

    def read(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return the logits [B] of vectors x [B, T, D] in which each review ends after lengths [B]."""
        mask = torch.arange(x.shape[1], device=x.device) < lengths[:, None]  # [B, T]
        x = x.to(self.dtype)
        for layer in self.layers:
            x = layer(x, lengths)  # [B, T, S * H]
        x = pool(x.to(self.output.weight.dtype), mask, self.config.pooling, self.config.hidden_size)  # [B, P * S * H]
        logits: Tensor = self.output(self.output_dropout(x)).squeeze(1)  # [B]
        return logits

    def word_dropout(self, ids: Tensor) -> Tensor:
        """Replace a share of the words by padding, so that no single word decides; only while training."""
        if not self.training or not self.dropout.word:
            return ids
        dropped = torch.rand(ids.shape, device=ids.device) < self.dropout.word
        return ids.masked_fill(dropped, self.config.n_words)

    def variational_dropout(self, x: Tensor) -> Tensor:
        """Drop a share of the elements of the vectors x [B, T, D], the same at each word of a review; only in training.

        Source: Gal and Ghahramani, A Theoretically Grounded Application of Dropout in Recurrent Networks, 2016.
        """
        if not self.training or not self.dropout.embedding:
            return x
        kept: Tensor = self.embedding_dropout(x.new_ones(len(x), 1, x.shape[2]))
        return x * kept
