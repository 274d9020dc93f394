"""The nearest training reviews: by the cosine between mean word vectors."""

import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.baseline.bag_of_vectors import mean_vectors
from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError
from pipeline.core.ragged import Ragged
from pipeline.core.vocabulary import read_types
from pipeline.tokenize.tokenizer import clean

N_CHARACTERS = 320


@dataclass(frozen=True)
class NearestReviews:
    """Reviews that can be asked for those of the nearest vectors.

    Attributes:
        units: float32 [n_reviews, D], the mean of the vectors of each review's words, of length 1; zeros without words.
        reviews: `id`, `label`, `rating` and `text` of each.
    """

    units: NDArray[np.float32]
    reviews: list[dict[str, Any]]

    @classmethod
    def load(cls, data: Path, embeddings: Embeddings) -> "NearestReviews":
        """Read the labelled training reviews: DATA/train.parquet, and their tokens in DATA/tokens.

        Raises:
            InputError: a file is missing or broken, or the two are of different runs.
        """
        tokens = Ragged.load(data / "tokens" / "train")
        path = data / "train.parquet"
        try:
            table = pq.read_table(path, columns=["id", "label", "rating", "text", "in_test"])
        except (OSError, ValueError, KeyError) as error:  # pyarrow's own errors are of these
            raise InputError(
                f"{path} is missing or broken ({error}); run `dvc checkout --force` or `dvc repro`"
            ) from None
        if len(tokens) != len(table):  # tokenize has left out the texts that stand in test too
            table = table.filter(np.logical_not(table["in_test"].to_numpy()))
        types, _ = read_types(data / "tokens" / "types.tsv")
        if len(tokens) != len(table) or types[: len(embeddings.words)] != embeddings.words:
            raise InputError(f"{data / 'tokens'} does not fit {path} and the word vectors; run `dvc repro`")
        means = mean_vectors(tokens.below(len(embeddings.words)), embeddings.vectors)
        reviews = table.drop_columns(["in_test"]).to_pylist()
        return cls(_units(means), reviews)

    def of(self, vector: NDArray[np.float64], n: int = 5) -> list[dict[str, Any]]:
        """Return the `n` reviews nearest to `vector` [D], best first, with `cosine`, their text cleaned and shortened.

        None is near a vector of zeros, that of a review without known words.
        """
        if not np.any(vector):
            return []
        cosines = self.units @ _units(vector[None])[0]
        best = np.argpartition(-cosines, min(n, len(cosines)) - 1)[:n]
        return [
            {
                **self.reviews[i],
                "text": textwrap.shorten(clean(self.reviews[i]["text"]), N_CHARACTERS, placeholder=" …"),
                "cosine": round(float(cosines[i]), 3),
            }
            for i in best[np.argsort(-cosines[best], kind="stable")]
        ]


def _units(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
