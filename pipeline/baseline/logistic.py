"""Logistic regression: C chosen on validation, saved and loaded."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from pipeline.core.arrays import load_npz
from pipeline.core.embeddings import read_config
from pipeline.core.errors import InputError, refusing
from pipeline.core.files import write_json
from pipeline.core.progress import Advance

FORMAT = 1
Float64 = NDArray[np.float64]
Features: TypeAlias = Float64 | csr_matrix


@dataclass(frozen=True)
class Linear:
    """A logistic regression: p = sigmoid(x . coef + intercept).

    Attributes:
        coef: float64 [n_features].
        intercept: the logit of a review without features.
        C: the inverse regularization strength with the lowest log loss on validation.
        valid_log_loss: log loss on validation, in nats, for each C that was tried.
        valid_accuracy: accuracy on validation for the same.
    """

    coef: Float64
    intercept: float
    C: float
    valid_log_loss: dict[float, float]
    valid_accuracy: dict[float, float]

    @property
    def figures(self) -> dict[str, float]:
        """What was measured on validation, rounded, and C."""
        scores = {"accuracy": self.valid_accuracy[self.C], "log_loss": self.valid_log_loss[self.C]}
        return {**{name: round(score, 4) for name, score in scores.items()}, "C": self.C}

    def probabilities(self, features: Features) -> Float64:
        """Return the probability that each row of `features`, float64 [n_reviews, n_features], is positive."""
        p: Float64 = expit(features @ self.coef + self.intercept)
        return p


def fit_linear(
    features: Features,
    labels: NDArray[np.int8],
    valid: NDArray[np.bool_],
    C_values: Sequence[float],
    advance: Advance = lambda n_fits: None,
) -> Linear:
    """Fit a logistic regression for each C; return the one with the lowest log loss on validation.

    Ties go to the smallest C, the strongest regularization.

    Args:
        features: float64 [n_reviews, n_features], dense or sparse.
        labels: int8 [n_reviews], 0 or 1.
        valid: bool [n_reviews], the reviews to validate on; the others are fitted.
        C_values: the values to try, at least one.
        advance: called with 1 after each fit.
    """
    best: Linear | None = None
    losses: dict[float, float] = {}
    accuracies: dict[float, float] = {}
    sign = 2.0 * labels[valid] - 1
    for C in sorted(C_values):
        model = LogisticRegression(C=C, max_iter=1000).fit(features[~valid], labels[~valid])
        linear = Linear(model.coef_[0].astype(np.float64), float(model.intercept_[0]), C, losses, accuracies)
        margins = sign * (features[valid] @ linear.coef + linear.intercept)  # positive if correct
        losses[C] = float(np.logaddexp(0, -margins).mean())
        accuracies[C] = float((margins > 0).mean())
        if best is None or losses[C] < losses[best.C]:
            best = linear
        advance(1)
    assert best is not None  # params.py requires a value of C
    return best


def save_linear(folder: Path, kind: str, linear: Linear, **arrays: Float64) -> None:
    """Write weights.npz, which gets `arrays` too, and config.json."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "weights.npz", coef=linear.coef, intercept=np.float64(linear.intercept), **arrays)  # type: ignore[arg-type]
    write_json(
        folder / "config.json",
        {
            "format": FORMAT,
            "model": kind,
            "C": linear.C,
            "valid_log_loss": {str(C): round(loss, 4) for C, loss in linear.valid_log_loss.items()},
            "valid_accuracy": {str(C): round(accuracy, 4) for C, accuracy in linear.valid_accuracy.items()},
        },
    )


def load_linear(folder: Path, kind: str, names: tuple[str, ...]) -> tuple[Linear, dict[str, Float64]]:
    """Read what `save_linear` wrote: the regression, and the float64 vectors called `names`.

    Raises:
        InputError: a file is missing or broken, is of another kind of model, or has another format.
    """
    kinds = {"model": str, "C": float, "valid_log_loss": dict, "valid_accuracy": dict}
    config = read_config(folder, FORMAT, kinds)
    remedy = f"run `dvc checkout --force {folder}` or `dvc repro --force baseline`"
    if config["model"] != kind:
        raise InputError(f"{folder} is a {config['model']} model, not {kind}; give the folder of a {kind} model")
    with refusing(folder / "config.json", "has scores on validation that are no numbers by C", remedy):
        losses, accuracies = (
            {float(C): float(score) for C, score in config[key].items()} for key in ("valid_log_loss", "valid_accuracy")
        )
    path = folder / "weights.npz"
    arrays = load_npz(path, ("coef", "intercept", *names), remedy)
    for name, array in arrays.items():
        if array.dtype != np.float64 or array.ndim != (name != "intercept") or not np.isfinite(array).all():
            raise InputError(
                f"{path}: {name} is {array.dtype} {array.shape}, expected finite float64"
                f" {'scalar' if name == 'intercept' else 'vector'}; {remedy}"
            )
    return Linear(arrays["coef"], float(arrays["intercept"]), config["C"], losses, accuracies), arrays
