"""The linear baselines: the mean of the word vectors, and bags of n-grams, each under a logistic regression."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from pipeline.embeddings import read_config
from pipeline.errors import InputError
from pipeline.files import write_json
from pipeline.params import Baseline
from pipeline.tokens import Ragged

FORMAT = 1
Float64 = NDArray[np.float64]
Features: TypeAlias = Float64 | csr_matrix


@dataclass(frozen=True)
class Linear:
    """A logistic regression: p = s(x . coef + intercept), s the logistic sigmoid.

    Attributes:
        coef: float64 [n_features].
        intercept: the logit of a review without features.
        C: the inverse of the strength of regularisation, the one that did best on validation.
        valid_accuracy: on validation, by each C tried.
    """

    coef: Float64
    intercept: float
    C: float
    valid_accuracy: dict[float, float]

    def probabilities(self, features: Features) -> Float64:
        """Return the probability of each row of `features` [n_reviews, n_features] being positive."""
        p: Float64 = 1 / (1 + np.exp(-(features @ self.coef + self.intercept)))
        return p


def fit_linear(features: Features, labels: NDArray[np.int8], valid: NDArray[np.bool_], tried: list[float]) -> Linear:
    """Fit a logistic regression for each C on the rows not in `valid`; keep the best on those in `valid`.

    Of equals the smallest C, the strongest regularisation, is kept.
    """
    best: Linear | None = None
    accuracies: dict[float, float] = {}
    for C in sorted(tried):
        model = LogisticRegression(C=C, max_iter=1000).fit(features[~valid], labels[~valid])
        linear = Linear(model.coef_[0].astype(np.float64), float(model.intercept_[0]), C, accuracies)
        right = (linear.probabilities(features[valid]) >= 0.5) == (labels[valid] == 1)
        accuracies[C] = float(right.mean())
        if best is None or accuracies[C] > accuracies[best.C]:
            best = linear
    assert best is not None  # `tried` is not empty: params.py
    return best


def mean_vectors(reviews: Ragged, vectors: NDArray[np.float32]) -> Float64:
    """Return the mean of the vectors of each review's tokens, float64 [n_reviews, D]; zeros for an empty one."""
    ones = np.ones(len(reviews.values), np.float32)
    counts = csr_matrix((ones, reviews.values, reviews.offsets), shape=(len(reviews), len(vectors)))
    sums: Float64 = (counts @ vectors).astype(np.float64)
    return sums / np.maximum(reviews.lengths, 1)[:, None]


@dataclass(frozen=True)
class BagOfVectors:
    """The mean of a review's word vectors, standardised, under a logistic regression.

    Attributes:
        vectors: float32 [V, D].
        center: float64 [D], mean of the features in training.
        scale: float64 [D], their standard deviation.
        linear: over the D standardised features.
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
        section: Baseline,
    ) -> "BagOfVectors":
        """Fit on the ids of the reviews that are not in `valid`, bool [n_reviews]."""
        features = mean_vectors(reviews, vectors)
        center, scale = features[~valid].mean(0), features[~valid].std(0)
        scale = np.where(scale > 0, scale, 1.0)
        return cls(vectors, center, scale, fit_linear((features - center) / scale, labels, valid, section.C))

    def probabilities(self, reviews: Ragged) -> Float64:
        """Return the probability of each review, as ids of the vocabulary, being positive."""
        return self.linear.probabilities((mean_vectors(reviews, self.vectors) - self.center) / self.scale)

    def save(self, folder: Path) -> None:
        """Write weights.npz and config.json; the vectors stay where they are, in the embeddings."""
        _save(folder, "bag_of_vectors", self.linear, center=self.center, scale=self.scale)

    @classmethod
    def load(cls, folder: Path, vectors: NDArray[np.float32]) -> "BagOfVectors":
        """Read what was fitted back, over the vectors it was fitted with.

        Raises:
            InputError: a file is missing, broken, of another format or of another vector size.
        """
        linear, arrays = _load(folder, "bag_of_vectors", ("center", "scale"))
        sizes = {len(linear.coef), len(arrays["center"]), len(arrays["scale"]), vectors.shape[1]}
        if len(sizes) > 1:
            raise InputError(
                f"{folder} was fitted on vectors of size {len(linear.coef)}, the embeddings have {vectors.shape[1]};"
                " run `dvc repro baseline`"
            )
        return cls(vectors, arrays["center"], arrays["scale"], linear)


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
        cls, kind: str, lines: Sequence[str], labels: NDArray[np.int8], valid: NDArray[np.bool_], section: Baseline
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
        return cls(kind, terms, weights, fit_linear(features, labels, valid, section.C))

    def probabilities(self, lines: Sequence[str]) -> Float64:
        """Return the probability of each review, its tokens joined by spaces, being positive."""
        return self.linear.probabilities(_features(self.kind, self.terms, self.weights, lines))

    def save(self, folder: Path) -> None:
        """Write terms.txt, weights.npz and config.json."""
        _save(folder, self.kind, self.linear, weights=self.weights)
        with open(folder / "terms.txt", "w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{term}\n" for term in self.terms)

    @classmethod
    def load(cls, folder: Path, kind: str) -> "NGrams":
        """Read what was fitted back.

        Raises:
            InputError: a file is missing or broken, of another format, or the sizes do not agree.
        """
        linear, arrays = _load(folder, kind, ("weights",))
        try:
            terms = (folder / "terms.txt").read_text("utf-8").split("\n")[:-1]
        except (FileNotFoundError, UnicodeDecodeError) as error:
            raise InputError(f"{folder / 'terms.txt'} is missing or broken ({error}); run `dvc checkout`") from None
        if not len(terms) == len(linear.coef) == len(arrays["weights"]):
            raise InputError(
                f"{folder}: {len(terms)} terms, {len(arrays['weights'])} weights, {len(linear.coef)} coefficients;"
                f" run `dvc checkout {folder}` or `dvc repro --force baseline`"
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


def _save(folder: Path, kind: str, linear: Linear, **arrays: Float64) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "weights.npz", coef=linear.coef, intercept=np.float64(linear.intercept), **arrays)  # type: ignore[arg-type]
    write_json(
        folder / "config.json",
        {
            "format": FORMAT,
            "model": kind,
            "C": linear.C,
            "valid_accuracy": {str(C): round(accuracy, 4) for C, accuracy in linear.valid_accuracy.items()},
        },
    )


def _load(folder: Path, kind: str, names: tuple[str, ...]) -> tuple[Linear, dict[str, Float64]]:
    config = read_config(folder, FORMAT, ("model", "C", "valid_accuracy"))
    remedy = f"run `dvc checkout {folder}` or `dvc repro --force baseline`"
    if config["model"] != kind:
        raise InputError(f"{folder} holds a {config['model']!r}, expected a {kind!r}; {remedy}")
    path = folder / "weights.npz"
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in ("coef", "intercept", *names)}
    except FileNotFoundError:
        raise InputError(f"{path} is missing; {remedy}") from None
    except (KeyError, ValueError, OSError, EOFError, BadZipFile) as error:
        raise InputError(f"{path} is broken ({error}); {remedy}") from None
    for name, array in arrays.items():
        if array.dtype != np.float64 or array.ndim != (name != "intercept") or not np.isfinite(array).all():
            raise InputError(
                f"{path}: {name} is {array.dtype} {array.shape}, expected finite float64"
                f" {'scalar' if name == 'intercept' else 'vector'}; {remedy}"
            )
    accuracies = {float(C): float(accuracy) for C, accuracy in config["valid_accuracy"].items()}
    return Linear(arrays["coef"], float(arrays["intercept"]), config["C"], accuracies), arrays
