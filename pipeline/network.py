"""The network: embedding -> LSTM -> pooling -> logit.

Shapes: B reviews in a batch, T tokens of the longest, V words, D vector size, H hidden size,
S directions (2 if bidirectional), P poolings.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call


@dataclass(frozen=True)
class Shape:
    """What the network is made of; together with its weights, all that prediction needs."""

    n_words: int
    vector_size: int
    hidden_size: int
    num_layers: int
    bidirectional: bool
    pooling: tuple[str, ...]
    head_tokens: int
    tail_tokens: int


class Batch(NamedTuple):
    """Reviews as the network takes them: ids int64 [B, T], padded on the right, and lengths int64 [B]."""

    ids: Tensor
    lengths: Tensor


@dataclass(frozen=True)
class Dropout:
    """What is left out while training, as shares."""

    word: float
    embedding: float
    output: float


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

    def __init__(self, shape: Shape, dropout: Dropout, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.shape, self.dropout, self.dtype = shape, dropout, dtype
        n_directions = 2 if shape.bidirectional else 1
        width = n_directions * shape.hidden_size
        self.embedding = nn.Embedding(shape.n_words + 1, shape.vector_size, padding_idx=shape.n_words)
        self.layers = nn.ModuleList(
            Recurrence(width if layer else shape.vector_size, shape.hidden_size, shape.bidirectional)
            for layer in range(shape.num_layers)
        )
        self.embedding_dropout = nn.Dropout(dropout.embedding)
        self.output_dropout = nn.Dropout(dropout.output)
        self.output = nn.Linear(len(shape.pooling) * width, 1)

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return the logit of each review being positive, float32 [B].

        Args:
            ids: int64 [B, T], padded on the right with V.
            lengths: int64 [B], tokens of each review, at least 1.
        """
        return self.read(self.embed(ids), lengths)

    def embed(self, ids: Tensor) -> Tensor:
        """Return the vectors of the words, float32 [B, T, D], of ids int64 [B, T]; in training, without the dropped."""
        return self.drop_elements(self.embedding(self.drop_words(ids)))

    def read(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return the logits [B] of vectors x [B, T, D] in which each review ends after lengths [B]."""
        mask = torch.arange(x.shape[1], device=x.device) < lengths[:, None]  # [B, T]
        x = x.to(self.dtype)
        for layer in self.layers:
            x = layer(x, lengths)  # [B, T, S * H]
        x = pool(x.to(self.output.weight.dtype), mask, self.shape.pooling, self.shape.hidden_size)  # [B, P * S * H]
        logits: Tensor = self.output(self.output_dropout(x)).squeeze(1)  # [B]
        return logits

    def drop_words(self, ids: Tensor) -> Tensor:
        """Replace a share of the words by padding, so that no single word decides; only while training."""
        if not self.training or not self.dropout.word:
            return ids
        dropped = torch.rand(ids.shape, device=ids.device) < self.dropout.word
        return ids.masked_fill(dropped, self.shape.n_words)

    def drop_elements(self, x: Tensor) -> Tensor:
        """Drop a share of the elements of the vectors x [B, T, D], the same at each word of a review; only in training.

        Source: Gal and Ghahramani, A Theoretically Grounded Application of Dropout in Recurrent Networks, 2016.
        """
        if not self.training or not self.dropout.embedding:
            return x
        kept: Tensor = self.embedding_dropout(x.new_ones(len(x), 1, x.shape[2]))
        return x * kept
