"""Word vectors brought in from outside: matched with the corpus' own vocabulary, what they lack filled in."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError
from pipeline.core.ragged import Int64
from pipeline.embed.external import find_external
from pipeline.embed.params import Embed
from pipeline.embed.vector_formats import Float32, read_vector_file


class Known(NamedTuple):
    """The words of a vocabulary that a file has a vector for: their rows, int64 [n], and vectors, float32 [n, D]."""

    rows: Int64
    vectors: Float32

    def coverage(self, counts: Int64) -> dict[str, float]:
        """Return the share of the vocabulary, and of its occurrences `counts`, int64 [V], that the file has."""
        share = float(counts[self.rows].sum() / counts.sum())
        return {"words": round(len(self.rows) / len(counts), 4), "tokens": round(share, 4)}


def bring_in(name: str, words: list[str], vector_size: int) -> Known:
    """Read the vectors of `words` from the file or folder `name` in external/.

    Raises:
        InputError: there is no such file, it is broken, its vectors have another size, or it knows none of the words.
    """
    path = find_external(name)
    found = read_vector_file(path, wanted=set(words), size=vector_size)
    if not found.words:
        raise InputError(
            f"{path} has none of the {len(words):,} words of the corpus ({', '.join(map(repr, words[:5]))}, ...);"
            " is it of another language, or does tokenize.lowercase differ from what it was trained on?"
        )
    index = {word: row for row, word in enumerate(words)}
    rows = np.array([index[word] for word in found.words], np.int64)
    order = np.argsort(rows)
    return Known(rows[order], found.vectors[order])


def fill(known: Known, words: list[str], counts: Int64, tokenizer: Mapping[str, Any], section: Embed) -> Embeddings:
    """Make embeddings of what a file knows; the other words are initialised by the rule `section.missing_words`.

    `mean` gives each the mean of the vectors that are known, `random` a draw from the normal distribution with the mean
    and the standard deviation of each of their dimensions.
    """
    mean, deviation = known.vectors.mean(0), known.vectors.std(0)
    vectors = np.tile(mean, (len(words), 1))
    if section.missing_words == "random":
        rng = np.random.default_rng(section.seed)
        vectors += deviation * rng.standard_normal(vectors.shape, np.float32)
    vectors[known.rows] = known.vectors
    training = {"model": f"taken from {section.pretrained}", **section.model_dump()}
    return Embeddings(vectors.astype(np.float32), words, counts, tokenizer, training)
