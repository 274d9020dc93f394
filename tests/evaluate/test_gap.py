"""The gap between validation and test."""

import numpy as np
import pytest

from pipeline.evaluate.gap import gap


def test_the_gap_by_brute_force(rng: np.random.Generator) -> None:
    labels = {"valid": rng.integers(0, 2, 50), "test": rng.integers(0, 2, 300)}
    p = {split: rng.uniform(0.01, 0.99, (2, len(y))) for split, y in labels.items()}
    right = {split: ((p[split] >= 0.5) == labels[split]).mean(0) for split in p}
    losses = {split: -np.log(np.where(labels[split] == 1, p[split], 1 - p[split])).mean(0) for split in p}
    figures = gap(p["valid"], labels["valid"], p["test"], labels["test"], 0.05)
    for name, values in (("accuracy", right), ("log_loss", losses)):
        difference = values["valid"].mean() - values["test"].mean()
        error = 1.959964 * np.sqrt(sum(one.var(ddof=1) / len(one) for one in values.values()))
        expected = {"valid": values["valid"].mean(), "test": values["test"].mean(), "gap": difference}
        assert figures[name] == pytest.approx(
            {**expected, "low": difference - error, "high": difference + error}, abs=1e-5
        )


def test_an_interval_excludes_no_gap_as_often_as_it_says(rng: np.random.Generator) -> None:
    missed = 0
    for _ in range(200):
        labels = rng.integers(0, 2, 1200)
        p = rng.uniform(0.2, 0.8, (1, 1200))
        one = gap(p[:, :200], labels[:200], p[:, 200:], labels[200:], 0.05)["log_loss"]
        missed += one["low"] > 0 or one["high"] < 0
    assert 2 <= missed <= 20
