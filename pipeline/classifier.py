"""The classifier: reviews on a device, the network's logits for them, and the folder that keeps it all.

Shapes: B reviews in a batch, T tokens of the longest, V words.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from pipeline.embeddings import read_config
from pipeline.errors import InputError
from pipeline.files import read_json, write_json
from pipeline.network import Batch, Dropout, Network, Shape
from pipeline.tokens import Ragged, read_types

FORMAT = 1
STRIDE = 32
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

    def batch(self, rows: Tensor) -> Batch:
        """Gather `rows`, int64 [B] on the CPU; a length is at least 1.

        T is a multiple of 32: few shapes let memory and prepared kernels be used again.
        """
        device = self._values.device
        lengths = self.lengths[rows]
        longest = max(1, int(lengths.max()))
        places = torch.arange(math.ceil(longest / STRIDE) * STRIDE, device=device)
        lengths = lengths.to(device)
        source = self._starts[rows.to(device)][:, None] + places  # [B, T]
        inside = places < lengths[:, None]
        ids = self._values[source.clamp_(max=len(self._values) - 1)].long()
        return Batch(ids.masked_fill_(~inside, self._padding), lengths.clamp(min=1))


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
        remedy = f"run `dvc checkout --force {folder}`, or delete it and run `dvc repro`"
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
