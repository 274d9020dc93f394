"""The classifier: embedding -> LSTM -> pooling -> logit, and the folder that keeps it.

Shapes: B reviews in a batch, T tokens of the longest, V words, D vector size, H hidden size,
S directions (2 if bidirectional), P poolings.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.func import functional_call

from pipeline.embeddings import read_config
from pipeline.errors import InputError
from pipeline.files import read_json, write_json
from pipeline.tokens import Ragged, read_types

FORMAT = 1
CARD = """# {model}, seed {seed}

Says how likely it is that an English film review is positive: embedding -> LSTM -> pooling -> logit.
{n_words:,} words of {vector_size} dimensions, {hidden_size} hidden units, {layers}, pooling by {pooling}; of a longer
review the first {head_tokens} and the last {tail_tokens} tokens are read.

| file | content |
|---|---|
| `model.safetensors` | the weights, float32 |
| `vocab.tsv` | word and count; a word's row in the embedding is its line |
| `tokenizer.json` | the tokenizer that a text must go through |
| `config.json` | the shape of the network, and every parameter of its training |

`python -m pipeline predict --model FOLDER "a review"` reads this folder. It knows film reviews of the time and the site
of its corpus; what it says of other texts is a guess that was never measured.
"""


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

    def forward(self, x: Tensor, lengths: Tensor, dtype: torch.dtype) -> Tensor:
        """Return the states at each token, float32 [B, T, S * H], for x [B, T, D]; those of padding mean nothing."""
        states = []
        for direction, lstm in enumerate(self.lstms):
            y = reverse_rows(x, lengths) if direction else x
            weights = {key: value.to(dtype) for key, value in lstm.named_parameters()}
            h, _ = functional_call(lstm, weights, (y.to(dtype),))  # [B, T, H]
            h = h.to(x.dtype)
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
    pooled = []
    for kind in kinds:
        if kind == "max":
            pooled.append(states.masked_fill(~mask[:, :, None], -torch.inf).amax(1))
        elif kind == "mean":
            pooled.append((states * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True))
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
        """Return the vectors of the words, float32 [B, T, D], some of them dropped while training."""
        x: Tensor = self.embedding(self.drop_words(ids))  # [B, T, D]
        if self.training and self.dropout.embedding:
            # The same elements at each word of a review. Source: Gal and Ghahramani, 2016.
            x = x * self.embedding_dropout(x.new_ones(len(x), 1, x.shape[2]))
        return x

    def read(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return the logits, float32 [B], of reviews given as vectors [B, T, D]."""
        mask = torch.arange(x.shape[1], device=x.device) < lengths[:, None]  # [B, T]
        for layer in self.layers:
            x = layer(x, lengths, self.dtype)  # [B, T, S * H]
        x = pool(x, mask, self.shape.pooling, self.shape.hidden_size)  # [B, P * S * H]
        logits: Tensor = self.output(self.output_dropout(x)).squeeze(1)  # [B]
        return logits

    def drop_words(self, ids: Tensor) -> Tensor:
        """Replace a share of the words by padding, so that no single word decides; only while training."""
        if not self.training or not self.dropout.word:
            return ids
        dropped = torch.rand(ids.shape, device=ids.device) < self.dropout.word
        return ids.masked_fill(dropped, self.shape.n_words)


def head_and_tail(reviews: Ragged, head: int, tail: int) -> Ragged:
    """Keep the first `head` and the last `tail` tokens of each review that is longer: openings and verdicts."""
    lengths = reviews.lengths
    place = np.arange(len(reviews.values)) - np.repeat(reviews.offsets[:-1], lengths)
    return reviews.where((place < head) | (place >= np.repeat(lengths, lengths) - tail))


class Reviews:
    """Reviews as token ids, resident on a device, from which batches are gathered."""

    def __init__(self, reviews: Ragged, shape: Shape, device: torch.device) -> None:
        kept = head_and_tail(reviews, shape.head_tokens, shape.tail_tokens)
        # One padding id at the end, so that an empty review reads as one zero vector.
        self._values = torch.from_numpy(np.append(kept.values, np.int32(shape.n_words))).to(device)
        self._starts = torch.from_numpy(kept.offsets[:-1].copy()).to(device)
        self._padding = shape.n_words
        self.lengths = torch.from_numpy(kept.lengths)  # stays on the CPU, where batches are planned

    def __len__(self) -> int:
        return len(self.lengths)

    def batch(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Gather `rows`, int64 [B] on the CPU: ids int64 [B, T], padded, and lengths int64 [B] of at least 1."""
        device = self._values.device
        lengths = self.lengths[rows]
        places = torch.arange(max(1, int(lengths.max())), device=device)
        lengths = lengths.to(device)
        source = self._starts[rows.to(device)][:, None] + places  # [B, T]
        inside = places < lengths[:, None]
        ids = self._values[source.clamp_(max=len(self._values) - 1)].long()
        return ids.masked_fill_(~inside, self._padding), lengths.clamp(min=1)


@torch.inference_mode()
def logits(network: Network, reviews: Reviews, *, tokens_per_batch: int = 1 << 15) -> NDArray[np.float32]:
    """Return the logit of each review, float32 [n_reviews], in their order; batches hold reviews of like length."""
    network.eval()
    found = torch.empty(len(reviews))
    order = torch.argsort(reviews.lengths, descending=True, stable=True)
    start = 0
    while start < len(order):
        longest = max(1, int(reviews.lengths[order[start]]))
        rows = order[start : start + max(1, tokens_per_batch // longest)]
        found[rows] = network(*reviews.batch(rows)).float().cpu()
        start += len(rows)
    return found.numpy()


@dataclass(frozen=True)
class Classifier:
    """A trained network with all that turns a text into its input.

    Attributes:
        network: the weights.
        words: the vocabulary, V words; a word's place is its id.
        counts: int64 [V], their occurrences in the corpus.
        tokenizer: what makes the tokenizer, see `Tokenizer.config`.
        training: how it was trained, for the reader.
    """

    network: Network
    words: list[str]
    counts: NDArray[np.int64]
    tokenizer: Mapping[str, Any]
    training: Mapping[str, Any]

    def probabilities(self, reviews: Ragged) -> NDArray[np.float64]:
        """Return the probability of each review being positive, [n_reviews], for ids of the vocabulary."""
        device = self.network.output.weight.device
        z = logits(self.network, Reviews(reviews, self.network.shape, device)).astype(np.float64)
        p: NDArray[np.float64] = 1 / (1 + np.exp(-z))
        return p

    def save(self, folder: Path) -> None:
        """Write model.safetensors, vocab.tsv, tokenizer.json, config.json and a card; the same bytes each time."""
        folder.mkdir(parents=True, exist_ok=True)
        weights = {name: weight.detach().cpu().contiguous() for name, weight in self.network.state_dict().items()}
        save_file(weights, folder / "model.safetensors")
        with open(folder / "vocab.tsv", "w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{word}\t{count}\n" for word, count in zip(self.words, self.counts, strict=True))
        write_json(folder / "tokenizer.json", dict(self.tokenizer))
        write_json(
            folder / "config.json",
            {"format": FORMAT, "shape": asdict(self.network.shape), "training": dict(self.training)},
        )
        shape = asdict(self.network.shape)
        directions = "two directions" if shape["bidirectional"] else "one direction"
        layers = f"{shape['num_layers']} layer{'s' * (shape['num_layers'] > 1)} in {directions}"
        facts = {"model": "LSTM", "seed": "unknown", **self.training, **shape, "layers": layers}
        card = CARD.format_map({**facts, "pooling": " and ".join(shape["pooling"])})
        (folder / "README.md").write_text(card, "utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Classifier":
        """Read a classifier back, onto the CPU.

        Raises:
            InputError: a file is missing or broken, of another format, or does not fit the others.
        """
        remedy = f"run `dvc checkout {folder}` or delete it and run `dvc repro`"
        config = read_config(folder, FORMAT, ("shape", "training"))
        try:
            shape = Shape(**{**config["shape"], "pooling": tuple(config["shape"]["pooling"])})
            network = Network(shape, Dropout(0, 0, 0))
        except (TypeError, KeyError, RuntimeError) as error:
            raise InputError(f"{folder / 'config.json'}: no network has this shape ({error}); {remedy}") from None
        words, counts = read_types(folder / "vocab.tsv")
        if len(words) != shape.n_words:
            raise InputError(f"{folder}: vocab.tsv has {len(words)} words, config.json {shape.n_words}; {remedy}")
        path = folder / "model.safetensors"
        try:
            weights = load_file(path)
        except FileNotFoundError:
            raise InputError(f"{path} is missing; {remedy}") from None
        except (SafetensorError, OSError) as error:
            raise InputError(f"{path} is not a whole safetensors file ({error}); {remedy}") from None
        expected = {name: (tuple(weight.shape), weight.dtype) for name, weight in network.state_dict().items()}
        found = {name: (tuple(weight.shape), weight.dtype) for name, weight in weights.items()}
        if found != expected:
            wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
            name = wrong[0]
            raise InputError(
                f"{path}: {name} is {found.get(name, 'missing')}, expected {expected.get(name, 'no such weight')};"
                f" {remedy}"
            )
        network.load_state_dict(weights)
        return cls(network, words, counts, read_json(folder / "tokenizer.json"), config["training"])
