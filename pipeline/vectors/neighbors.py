"""Nearest words and analogies, by cosine."""

import difflib
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipeline.core.embeddings import Embeddings, unit_vectors
from pipeline.core.errors import InputError
from pipeline.tokenize.tokenizer import Tokenizer

N_SPELLINGS = 3


class Neighbors:
    """The nearest words by cosine, in a vocabulary of V words with vectors [V, D]."""

    def __init__(self, embeddings: Embeddings) -> None:
        self._embeddings = embeddings

    @cached_property
    def _units(self) -> NDArray[np.float32]:
        return unit_vectors(self._embeddings.vectors)

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return Tokenizer.from_config(self._embeddings.tokenizer)

    def of(self, positive: Sequence[str], negative: Sequence[str] = (), n: int = 10) -> list[tuple[str, float]]:
        """Find the `n` words nearest to the sum of the unit vectors of `positive` minus those of `negative`.

        A single word gives its neighbors; "king" and "woman" without "man" is an analogy, whose answer is "queen".
        The words of the query are never in the result.

        Returns:
            Words and cosines, best first; of equal cosines the more frequent word first.

        Raises:
            InputError: a word is not in the vocabulary, neither as given nor as the tokenizer writes it; the message
                suggests similar spellings.

        Source: Levy and Goldberg, Linguistic Regularities in Sparse and Explicit Word Representations, 2014 (3CosAdd).
        """
        rows = [self._row(word) for word in (*positive, *negative)]
        signs = np.repeat(np.array([1, -1], np.float32), (len(positive), len(negative)))
        query = signs @ self._units[rows]  # [D]
        cosines = self._units @ query / np.float32(np.linalg.norm(query) or 1)  # [V]
        cosines[rows] = -np.inf
        n = min(n, len(cosines) - len(set(rows)))
        best = np.argpartition(-cosines, n - 1)[:n] if n else np.empty(0, np.int64)
        best = best[np.lexsort((best, -cosines[best]))]
        return [(self._embeddings.words[i], float(cosines[i])) for i in best]

    def _row(self, word: str) -> int:
        index = self._embeddings.index
        row = index.get(word)
        if row is None:
            row = index.get(self._tokenizer.fold(word))
        if row is None:
            near = difflib.get_close_matches(word.lower(), self._embeddings.words, N_SPELLINGS, 0.75)
            hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "no word is spelled similarly"
            raise InputError(f"the word {word!r} is not among the {len(index):,} words of the vocabulary; {hint}")
        return row
