"""Word embeddings: one vector per word of a vocabulary, and the folder that stores them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from pipeline.core.arrays import load_array
from pipeline.core.errors import InputError, refusing
from pipeline.core.files import check_file, read_object, write_json
from pipeline.core.vocabulary import read_tokenizer, read_types, write_types

FORMAT = 1
Float = TypeVar("Float", np.float32, np.float64)
KINDS = {int: "a whole number", float: "a number", str: "a text", dict: "an object"}
FILES = ("config.json", "tokenizer.json", "vectors.npy", "vocab.tsv")  # all that `Embeddings.load` reads


@dataclass(frozen=True)
class Embeddings:
    """One vector for each of the V most frequent types of a corpus.

    Attributes:
        vectors: float32 [V, D]; row i is the vector of `words[i]`, so token ids below V are row numbers.
        words: the vocabulary, sorted by falling count, then string.
        counts: int64 [V], occurrences in the corpus.
        tokenizer: the config of the tokenizer that split the corpus, see `Tokenizer.config`.
        training: the parameters that the vectors were trained with.
    """

    vectors: NDArray[np.float32]
    words: list[str]
    counts: NDArray[np.int64]
    tokenizer: Mapping[str, Any]
    training: Mapping[str, Any]

    @cached_property
    def index(self) -> dict[str, int]:
        """The row of each word."""
        return {word: row for row, word in enumerate(self.words)}

    @property
    def rms(self) -> dict[str, float]:
        """The root mean square of an element of the vectors, over words and over tokens (frequent words weigh more).

        Adversarial training is often described in units of the second. Source: Miyato et al., Adversarial Training
        Methods for Semi-Supervised Text Classification, 2017, section 3.
        """
        squares = np.square(self.vectors, dtype=np.float64).mean(1)  # [V]
        return {
            "words": float(np.sqrt(squares.mean())),
            "tokens": float(np.sqrt(np.average(squares, weights=self.counts))),
        }

    def save(self, folder: Path) -> None:
        """Write vectors.npy, vocab.tsv, tokenizer.json and config.json into `folder`; the same bytes each time."""
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "vectors.npy", self.vectors)
        write_types(folder / "vocab.tsv", self.words, self.counts)
        write_json(folder / "tokenizer.json", dict(self.tokenizer))
        n_words, vector_size = self.vectors.shape
        config = {"format": FORMAT, "n_words": n_words, "vector_size": vector_size, "training": dict(self.training)}
        write_json(folder / "config.json", config)

    @classmethod
    def load(cls, folder: Path) -> "Embeddings":
        """Read a saved folder; the vectors are memory-mapped, read-only.

        Raises:
            InputError: a file is missing or broken, the format is unknown, the shapes disagree, or a value is not
                finite.
        """
        config = read_config(folder, FORMAT, {"n_words": int, "vector_size": int, "training": dict})
        words, counts = read_types(folder / "vocab.tsv")
        vectors = load_array(folder / "vectors.npy", np.dtype(np.float32), 2)
        expected = (config["n_words"], config["vector_size"])
        if vectors.shape != expected or len(words) != expected[0]:
            raise InputError(
                f"{folder}: the shape of the vectors is {expected} in config.json and {vectors.shape} in vectors.npy,"
                f" and vocab.tsv has {len(words)} words; run `dvc checkout --force {folder}` or"
                " `dvc repro --force embed`"
            )
        _check_finite(vectors, folder / "vectors.npy", "run `dvc repro --force embed`")
        return cls(vectors, words, counts, read_tokenizer(folder), config["training"])


def unit_vectors(vectors: NDArray[Float]) -> NDArray[Float]:
    """Divide each row of [N, D] by its length; rows of zeros stay zeros. The dtype is kept."""
    units: NDArray[Float] = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return units


def _check_finite(vectors: NDArray[Float], path: Path, remedy: str) -> None:
    if not np.isfinite(vectors).all():
        raise InputError(f"{path} has NaN or infinite values; {remedy}")


def read_config(folder: Path, version: int, kinds: Mapping[str, type]) -> dict[str, Any]:
    """Read the config.json of an artifact folder.

    Args:
        folder: the artifact.
        version: the format that the caller reads.
        kinds: the keys that it needs, with the types of their values.

    Raises:
        InputError: the file is missing or broken, has another format, lacks a key or has one of another type.
    """
    path = folder / "config.json"
    config = read_object(path)
    if config.get("format") != version:
        raise InputError(
            f"{path}: format {config.get('format')!r}, but this code reads format {version};"
            f" use the code that wrote it, or delete {folder} and run `dvc repro`"
        )
    missing = [key for key in kinds if key not in config]
    if missing:
        raise InputError(
            f"{path} lacks {', '.join(missing)}: it is broken, or describes another kind of model; name another folder,"
            f" or run `dvc checkout --force {folder}`"
        )
    for key, kind in kinds.items():
        if type(config[key]) is not kind:
            raise InputError(
                f"{path}: {key} is {config[key]!r}, expected {KINDS[kind]}; run `dvc checkout --force {folder}`, or"
                " delete it and run `dvc repro`"
            )
    return config


def load_vectors(folder: Path) -> Embeddings:
    """Read the word vectors of a folder: embeddings, or the embedding layer of an LSTM classifier.

    Raises:
        InputError: the folder is neither, or a file of it is broken.
    """
    path = folder / "model.safetensors"
    if not path.exists():
        return Embeddings.load(folder)
    config = read_config(folder, FORMAT, {"training": dict})
    words, counts = read_types(folder / "vocab.tsv")
    remedy = f"run `dvc checkout --force {folder}`, or delete it and run `dvc repro`"
    check_file(path, remedy)
    with refusing(path, "is truncated or not a safetensors file", remedy), safe_open(path, "numpy") as file:
        vectors = file.get_tensor("embedding.weight")
    if vectors.dtype != np.float32 or vectors.ndim != 2 or len(vectors) != len(words) + 1:
        raise InputError(
            f"{folder}: embedding.weight has the shape {vectors.shape} and type {vectors.dtype}, expected float32 with"
            f" a row per word of vocab.tsv, which has {len(words)} words, and one for the padding; run `dvc repro`"
        )
    _check_finite(vectors, path, remedy)
    return Embeddings(vectors[: len(words)], words, counts, read_tokenizer(folder), config["training"])
