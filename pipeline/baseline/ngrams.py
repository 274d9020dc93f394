"""Bags of n-grams: a logistic regression on features weighted by tf-idf or by naive Bayes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from pipeline.baseline.logistic import Float64, Linear, fit_linear, load_linear, save_linear
from pipeline.baseline.params import Baseline
from pipeline.core.errors import InputError
from pipeline.core.progress import Advance


@dataclass(frozen=True)
class NGrams:
    """A logistic regression on weighted unigrams and bigrams.

    `tfidf`: (1 + log count) * inverse document frequency, each review scaled to length 1.
    `nbsvm`: presence * naive Bayes log-count ratio. Source: Wang and Manning, Baselines and Bigrams, 2012; with the
    logistic loss instead of the hinge, and without their interpolation, which the choice of C makes unnecessary.

    Attributes:
        kind: `tfidf` or `nbsvm`.
        vocabulary: the n-grams, tokens joined by a space, with their columns, in the order of the columns.
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
        lines: Sequence[str],
        labels: NDArray[np.int8],
        valid: NDArray[np.bool_],
        section: Baseline,
        advance: Advance = lambda n_fits: None,
    ) -> "NGrams":
        """Fit on the reviews that are not in `valid`.

        Args:
            kind: `tfidf` or `nbsvm`.
            lines: the tokens of each review joined by spaces.
            labels: int8 [n_reviews], 0 or 1.
            valid: bool [n_reviews], the reviews that C is chosen on.
            section: the values of C to try, the smallest document frequency, and the smoothing of `nbsvm`.
            advance: called with 1 after each fit.

        Raises:
            InputError: no n-gram occurs in `min_df` reviews.
        """
        fitted = [line for line, is_valid in zip(lines, valid, strict=True) if not is_valid]
        vectorizer = _vectorizer(kind, min_df=section.min_df)
        try:
            counts = vectorizer.fit_transform(fitted)
        except ValueError as error:
            raise InputError(
                f"baseline.min_df = {section.min_df} leaves no n-gram of {len(fitted)} reviews ({error}); lower it"
            ) from None
        vocabulary = {term: column for column, term in enumerate(vectorizer.get_feature_names_out().tolist())}
        if kind == "tfidf":
            weights = vectorizer.idf_
        else:
            positive = labels[~valid] == 1
            of_positive = section.nbsvm_alpha + np.asarray(counts[positive].sum(0)).ravel()
            of_negative = section.nbsvm_alpha + np.asarray(counts[~positive].sum(0)).ravel()
            weights = np.log(of_positive / of_positive.sum()) - np.log(of_negative / of_negative.sum())
        features = _features(_fitted_vectorizer(kind, vocabulary, weights), weights, lines)
        return cls(kind, vocabulary, weights, fit_linear(features, labels, valid, section.C, advance))

    @cached_property
    def _vectorizer(self) -> CountVectorizer:
        return _fitted_vectorizer(self.kind, self.vocabulary, self.weights)

    def probabilities(self, lines: Sequence[str]) -> Float64:
        """Return the probability that each review, given as its tokens joined by spaces, is positive."""
        return self.linear.probabilities(_features(self._vectorizer, self.weights, lines))

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
        try:
            vocabulary = _vocabulary((folder / "terms.txt").read_bytes().decode("utf-8"))
        except (FileNotFoundError, UnicodeDecodeError) as error:
            raise InputError(f"{folder / 'terms.txt'} is missing or broken ({error}); {remedy}") from None
        sizes = (len(vocabulary), len(arrays["weights"]), len(linear.coef))
        if len(set(sizes)) > 1:
            raise InputError(f"{folder}: {sizes[0]} terms, {sizes[1]} weights, {sizes[2]} coefficients; {remedy}")
        return cls(kind, vocabulary, arrays["weights"], linear)


@lru_cache(maxsize=1)
def _vocabulary(terms: str) -> dict[str, int]:
    """Index terms.txt; tfidf and nbsvm, loaded one after the other, have the same and share the result."""
    return {term: column for column, term in enumerate(terms.split("\n")[:-1])}


def _vectorizer(kind: str, **options: Any) -> CountVectorizer:
    options |= {"ngram_range": (1, 2), "tokenizer": str.split, "token_pattern": None, "lowercase": False}
    if kind == "tfidf":
        return TfidfVectorizer(sublinear_tf=True, **options)
    return CountVectorizer(binary=True, dtype=np.float64, **options)


def _fitted_vectorizer(kind: str, vocabulary: Mapping[str, int], weights: Float64) -> CountVectorizer:
    vectorizer = _vectorizer(kind)
    vectorizer.vocabulary_ = vocabulary  # as `fit` sets it; the constructor's argument is copied and checked, slowly
    if kind == "tfidf":
        vectorizer.idf_ = weights
    return vectorizer


def _features(vectorizer: CountVectorizer, weights: Float64, lines: Sequence[str]) -> csr_matrix:
    features = vectorizer.transform(lines)
    return features if isinstance(vectorizer, TfidfVectorizer) else features.multiply(weights).tocsr()
