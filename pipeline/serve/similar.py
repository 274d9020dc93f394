"""The training reviews most similar to a text, by the cosine between mean word vectors."""

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.baseline.bag_of_vectors import mean_vectors
from pipeline.core.embeddings import Embeddings, unit_vectors
from pipeline.core.errors import InputError
from pipeline.core.parquet import read_parquet
from pipeline.core.ragged import Ragged
from pipeline.core.vocabulary import read_types
from pipeline.fetch.reviews import COLUMNS
from pipeline.tokenize.tokenizer import clean

READ = COLUMNS.append(pa.field("in_test", pa.bool_()))  # of data/train.parquet
N_CHARACTERS = 320  # of each review that is shown
IMDB_TITLE = re.compile(r"tt\d{7}")


@dataclass(frozen=True)
class SimilarReviews:
    """The labelled training reviews, with their mean word vectors.

    Attributes:
        units: float32 [n_reviews, D], the mean vector of each review's words, scaled to length 1; zeros without words.
        reviews: `id`, `label`, `rating`, `movie` and `text` of each.
    """

    units: NDArray[np.float32]
    reviews: list[dict[str, Any]]

    @classmethod
    def load(cls, data: Path, embeddings: Embeddings) -> "SimilarReviews":
        """Read the reviews from DATA/train.parquet and their tokens from DATA/tokens.

        Raises:
            InputError: a file is missing or broken, or the two come from different runs.
        """
        tokens = Ragged.load(data / "tokens" / "train")
        path = data / "train.parquet"
        remedy = "run `dvc checkout --force` or `dvc repro`"
        table = read_parquet(path, path, "is broken", remedy, READ.names)
        if table.schema.types != READ.types or table["text"].null_count or table["in_test"].null_count:
            raise InputError(f"{path} has columns of other types than stage `fetch` writes, or no text; {remedy}")
        if len(tokens) != len(table):  # the stage tokenize dropped the texts that are also in test
            table = table.filter(np.logical_not(table["in_test"].to_numpy()))
        types, _ = read_types(data / "tokens" / "types.tsv")
        if len(tokens) != len(table) or types[: len(embeddings.words)] != embeddings.words:
            raise InputError(f"{data / 'tokens'} does not match {path} and the word vectors; run `dvc repro`")
        means = mean_vectors(tokens.below(len(embeddings.words)), embeddings.vectors)
        return cls(unit_vectors(means).astype(np.float32), table.drop_columns(["in_test"]).to_pylist())

    @property
    def of_imdb(self) -> bool:
        """Whether the reviews are of titles of IMDb, by their ids."""
        return any(IMDB_TITLE.fullmatch(review["movie"] or "") for review in self.reviews[:100])

    def of(self, vector: NDArray[np.float64], n: int = 5) -> list[dict[str, Any]]:
        """Return the `n` reviews most similar to `vector` [D], best first, for JSON.

        Returns: of each its columns and its `cosine`; the text is cleaned and shortened. For a vector of zeros, which
            is that of a review without known words: nothing.
        """
        if not np.any(vector):
            return []
        cosines = self.units @ unit_vectors(vector[None])[0].astype(np.float32)
        best = np.argpartition(-cosines, min(n, len(cosines)) - 1)[:n]
        return [
            {
                **self.reviews[i],
                "text": textwrap.shorten(clean(self.reviews[i]["text"]), N_CHARACTERS, placeholder=" …"),
                "cosine": round(float(cosines[i]), 3),
            }
            for i in best[np.argsort(-cosines[best], kind="stable")]
        ]
