"""The network: embedding -> recurrent layers -> pooling -> logit.

Shapes: B reviews in a batch, T tokens of the longest, V words, D vector size, H hidden size,
S directions (2 if bidirectional), P poolings.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from pipeline.cells.stack import Layers


@dataclass(frozen=True)
class NetworkConfig:
    """What the network is built from; with its weights, all that prediction needs."""

    n_words: int
    vector_size: int
    hidden_size: int
    num_layers: int
    bidirectional: bool
    pooling: tuple[str, ...]
    head_tokens: int
    tail_tokens: int
    cell: str = "lstm"
    periods: tuple[int, ...] = ()  # of cells with modules


@dataclass(frozen=True)
class Dropout:
    """Which shares to drop in training: words, elements of the vectors."""

    word: float
    embedding: float


class Noise(NamedTuple):
    """What is drawn at random for a batch, or for a part of one.

    Attributes:
        dropped: bool [B, T], the words that are replaced by padding; None if none are.
        kept: float32 [B, 1, D], what the elements of the vectors are multiplied by; None if nothing is dropped.
        signs: float32 [B], -1 or 1, the direction of a virtual adversarial perturbation.
    """

    dropped: Tensor | None
    kept: Tensor | None
    signs: Tensor

    def part(self, rank: int, size: int, n_tokens: int) -> "Noise":
        """Return the noise of every `size`-th review from `rank` on, at most for `n_tokens`."""
        return Noise(
            None if self.dropped is None else self.dropped[rank::size, :n_tokens],
            None if self.kept is None else self.kept[rank::size],
            self.signs[rank::size],
        )


class Network(nn.Module):
    """embedding -> recurrent layers -> pooling -> logit.

    Row V of the embedding is padding and stays zero.
    """

    def __init__(
        self,
        config: NetworkConfig,
        dropout: Dropout,
        dtype: torch.dtype = torch.float32,
        forget_bias: float = 1.0,
    ) -> None:
        super().__init__()
        self.config, self.dropout, self.dtype = config, dropout, dtype
        n_directions = 2 if config.bidirectional else 1
        width = n_directions * config.hidden_size
        self.embedding = nn.Embedding(config.n_words + 1, config.vector_size, padding_idx=config.n_words, sparse=True)
        self.layers = Layers(
            config.cell,
            config.vector_size,
            config.hidden_size,
            config.num_layers,
            batch_first=True,
            bidirectional=config.bidirectional,
            forget_bias=forget_bias,
            periods=config.periods,
        )
        self.output = nn.Linear(len(config.pooling) * width, 1)

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return the logit of each review being positive, float32 [B], without noise.

        Args:
            ids: int64 [B, T], padded on the right with V.
            lengths: int64 [B], tokens of each review, at least 1.
        """
        return self.logits(self.embed(ids), lengths)

    def draw(self, n_reviews: int, n_tokens: int) -> Noise:
        """Draw the noise for B = `n_reviews` of T = `n_tokens`.

        Words are dropped so that the network cannot rely on a single one, and elements of the vectors, the same ones
        at each word of a review. Source: Gal and Ghahramani, A Theoretically Grounded Application of Dropout in
        Recurrent Networks, 2016.
        """
        weight, share = self.output.weight, self.dropout
        ones = weight.new_ones(n_reviews, 1, self.config.vector_size)
        return Noise(
            torch.rand(n_reviews, n_tokens, device=weight.device) < share.word if share.word else None,
            nn.functional.dropout(ones, share.embedding) if share.embedding else None,
            torch.randint(0, 2, (n_reviews,), device=weight.device) * 2.0 - 1.0,
        )

    def embed(self, ids: Tensor, noise: Noise | None = None) -> Tensor:
        """Return the vectors of the words, float32 [B, T, D], of ids int64 [B, T]; with noise, those of training."""
        if noise and noise.dropped is not None:
            ids = ids.masked_fill(noise.dropped, self.config.n_words)
        x: Tensor = self.embedding(ids)  # [B, T, D]
        return x * noise.kept if noise and noise.kept is not None else x

    def logits(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return the logits, float32 [B], of reviews as vectors x [B, T, D] of `lengths` int64 [B]."""
        mask = torch.arange(x.shape[1], device=x.device) < lengths[:, None]  # [B, T]
        x, _ = self.layers(x.to(self.dtype), lengths)  # [B, T, S * H]
        x = pool(x.to(self.output.weight.dtype), mask, self.config.pooling, self.config.hidden_size)  # [B, P * S * H]
        z: Tensor = self.output(x).squeeze(1)  # [B]
        return z


def pool(states: Tensor, mask: Tensor, kinds: tuple[str, ...], hidden_size: int) -> Tensor:
    """Pool the states of each review into one vector.

    Args:
        states: [B, T, S * H].
        mask: bool [B, T], false on padding.
        kinds: of `max`, `mean` and `last`, which is the state that each direction ends on.
        hidden_size: H.

    Returns: [B, P * S * H], one kind after the other.
    """
    inside = mask.to(states.dtype)
    pooled = []
    for kind in kinds:
        if kind == "max":  # not amax: it splits its gradient among equal values, which is slower
            pooled.append((states + inside.log()[:, :, None]).max(1).values)  # [B, S * H]
        elif kind == "mean":
            weights = inside / inside.sum(1, keepdim=True)  # [B, T]
            pooled.append(torch.bmm(weights[:, None], states).squeeze(1))  # [B, S * H]
        else:  # the reverse direction ends at the first token
            forward, *reverse = torch.split(states, hidden_size, 2)
            ends = mask.sum(1) - 1  # [B]
            pooled.append(forward[torch.arange(len(ends), device=ends.device), ends])  # [B, H]
            pooled.extend(part[:, 0] for part in reverse)  # [B, H]
    return torch.cat(pooled, 1)
