"""The trained classifier: its predictions, and its folder of files.

Shapes: V words.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ValidationError, create_model
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from scipy.special import expit
from torch import Tensor

from pipeline.classify.batches import Reviews
from pipeline.classify.network import Dropout, Network, NetworkConfig
from pipeline.classify.params import Classify
from pipeline.core.embeddings import read_config
from pipeline.core.errors import InputError, refusing
from pipeline.core.files import check_file, write_json
from pipeline.core.models import LEAD
from pipeline.core.params import Count, Section
from pipeline.core.ragged import Ragged
from pipeline.core.vocabulary import read_tokenizer, read_types, write_types

FORMAT = 1
DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "F64": torch.float64}


def logits(
    network: Network, reviews: Reviews, rows: Tensor | None = None, *, tokens_per_batch: int = 1 << 15
) -> NDArray[np.float32]:
    """Return the logit of each review, or of `rows`, float32 [n], in their order.

    Batches have reviews of similar length. Torch's threads each take a batch of their own: the products of an LSTM's
    steps are too small to share, and threads that share them wait for one another, above all on a busy machine.
    """
    network.eval()
    rows = torch.arange(len(reviews)) if rows is None else rows
    order = torch.argsort(reviews.lengths[rows], descending=True, stable=True)
    planned: list[Tensor] = []
    start = 0
    while start < len(order):
        longest = max(1, int(reviews.lengths[rows[order[start]]]))
        planned.append(order[start : start + max(1, tokens_per_batch // longest)])
        start += len(planned[-1])

    @torch.inference_mode()
    def predict(some: Tensor) -> Tensor:
        of_batch: Tensor = network(*reviews.batch(rows[some])).float().cpu()
        return of_batch

    z, n_threads = torch.empty(len(rows)), torch.get_num_threads()
    executor = ThreadPoolExecutor(n_threads if network.output.weight.device.type == "cpu" else 1)
    torch.set_num_threads(1)
    try:
        for some, of_batch in zip(planned, executor.map(predict, planned), strict=True):
            z[some] = of_batch
    finally:
        executor.shutdown(cancel_futures=True)
        torch.set_num_threads(n_threads)
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
        config = read_config(folder, FORMAT, {"shape": dict, "training": dict})
        shape = _shape(config["shape"], folder / "config.json", remedy)
        words, counts = read_types(folder / "vocab.tsv")
        if len(words) != shape.n_words:
            raise InputError(f"{folder}: vocab.tsv has {len(words)} words, config.json {shape.n_words}; {remedy}")
        path = folder / "model.safetensors"
        _check_weights(path, shape, remedy)
        network = Network(shape, Dropout(0, 0))
        with refusing(path, "is not a whole safetensors file", remedy):
            weights = load_file(path)
        for name, weight in weights.items():
            if not weight.isfinite().all():
                raise InputError(f"{path}: {name} has NaN or infinite values; {remedy}")
        network.load_state_dict(weights)
        return cls(network, words, counts, read_tokenizer(folder), config["training"])


def _shape(values: Mapping[str, Any], path: Path, remedy: str) -> NetworkConfig:
    """Check what a network is built from: a parameter that is chosen in params.yaml has the same type and range."""
    types: dict[str, Any] = {}
    given = dict(values)
    for field in fields(NetworkConfig):
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        if given.get(field.name, default) == default:  # such as the periods of a cell that has none
            given.pop(field.name, None)
        else:
            parameter = Classify.model_fields.get(field.name)
            types[field.name] = (parameter.annotation, parameter) if parameter else (Count, ...)
    try:
        checked = create_model("Shape", __base__=Section, **types).model_validate(given).model_dump()
        tuples: dict[str, Any] = {key: tuple(value) for key, value in checked.items() if isinstance(value, list)}
        return NetworkConfig(**{**checked, **tuples})
    except ValidationError as error:
        first = error.errors()[0]
        reason = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    except TypeError as error:  # a key is missing
        reason = str(error)
    raise InputError(f"{path}: no network has this shape ({reason}); {remedy}")


def _check_weights(path: Path, shape: NetworkConfig, remedy: str) -> None:
    """Compare the weights that a file declares with those of a network of this shape, before memory is taken for them.

    Each must have the network's shape and type. The network to compare with is built without memory for its weights;
    as that takes time for each layer, the number of layers is compared first.
    """
    check_file(path, remedy)
    with refusing(path, "is not a whole safetensors file", remedy), safe_open(path, "pt") as file:
        declared = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
        actual = {name: (tuple(one.get_shape()), DTYPES.get(one.get_dtype())) for name, one in declared.items()}
    if shape.num_layers > len(actual):
        raise InputError(f"{path} has {len(actual)} weights, too few for {shape.num_layers} layers; {remedy}")
    try:
        with torch.device("meta"):
            network = Network(shape, Dropout(0, 0))
    except (RuntimeError, TypeError, ValueError, InputError) as error:
        config = path.with_name("config.json")
        raise InputError(f"{config} has a shape that no network has ({error}); {remedy}") from None
    expected = {name: (tuple(weight.shape), weight.dtype) for name, weight in network.state_dict().items()}
    for name in sorted(expected.keys() | actual.keys()):
        if actual.get(name) != expected.get(name):
            raise InputError(
                f"{path}: {name} is {actual.get(name, 'missing')}, expected {expected.get(name, 'no such weight')};"
                f" {remedy}"
            )
