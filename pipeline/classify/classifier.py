"""The trained classifier: its predictions, and its folder of files.

Shapes: V words.
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
from scipy.special import expit
from torch import Tensor

from pipeline.classify.batches import Reviews
from pipeline.classify.network import Dropout, Network, NetworkConfig
from pipeline.core.embeddings import read_config
from pipeline.core.errors import InputError
from pipeline.core.files import read_json, write_json
from pipeline.core.models import LEAD
from pipeline.core.ragged import Ragged
from pipeline.core.vocabulary import read_types, write_types

FORMAT = 1


@torch.inference_mode()
def logits(network: Network, reviews: Reviews, *, tokens_per_batch: int = 1 << 15) -> NDArray[np.float32]:
    """Return the logit of each review, float32 [n_reviews], in their order; batches have reviews of similar length."""
    network.eval()
    z = torch.empty(len(reviews))
    order = torch.argsort(reviews.lengths, descending=True, stable=True)
    start = 0
    while start < len(order):
        longest = max(1, int(reviews.lengths[order[start]]))
        rows = order[start : start + max(1, tokens_per_batch // longest)]
        z[rows] = network(*reviews.batch(rows)).float().cpu()
        start += len(rows)
    return z.numpy()


@dataclass(frozen=True)
class Classifier:
    """A trained network with what turns a text into its input.

    Attributes:
        network: the weights.
        words: the vocabulary, V words; a word's position is its id.
        counts: int64 [V], their occurrences in the corpus.
        tokenizer: the tokenizer's configuration, see `Tokenizer.config`.
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
        z = logits(self.network, Reviews(reviews, self.network.config, device)).astype(np.float64)
        p: NDArray[np.float64] = expit(z)
        return p

    def save(self, folder: Path) -> None:
        """Write model.safetensors, vocab.tsv, tokenizer.json and config.json; the same bytes each time."""
        folder.mkdir(parents=True, exist_ok=True)
        weights = {name: weight.detach().cpu().contiguous() for name, weight in self.network.state_dict().items()}
        save_file(weights, folder / "model.safetensors")
        write_types(folder / "vocab.tsv", self.words, self.counts)
        write_json(folder / "tokenizer.json", dict(self.tokenizer))
        write_json(
            folder / "config.json",
            {"format": FORMAT, "shape": asdict(self.network.config), "training": dict(self.training)},
        )

    @classmethod
    def load(cls, folder: Path) -> "Classifier":
        """Read a classifier back, onto the CPU.

        Raises:
            InputError: a file is missing or broken, of another format or model, or does not match the others.
        """
        remedy = f"`dvc checkout --force {folder}` restores it, `dvc repro` trains it again"
        if (folder / "weights.npz").exists():
            raise InputError(
                f"{folder} is a linear model, not an LSTM; name the folder of an LSTM, artifacts/{LEAD} say"
            )
        config = read_config(folder, FORMAT, ("shape", "training"))
        try:
            lists = {name: tuple(value) for name, value in config["shape"].items() if isinstance(value, list)}
            network_config = NetworkConfig(**{**config["shape"], **lists})
            network = Network(network_config, Dropout(0, 0, 0))
        except (TypeError, KeyError, AttributeError, RuntimeError, InputError) as error:
            raise InputError(f"{folder / 'config.json'}: no network has this shape ({error}); {remedy}") from None
        words, counts = read_types(folder / "vocab.tsv")
        if len(words) != network_config.n_words:
            raise InputError(
                f"{folder}: vocab.tsv has {len(words)} words, config.json {network_config.n_words}; {remedy}"
            )
        network.load_state_dict(_load_weights(folder / "model.safetensors", network, remedy))
        return cls(network, words, counts, read_json(folder / "tokenizer.json"), config["training"])


def _load_weights(path: Path, network: Network, remedy: str) -> dict[str, Tensor]:
    """Read the weights of a network; each must have the shape and type of the network's."""
    try:
        weights = load_file(path)
    except FileNotFoundError:
        raise InputError(f"{path} is missing; {remedy}") from None
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path} is not a whole safetensors file ({error}); {remedy}") from None
    expected = {name: (tuple(weight.shape), weight.dtype) for name, weight in network.state_dict().items()}
    actual = {name: (tuple(weight.shape), weight.dtype) for name, weight in weights.items()}
    for name in sorted(expected.keys() | actual.keys()):
        if actual.get(name) != expected.get(name):
            raise InputError(
                f"{path}: {name} is {actual.get(name, 'missing')}, expected {expected.get(name, 'no such weight')};"
                f" {remedy}"
            )
    return weights
