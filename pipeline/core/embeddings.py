"""Word embeddings: one vector per word of a vocabulary, and the folder that stores them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from pipeline.core.errors import InputError
from pipeline.core.files import read_json, write_json
from pipeline.core.ragged import load_array
from pipeline.core.vocabulary import read_types, write_types

FORMAT = 1
Float = TypeVar("Float", np.float32, np.float64)
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
        config = read_config(folder, FORMAT, ("n_words", "vector_size", "training"))
        words, counts = read_types(folder / "vocab.tsv")
        vectors = load_array(folder / "vectors.npy", np.dtype(np.float32), 2)
        expected = (config["n_words"], config["vector_size"])
        if vectors.shape != expected or len(words) != expected[0]:
            raise InputError(
                f"{folder}: the shape of the vectors is {expected} in config.json and {vectors.shape} in vectors.npy,"
                f" and vocab.tsv has {len(words)} words; run `dvc checkout --force {folder}` or"
                " `dvc repro --force embed`"
            )
        if not np.isfinite(vectors).all():
            raise InputError(f"{folder / 'vectors.npy'} has NaN or infinite values; run `dvc repro --force embed`")
        return cls(vectors, words, counts, read_json(folder / "tokenizer.json"), config["training"])


def unit_vectors(vectors: NDArray[Float]) -> NDArray[Float]:
    """Divide each row of [N, D] by its length; rows of zeros stay zeros. The dtype is kept."""
    units: NDArray[Float] = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return units


def read_config(folder: Path, version: int, keys: tuple[str, ...]) -> dict[str, Any]:
    """Read the config.json of an artifact folder.

    Raises:
        InputError: the file is missing or broken, has another format, or lacks a key.
    """
    path = folder / "config.json"
    config = read_json(path)
    if not isinstance(config, dict) or config.get("format") != version:
        actual = config.get("format") if isinstance(config, dict) else config
        raise InputError(
            f"{path}: format {actual!r}, but this code reads format {version};"
            f" use the code that wrote it, or delete {folder} and run `dvc repro`"
        )
    missing = [key for key in keys if key not in config]
    if missing:
        raise InputError(
            f"{path} lacks {', '.join(missing)}: it is broken, or describes another kind of model; name another folder,"
            f" or run `dvc checkout --force {folder}`"
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
    config = read_config(folder, FORMAT, ("training",))
    words, counts = read_types(folder / "vocab.tsv")
    try:
        with safe_open(path, "numpy") as file:
            vectors = file.get_tensor("embedding.weight")[: len(words)]  # the last row is the padding's
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"{path} is truncated or not a safetensors file ({error}); run `dvc checkout --force {folder}`, or delete"
            " it and run `dvc repro`"
        ) from None
    if len(vectors) != len(words):
        raise InputError(f"{folder}: {len(vectors)} vectors, but vocab.tsv has {len(words)} words; run `dvc repro`")
    return Embeddings(vectors, words, counts, read_json(folder / "tokenizer.json"), config["training"])
