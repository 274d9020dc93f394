"""Word vectors from a file in external/: matched with the vocabulary of the corpus, the missing words filled in."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError
from pipeline.core.ragged import Int64
from pipeline.embed.external import find_external
from pipeline.embed.params import Embed
from pipeline.embed.vector_formats import Float32, read_vector_file


class KnownVectors(NamedTuple):
    """The words of a vocabulary that a file has vectors for: their rows, int64 [n], and vectors, float32 [n, D]."""

    rows: Int64
    vectors: Float32

    def coverage(self, counts: Int64) -> dict[str, float]:
        """Return the share of the vocabulary, and of its occurrences `counts`, int64 [V], that the file covers."""
        share = float(counts[self.rows].sum() / counts.sum())
        return {"words": round(len(self.rows) / len(counts), 4), "tokens": round(share, 4)}


def read_known_vectors(name: str, words: list[str], vector_size: int) -> KnownVectors:
    """Read the vectors of `words` from the file or folder `name` in external/.

    Raises:
        InputError: the file does not exist, is broken, has vectors of another size, or contains none of the words.
    """
    path = find_external(name)
    file = read_vector_file(path, wanted=set(words), size=vector_size)
    if not file.words:
        raise InputError(
            f"{path} has none of the {len(words):,} words of the corpus ({', '.join(map(repr, words[:5]))}, ...);"
            " is it for another language, or was it trained with another tokenize.lowercase?"
        )
    index = {word: row for row, word in enumerate(words)}
    rows = np.array([index[word] for word in file.words], np.int64)
    order = np.argsort(rows)
    return KnownVectors(rows[order], file.vectors[order])


def fill_missing(
    known: KnownVectors, words: list[str], counts: Int64, tokenizer: Mapping[str, Any], section: Embed
) -> Embeddings:
    """Make embeddings from the known vectors; initialize the other words by the rule `section.missing_words`.

    With `mean` they get the mean of the known vectors, with `random` a draw from the normal distribution with the mean
    and the standard deviation of each dimension.

    Args:
        known: the vectors that are copied.
        words: the vocabulary, V words.
        counts: int64 [V], their occurrences in the corpus.
        tokenizer: stored with the vectors.
        section: the rule and the seed.
    """
    mean, deviation = known.vectors.mean(0), known.vectors.std(0)
    vectors = np.tile(mean, (len(words), 1))
    if section.missing_words == "random":
        rng = np.random.default_rng(section.seed)
        vectors += deviation * rng.standard_normal(vectors.shape, np.float32)
    vectors[known.rows] = known.vectors
    training = {"model": f"taken from {section.pretrained}", **section.model_dump()}
    return Embeddings(vectors.astype(np.float32), words, counts, tokenizer, training)
