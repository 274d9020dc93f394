"""Questions to word vectors: which words are nearest, which completes an analogy."""

import difflib
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError

N_SPELLINGS = 3


class Neighbors:
    """The nearest words by cosine, of a vocabulary of V words with vectors [V, D]."""

    def __init__(self, embeddings: Embeddings) -> None:
        self._embeddings = embeddings

    @cached_property
    def _scale(self) -> NDArray[np.float32]:
        """One over the length of each vector, float32 [V]; 0 for a vector of zeros."""
        vectors = self._embeddings.vectors
        squares = np.einsum("vd,vd->v", vectors, vectors)
        return np.where(squares > 0, 1 / np.sqrt(np.maximum(squares, np.float32(1e-30))), np.float32(0))

    def of(self, positive: Sequence[str], negative: Sequence[str] = (), n: int = 10) -> list[tuple[str, float]]:
        """Find the `n` words nearest to the sum of the unit vectors of `positive` less those of `negative`.

        One word has its neighbours; "king" and "woman" without "man" are an analogy, which asks for "queen".
        The words asked with are not among the answers.

        Returns: words and cosines, best first, of equals the more frequent.

        Raises:
            InputError: a word is not in the vocabulary; the message offers near spellings.

        Source: Levy and Goldberg, Linguistic Regularities in Sparse and Explicit Word Representations, 2014 (3CosAdd).
        """
        rows, signs = [], []
        for words, sign in ((positive, 1), (negative, -1)):
            for word in words:
                rows.append(self._row(word))
                signs.append(sign)
        vectors = self._embeddings.vectors
        query = (np.array(signs, np.float32) * self._scale[rows]) @ vectors[rows]  # [D]
        length = float(np.linalg.norm(query))
        cosines = (vectors @ query) * self._scale / np.float32(length or 1)
        cosines[rows] = -np.inf
        n = min(n, len(cosines) - len(set(rows)))
        best = np.argpartition(-cosines, n - 1)[:n] if n else np.empty(0, np.int64)
        best = best[np.lexsort((best, -cosines[best]))]
        return [(self._embeddings.words[i], float(cosines[i])) for i in best]

    def _row(self, word: str) -> int:
        row = self._embeddings.index.get(word)
        if row is None:
            words = self._embeddings.words
            near = difflib.get_close_matches(word.lower(), words, N_SPELLINGS, 0.75)
            hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "no spelling of it is near"
            raise InputError(f"the word {word!r} is not among the {len(words):,} words of the vocabulary; {hint}")
        return row
