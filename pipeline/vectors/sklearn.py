"""The mean of a text's word vectors, as a scikit-learn transformer."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from joblib import effective_n_jobs
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from pipeline.baseline.bag_of_vectors import mean_vectors
from pipeline.baseline.logistic import Float64
from pipeline.core.embeddings import Embeddings
from pipeline.tokenize.chunks import encode
from pipeline.tokenize.tokenizer import Tokenizer, tokenize


class MeanVectors(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Transform each text into the mean of its word vectors; a text without a known word gives zeros.

    A fitted transformer contains the vectors, so it can be pickled and used without the folder.

    Args:
        embeddings: the folder of the word vectors, such as artifacts/embeddings; its tokenizer splits the texts.
        n_jobs: the number of processes that tokenize; -1 uses all cores, -2 all but one, None a single one.

    Attributes:
        embeddings_: the vectors with their vocabulary, after `fit`.
        n_features_out_: D, the vector size, after `fit`.

    Example: make_pipeline(MeanVectors("artifacts/embeddings"), LogisticRegression()).fit(texts, labels)
    """

    def __init__(self, embeddings: str | Path = "artifacts/embeddings", *, n_jobs: int | None = 1) -> None:
        self.embeddings = embeddings
        self.n_jobs = n_jobs

    def fit(self, X: Iterable[str], y: object = None) -> "MeanVectors":
        """Read the vectors; the texts are only checked."""
        _checked(X)
        self.embeddings_ = Embeddings.load(Path(self.embeddings))
        self._tokenizer = Tokenizer.from_config(self.embeddings_.tokenizer)
        self.n_features_out_ = self.embeddings_.vectors.shape[1]
        return self

    def transform(self, X: Iterable[str]) -> Float64:
        """Return the mean vectors, float64 [n_texts, D]."""
        check_is_fitted(self)
        n_jobs = effective_n_jobs(self.n_jobs)
        reviews = encode(tokenize(_checked(X), self._tokenizer, n_jobs=n_jobs), self.embeddings_.index)
        return mean_vectors(reviews, self.embeddings_.vectors)

    def get_feature_names_out(self, input_features: object = None) -> "np.ndarray[Any, Any]":
        """Return the names of the D columns, as set_output(transform="pandas") needs them."""
        check_is_fitted(self)
        return np.array([f"meanvectors{i}" for i in range(self.n_features_out_)], dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.requires_fit = True
        return tags


def _checked(X: Iterable[str]) -> list[str]:
    """Return the texts as a list.

    Raises:
        ValueError: a single string is given, or an item is not a string.
    """
    if isinstance(X, str):
        raise ValueError("expected a list of texts, got a single string; put it into a list")
    texts = list(X)
    for i, text in enumerate(texts):
        if not isinstance(text, str):
            raise ValueError(f"text {i} is {type(text).__name__}, expected str; remove it or convert it")
    return texts
