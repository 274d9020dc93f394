"""Bags of n-grams: a logistic regression on features weighted by tf-idf or by naive Bayes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.preprocessing import normalize

from pipeline.baseline.logistic import Float64, Linear, fit_linear, load_linear, save_linear
from pipeline.baseline.params import Baseline
from pipeline.core.errors import InputError, refusing
from pipeline.core.files import check_file
from pipeline.core.progress import Advance
from pipeline.core.ragged import ROWS_PER_PIECE


class NGramCounts(NamedTuple):
    """How often each n-gram of a vocabulary occurs in each review.

    Attributes:
        vocabulary: the n-grams, tokens joined by a space, with their columns, in the order of the columns.
        counts: float64 [n_reviews, n_terms].
    """

    vocabulary: Mapping[str, int]
    counts: csr_matrix


def count_ngrams(lines: Sequence[str], valid: NDArray[np.bool_], section: Baseline) -> NGramCounts:
    """Count the n-grams of reviews; the vocabulary is that of the reviews not in `valid`.

    Args:
        lines: the tokens of each review joined by spaces.
        valid: bool [n_reviews].
        section: the longest n-gram and the smallest document frequency.

    Raises:
        InputError: no n-gram occurs in `min_df` reviews.
    """
    fitted = [line for line, is_valid in zip(lines, valid, strict=True) if not is_valid]
    others = [line for line, is_valid in zip(lines, valid, strict=True) if is_valid]
    vectorizer = _vectorizer(section.max_ngram, section.min_df)
    try:
        of_fitted = vectorizer.fit_transform(fitted)
    except ValueError as error:
        raise InputError(
            f"baseline.min_df = {section.min_df} leaves no n-gram of {len(fitted)} reviews ({error}); lower it"
        ) from None
    place = np.argsort(np.argsort(valid, kind="stable"))  # of each review among the fitted and then the others
    counts = vstack([of_fitted, vectorizer.transform(others)], format="csr")[place]
    return NGramCounts({term: i for i, term in enumerate(vectorizer.get_feature_names_out().tolist())}, counts)


@dataclass(frozen=True)
class NGrams:
    """A logistic regression on weighted n-grams.

    Both scale the features of each review to length 1.
    `tfidf`: (1 + log count) * inverse document frequency.
    `nbsvm`: presence * naive Bayes log-count ratio. Source: Wang and Manning, Baselines and Bigrams, 2012; with the
    logistic loss instead of the hinge, and without their interpolation, which the choice of C makes unnecessary. They
    do not scale; it makes the probabilities of long reviews less extreme.

    Attributes:
        kind: `tfidf` or `nbsvm`.
        vocabulary: see `NGramCounts`.
        weights: float64 [n_terms].
        linear: the regression on the n_terms features.
    """

    kind: str
    vocabulary: Mapping[str, int]
    weights: Float64
    linear: Linear

    @classmethod
    def fit(
        cls,
        kind: str,
        counts: NGramCounts,
        labels: NDArray[np.int8],
        valid: NDArray[np.bool_],
        section: Baseline,
        advance: Advance = lambda n_fits: None,
    ) -> "NGrams":
        """Fit on the reviews that are not in `valid`.

        Args:
            kind: `tfidf` or `nbsvm`.
            counts: of all reviews.
            labels: int8 [n_reviews], 0 or 1.
            valid: bool [n_reviews], the reviews that C is chosen on.
            section: the values of C to try, and the smoothing of `nbsvm`.
            advance: called with 1 after each fit.
        """
        fitted = counts.counts[~valid]
        if kind == "tfidf":
            weights: Float64 = TfidfTransformer().fit(fitted).idf_
        else:
            positive = labels[~valid] == 1
            fitted.data = np.ones_like(fitted.data)
            of_positive = section.nbsvm_alpha + np.asarray(fitted[positive].sum(0)).ravel()
            of_negative = section.nbsvm_alpha + np.asarray(fitted[~positive].sum(0)).ravel()
            weights = np.log(of_positive / of_positive.sum()) - np.log(of_negative / of_negative.sum())
        features = _features(kind, counts.counts, weights)
        return cls(kind, counts.vocabulary, weights, fit_linear(features, labels, valid, section.C, advance))

    @cached_property
    def _vectorizer(self) -> CountVectorizer:
        vectorizer = _vectorizer(max((term.count(" ") for term in self.vocabulary), default=0) + 1)
        vectorizer.vocabulary_ = self.vocabulary  # as `fit` sets it; the constructor copies and checks it, slowly
        return vectorizer

    def probabilities(self, lines: Iterable[str]) -> Float64:
        """Return the probability that each review, given as its tokens joined by spaces, is positive."""
        left = iter(lines)
        pieces = iter(lambda: list(islice(left, ROWS_PER_PIECE)), [])
        counts = (self._vectorizer.transform(piece) for piece in pieces)
        parts = [self.linear.probabilities(_features(self.kind, part, self.weights)) for part in counts]
        return np.concatenate([np.empty(0), *parts])

    def save(self, folder: Path) -> None:
        """Write terms.txt, weights.npz and config.json."""
        save_linear(folder, self.kind, self.linear, weights=self.weights)
        with open(folder / "terms.txt", "w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{term}\n" for term in self.vocabulary)

    @classmethod
    def load(cls, folder: Path, kind: str) -> "NGrams":
        """Read a saved model.

        Raises:
            InputError: a file is missing or broken, has another format, or the sizes disagree.
        """
        linear, arrays = load_linear(folder, kind, ("weights",))
        remedy = f"run `dvc checkout --force {folder}` or `dvc repro --force baseline`"
        terms = folder / "terms.txt"
        check_file(terms, remedy)
        with refusing(terms, "is not a list of terms", remedy):
            vocabulary = _vocabulary(terms.read_bytes().decode("utf-8"))
        sizes = (len(vocabulary), len(arrays["weights"]), len(linear.coef))
        if len(set(sizes)) > 1:
            raise InputError(f"{folder}: {sizes[0]} terms, {sizes[1]} weights, {sizes[2]} coefficients; {remedy}")
        return cls(kind, vocabulary, arrays["weights"], linear)


@lru_cache(maxsize=1)
def _vocabulary(terms: str) -> dict[str, int]:
    """Index terms.txt; tfidf and nbsvm, loaded one after the other, have the same and share the result."""
    lines = terms.split("\n")[:-1]
    vocabulary = {term: column for column, term in enumerate(lines)}
    if len(vocabulary) < len(lines):
        raise ValueError("a term occurs twice")
    return vocabulary


def _vectorizer(max_ngram: int, min_df: int = 1) -> CountVectorizer:
    return CountVectorizer(
        ngram_range=(1, max_ngram), min_df=min_df, tokenizer=str.split, token_pattern=None, lowercase=False,
        dtype=np.float64,
    )  # fmt: skip


def _features(kind: str, counts: csr_matrix, weights: Float64) -> csr_matrix:
    if kind == "tfidf":
        transformer = TfidfTransformer(sublinear_tf=True)
        transformer.idf_ = weights
        return transformer.transform(counts)
    return normalize(counts.sign().multiply(weights).tocsr())
