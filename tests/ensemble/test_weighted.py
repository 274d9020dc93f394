"""The ensemble: what it computes, what its weights are good for, and its file."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.metrics import log_loss

from pipeline.core.errors import InputError
from pipeline.ensemble.weighted import WeightedLogits


@pytest.fixture
def probabilities(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Two models that err independently, one of them with two seeds; the labels are in `labels`."""
    labels = rng.integers(0, 2, 400)
    z = (2 * labels - 1)[None] + rng.normal(0, 1.5, (3, 400))
    return {"lstm": expit(z[:2]), "nbsvm": expit(z[2:]), "labels": labels.astype(np.int8)}


def test_it_adds_up_the_logits(probabilities: dict[str, np.ndarray]) -> None:
    weighted = WeightedLogits({"lstm": 0.5, "nbsvm": 2.0}, -0.1)
    lstm, nbsvm = logit(probabilities["lstm"]), logit(probabilities["nbsvm"])
    expected = expit(0.5 * (lstm[0] + lstm[1]) / 2 + 2.0 * nbsvm[0] - 0.1)
    np.testing.assert_allclose(weighted.probabilities(probabilities), expected)


def test_its_weights_are_those_of_the_least_log_loss(probabilities: dict[str, np.ndarray]) -> None:
    labels = probabilities["labels"]
    weighted = WeightedLogits.fit(["lstm", "nbsvm"], probabilities, labels)
    least = log_loss(labels, weighted.probabilities(probabilities))
    assert least < min(log_loss(labels, run) for run in (*probabilities["lstm"], *probabilities["nbsvm"]))
    for name in weighted.weights:
        for step in (-0.05, 0.05):
            other = WeightedLogits({**weighted.weights, name: weighted.weights[name] + step}, weighted.intercept)
            assert log_loss(labels, other.probabilities(probabilities)) > least


def test_it_is_read_back_and_a_broken_file_is_named(tmp_path: Path, probabilities: dict[str, np.ndarray]) -> None:
    weighted = WeightedLogits({"lstm": 0.5, "nbsvm": 2.0}, -0.1)
    weighted.save(tmp_path)
    assert WeightedLogits.load(tmp_path) == weighted
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "weights": {"lstm": "x"}}))
    with pytest.raises(InputError, match=r"config\.json has weights that are no numbers .*dvc checkout"):
        WeightedLogits.load(tmp_path)
