"""Bags of n-grams, weighted by tf-idf or by naive Bayes, under a logistic regression."""

from collections.abc import Sequence
from dataclasses import dataclass
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
    """Single tokens and pairs of neighbours, weighted, under a logistic regression.

    `tfidf`: (1 + log count) * inverse document frequency, each review scaled to length 1.
    `nbsvm`: presence * naive Bayes log-count ratio. Source: Wang and Manning, Baselines and Bigrams, 2012; with the
    logistic loss in place of the hinge, and without their interpolation, which the choice of C makes needless.

    Attributes:
        kind: `tfidf` or `nbsvm`.
        terms: the n-grams, tokens joined by a space.
        weights: float64 [n_terms].
        linear: over the n_terms features.
    """

    kind: str
    terms: list[str]
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
        """Fit on the reviews that are not in `valid`, bool [n_reviews].

        Args:
            kind: `tfidf` or `nbsvm`.
            lines: the tokens of each review joined by spaces.
            labels: int8 [n_reviews].
            valid: what C is chosen on.
            section: the values of C to try, and below how many reviews an n-gram is left out.

        Raises:
            InputError: no n-gram is in `min_df` reviews.
        """
        fitted = [line for line, held in zip(lines, valid, strict=True) if not held]
        vectorizer = _vectorizer(kind, min_df=section.min_df)
        try:
            counts = vectorizer.fit_transform(fitted)
        except ValueError as error:
            raise InputError(
                f"baseline.min_df = {section.min_df} leaves no n-gram of {len(fitted)} reviews ({error}); lower it"
            ) from None
        terms = vectorizer.get_feature_names_out().tolist()
        if kind == "tfidf":
            weights = vectorizer.idf_
        else:
            positive = labels[~valid] == 1
            of_positive = section.nbsvm_alpha + np.asarray(counts[positive].sum(0)).ravel()
            of_negative = section.nbsvm_alpha + np.asarray(counts[~positive].sum(0)).ravel()
            weights = np.log(of_positive / of_positive.sum()) - np.log(of_negative / of_negative.sum())
        features = _features(kind, terms, weights, lines)
        return cls(kind, terms, weights, fit_linear(features, labels, valid, section.C, advance))

    def probabilities(self, lines: Sequence[str]) -> Float64:
        """Return the probability of each review, its tokens joined by spaces, being positive."""
        return self.linear.probabilities(_features(self.kind, self.terms, self.weights, lines))

    def save(self, folder: Path) -> None:
        """Write terms.txt, weights.npz and config.json."""
        save_linear(folder, self.kind, self.linear, weights=self.weights)
        with open(folder / "terms.txt", "w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{term}\n" for term in self.terms)

    @classmethod
    def load(cls, folder: Path, kind: str) -> "NGrams":
        """Read what was fitted back.

        Raises:
            InputError: a file is missing or broken, of another format, or the sizes do not agree.
        """
        linear, arrays = load_linear(folder, kind, ("weights",))
        remedy = f"run `dvc checkout --force {folder}` or `dvc repro --force baseline`"
        try:
            terms = (folder / "terms.txt").read_text("utf-8").split("\n")[:-1]
        except (FileNotFoundError, UnicodeDecodeError) as error:
            raise InputError(f"{folder / 'terms.txt'} is missing or broken ({error}); {remedy}") from None
        if not len(terms) == len(linear.coef) == len(arrays["weights"]):
            raise InputError(
                f"{folder}: {len(terms)} terms, {len(arrays['weights'])} weights, {len(linear.coef)} coefficients;"
                f" {remedy}"
            )
        return cls(kind, terms, arrays["weights"], linear)


def _vectorizer(kind: str, **options: Any) -> CountVectorizer:
    options |= {"ngram_range": (1, 2), "tokenizer": str.split, "token_pattern": None, "lowercase": False}
    if kind == "tfidf":
        return TfidfVectorizer(sublinear_tf=True, **options)
    return CountVectorizer(binary=True, dtype=np.float64, **options)


def _features(kind: str, terms: list[str], weights: Float64, lines: Sequence[str]) -> csr_matrix:
    vectorizer = _vectorizer(kind, vocabulary=terms)
    if kind == "tfidf":
        vectorizer.idf_ = weights
        return vectorizer.transform(lines)
    return vectorizer.transform(lines).multiply(weights).tocsr()
