"""The ensemble: a weighted sum of the logits of several models, with the weights of a logistic regression."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from pipeline.core.embeddings import read_config
from pipeline.core.errors import refusing
from pipeline.core.files import write_json
from pipeline.ensemble.predictions import Labels, Probabilities, clipped

FORMAT = 1


@dataclass(frozen=True)
class WeightedLogits:
    """p = sigmoid(intercept + sum of weight * logit over the models); the logit of a model is the mean over its seeds.

    Attributes:
        weights: of each model, by its name.
        intercept: the logit of a review about which no model says anything.
    """

    weights: Mapping[str, float]
    intercept: float

    @classmethod
    def fit(cls, models: Sequence[str], probabilities: Mapping[str, Probabilities], labels: Labels) -> "WeightedLogits":
        """Fit the weights on reviews that no model was fitted to.

        Args:
            models: the members.
            probabilities: by model, [n_runs, n_reviews].
            labels: int8 [n_reviews].
        """
        features = np.stack([mean_logits(probabilities[model]) for model in models], axis=1)
        regression = LogisticRegression(C=np.inf, max_iter=1000).fit(features, labels)
        weights = dict(zip(models, (float(w) for w in regression.coef_[0]), strict=True))
        return cls(weights, float(regression.intercept_[0]))

    def probabilities(self, probabilities: Mapping[str, Probabilities]) -> NDArray[np.float64]:
        """Return the probability of each review being positive, [n_reviews], from those of the members."""
        z = [weight * mean_logits(probabilities[model]) for model, weight in self.weights.items()]
        p: NDArray[np.float64] = expit(self.intercept + np.sum(z, axis=0))
        return p

    def save(self, folder: Path) -> None:
        """Write config.json."""
        folder.mkdir(parents=True, exist_ok=True)
        facts = {"model": "ensemble", "weights": dict(self.weights), "intercept": self.intercept}
        write_json(folder / "config.json", {"format": FORMAT, **facts})

    @classmethod
    def load(cls, folder: Path) -> "WeightedLogits":
        """Read the weights back.

        Raises:
            InputError: config.json is missing or broken.
        """
        config = read_config(folder, FORMAT, {"weights": dict, "intercept": float})
        remedy = f"`dvc checkout --force {folder}` restores it"
        with refusing(folder / "config.json", "has weights that are no numbers", remedy):
            weights = {str(model): float(weight) for model, weight in config["weights"].items()}
        return cls(weights, config["intercept"])


def mean_logits(probabilities: Probabilities) -> NDArray[np.float64]:
    """Return the mean over the runs of the logits of probabilities [n_runs, n_reviews]; [n_reviews].

    They are clipped as in the tables of predictions: a single run that is sure should not outvote the others.
    """
    z: NDArray[np.float64] = logit(clipped(probabilities)).mean(0)
    return z
