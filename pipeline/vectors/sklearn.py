"""The mean of a text's word vectors as a scikit-learn transformer, for pipelines of one's own."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from pipeline.baseline.bag_of_vectors import mean_vectors
from pipeline.baseline.logistic import Float64
from pipeline.core.embeddings import Embeddings
from pipeline.tokenize.chunks import encode
from pipeline.tokenize.tokenizer import Tokenizer, tokenize


class MeanVectors(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Texts in, the means of their word vectors out; a text without a known word gives zeros.

    Args:
        embeddings: the folder of an artifact, artifacts/embeddings say; its own tokenizer splits the texts.
        n_jobs: processes that tokenize; -1 for all cores.

    Attributes:
        embeddings_: what the folder holds, once fitted.
        n_features_out_: D, the vector size.

    Example: make_pipeline(MeanVectors("artifacts/embeddings"), LogisticRegression()).fit(texts, labels)
    """

    def __init__(self, embeddings: str | Path = "artifacts/embeddings", *, n_jobs: int = 1) -> None:
        self.embeddings = embeddings
        self.n_jobs = n_jobs

    def fit(self, X: Iterable[str], y: object = None) -> "MeanVectors":
        """Read the vectors; nothing is learned of the texts."""
        _checked(X)
        self.embeddings_ = Embeddings.load(Path(self.embeddings))
        self._tokenizer = Tokenizer.from_config(self.embeddings_.tokenizer)
        self.n_features_out_ = self.embeddings_.vectors.shape[1]
        return self

    def transform(self, X: Iterable[str]) -> Float64:
        """Return float64 [n_texts, D]."""
        check_is_fitted(self)
        n_jobs = None if self.n_jobs == -1 else self.n_jobs
        reviews = encode(tokenize(_checked(X), self._tokenizer, n_jobs=n_jobs), self.embeddings_.index)
        return mean_vectors(reviews, self.embeddings_.vectors)

    def get_feature_names_out(self, input_features: object = None) -> "np.ndarray[Any, Any]":
        """Name the dimensions, as set_output(transform="pandas") wants them."""
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
        ValueError: what scikit-learn's users expect of one text in place of many, and of what is no text.
    """
    if isinstance(X, str):
        raise ValueError("a list of texts is expected, a single string was given; put it into a list")
    texts = list(X)
    for i, text in enumerate(texts):
        if not isinstance(text, str):
            raise ValueError(f"text {i} is {type(text).__name__}, expected str; leave it out or turn it into a text")
    return texts
