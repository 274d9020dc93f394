"""The bag of vectors: a logistic regression on the mean of a review's word vectors."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.baseline.logistic import Float64, Linear, fit_linear, load_linear, save_linear
from pipeline.core.errors import InputError
from pipeline.core.progress import Advance
from pipeline.core.ragged import Ragged


def mean_vectors(reviews: Ragged, vectors: NDArray[np.float32]) -> Float64:
    """Return the mean of each review's word vectors, float64 [n_reviews, D]; zeros for an empty review."""
    ones = np.ones(len(reviews.values), np.float32)
    counts = csr_matrix((ones, reviews.values, reviews.offsets), shape=(len(reviews), len(vectors)))
    sums: Float64 = (counts @ vectors).astype(np.float64)
    return sums / np.maximum(reviews.lengths, 1)[:, None]


@dataclass(frozen=True)
class BagOfVectors:
    """A logistic regression on the standardized mean of a review's word vectors.

    Attributes:
        vectors: float32 [V, D].
        center: float64 [D], the mean of the features over the training reviews.
        scale: float64 [D], their standard deviation.
        linear: the regression on the D standardized features.
    """

    vectors: NDArray[np.float32]
    center: Float64
    scale: Float64
    linear: Linear

    @classmethod
    def fit(
        cls,
        reviews: Ragged,
        labels: NDArray[np.int8],
        valid: NDArray[np.bool_],
        vectors: NDArray[np.float32],
        C: Sequence[float],
        advance: Advance = lambda n_fits: None,
    ) -> "BagOfVectors":
        """Fit on the reviews that are not in `valid`.

        Args:
            reviews: token ids below V.
            labels: int8 [n_reviews], 0 or 1.
            valid: bool [n_reviews], the reviews that C is chosen on.
            vectors: float32 [V, D].
            C: the values to try.
            advance: called with 1 after each fit.
        """
        features = mean_vectors(reviews, vectors)
        center, scale = features[~valid].mean(0), features[~valid].std(0)
        scale = np.where(scale > 0, scale, 1.0)
        return cls(vectors, center, scale, fit_linear((features - center) / scale, labels, valid, C, advance))

    def probabilities(self, reviews: Ragged) -> Float64:
        """Return the probability that each review, given as token ids, is positive, float64 [n_reviews].

        Ids from V on, of words without a vector, count for nothing.
        """
        means = (mean_vectors(piece.below(len(self.vectors)), self.vectors) for piece in reviews.pieces())
        parts = [self.linear.probabilities((part - self.center) / self.scale) for part in means]
        return np.concatenate([np.empty(0), *parts])

    def save(self, folder: Path) -> None:
        """Write weights.npz and config.json, without the word vectors."""
        save_linear(folder, "bag_of_vectors", self.linear, center=self.center, scale=self.scale)

    @classmethod
    def load(cls, folder: Path, vectors: NDArray[np.float32]) -> "BagOfVectors":
        """Read a saved model; `vectors` must be those it was fitted with.

        Raises:
            InputError: a file is missing or broken, has another format, or the vectors have another size.
        """
        linear, arrays = load_linear(folder, "bag_of_vectors", ("center", "scale"))
        sizes = {len(linear.coef), len(arrays["center"]), len(arrays["scale"]), vectors.shape[1]}
        if len(sizes) > 1:
            raise InputError(
                f"{folder} was fitted on vectors of size {len(linear.coef)}, the embeddings have {vectors.shape[1]};"
                " run `dvc repro baseline`"
            )
        return cls(vectors, arrays["center"], arrays["scale"], linear)
