"""Compare two revisions: their predictions on the same reviews, and the parameters and machines that differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pipeline.compare.results import RevisionResults, align
from pipeline.core.errors import InputError
from pipeline.ensemble.predictions import Answers, answers, models_of
from pipeline.evaluate.significance import Difference, Interval, difference, holm, verdict, wilson


@dataclass(frozen=True)
class Accuracy:
    """The accuracy of a model in one revision; of several seeds, the mean."""

    accuracy: float
    interval: Interval  # Wilson's
    accuracies: tuple[float, ...]  # one per seed
    seeds: tuple[int, ...]

    @classmethod
    def of(cls, model: Answers, level: float) -> "Accuracy":
        """Return the accuracy of a model's answers."""
        n, accuracy = model.right.shape[1], float(model.right.mean())
        return cls(accuracy, wilson(round(accuracy * n), n, level), tuple(model.accuracies.tolist()), model.seeds)

    @property
    def sd(self) -> float | None:
        """The standard deviation of the accuracies over the seeds; None for a single one."""
        return float(np.std(self.accuracies, ddof=1)) if len(self.accuracies) > 1 else None


@dataclass(frozen=True)
class ModelChange:
    """How one model differs between A and B."""

    a: Accuracy
    b: Accuracy
    change: Difference
    level: float
    p_holm: float | None = None  # if it is one of several tests

    @property
    def p(self) -> float:
        """The p value that decides the verdict."""
        return self.change.p if self.p_holm is None else self.p_holm

    @property
    def verdict(self) -> str:
        """`better` or `worse` if B differs by more than noise, else `within noise` or `same answers`."""
        return verdict(self.change.difference, self.p, self.level, same=self.change.same)


@dataclass(frozen=True)
class Comparison:
    """B against A."""

    a: RevisionResults
    b: RevisionResults
    n_reviews: int
    models: Mapping[str, ModelChange]
    left_out: Mapping[str, str]  # models of only one revision, with the name of that revision
    params: Mapping[str, tuple[Any, Any]]  # that differ
    machine: Mapping[str, tuple[Any, Any]]  # what differs between the machines, as far as both are known

    @property
    def notes(self) -> list[str]:
        """What a reader must know beside the figures."""
        if not self.machine:
            return []
        listed = ", ".join(f"{key.replace('_', ' ')} {a} -> {b}" for key, (a, b) in self.machine.items())
        return [f"another machine: {listed}; the same code and parameters can give slightly different results on it"]


ABSENT = "(absent)"


def compare(
    a: RevisionResults, b: RevisionResults, *, models: Sequence[str], level: float, n_resamples: int, seed: int
) -> Comparison:
    """Compare B with A: each model that both have, or those of `models`.

    Args:
        a: the baseline.
        b: what is compared with it.
        models: names; all models if empty.
        level: of the tests; the intervals cover 1 - level.
        n_resamples: of the paired bootstrap.
        seed: of the paired bootstrap.

    Raises:
        InputError: the two contain different reviews or have no model in common, or `models` names an unknown one.
    """
    of_a, of_b = models_of(a.table), models_of(b.table)
    for model in models:
        if model not in of_a and model not in of_b:
            names = ", ".join(dict.fromkeys([*of_a, *of_b]))
            raise InputError(f"there is no model {model!r} in {a.name} or {b.name}; the models are {names}")
    table = align(a, b)
    wanted = models or list(dict.fromkeys([*of_a, *of_b]))
    common = [model for model in wanted if model in of_a and model in of_b]
    if not common:
        raise InputError(
            f"{a.name} and {b.name} have no such model in common; {a.name} has {', '.join(of_a)}, {b.name} has"
            f" {', '.join(of_b)}"
        )
    before, after = answers(a.table), answers(table)
    return Comparison(
        a=a,
        b=b,
        n_reviews=len(table),
        models={
            model: ModelChange(
                Accuracy.of(before[model], level),
                Accuracy.of(after[model], level),
                difference(before[model], after[model], n_resamples=n_resamples, seed=seed, level=level),
                level,
            )
            for model in common
        },
        left_out={model: a.name if model in of_a else b.name for model in wanted if model not in common},
        params=_differing(a.params, b.params),
        machine={key: pair for key, pair in _differing(a.machine, b.machine).items() if ABSENT not in pair},
    )


def _differing(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    pairs = {key: (a.get(key, ABSENT), b.get(key, ABSENT)) for key in dict.fromkeys([*a, *b])}
    return {key: (one, other) for key, (one, other) in pairs.items() if one != other}


def correct_for_many(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Correct the p values of all comparisons together, after Holm; a model with the same answers is no test."""
    tests = [
        (i, model)
        for i, comparison in enumerate(comparisons)
        for model, change in comparison.models.items()
        if not change.change.same
    ]
    corrected = dict(zip(tests, holm([comparisons[i].models[model].change.p for i, model in tests]), strict=True))
    return [
        replace(
            comparison,
            models={
                model: replace(change, p_holm=corrected.get((i, model), 1.0))
                for model, change in comparison.models.items()
            },
        )
        for i, comparison in enumerate(comparisons)
    ]


def as_dict(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as JSON values; differences are shares of 1, not points."""

    def revision(one: RevisionResults) -> dict[str, Any]:
        return {"name": one.name, "commit": one.revision.commit, "notes": list(one.notes)}

    def accuracy(one: Accuracy) -> dict[str, Any]:
        figures = {"accuracy": one.accuracy, "low": one.interval[0], "high": one.interval[1]}
        return {**figures, **({"seeds": list(one.seeds), "accuracies": list(one.accuracies)} if one.seeds else {})}

    def model(one: ModelChange) -> dict[str, Any]:
        change, variance = one.change, one.change.variance
        value = {
            "a": accuracy(one.a),
            "b": accuracy(one.b),
            "difference": change.difference,
            "low": change.interval[0],
            "high": change.interval[1],
            "n_gained": change.n_gained,
            "n_lost": change.n_lost,
            "mcnemar_p": list(change.mcnemar) if len(change.mcnemar) > 1 else change.mcnemar[0],
            "p": change.p,
            "p_is_of": change.test,
            "verdict": one.verdict,
        }
        if one.p_holm is not None:
            value["p_holm"] = one.p_holm
        if variance:
            value["bootstrap"] = {"low": change.bootstrap_interval[0], "high": change.bootstrap_interval[1]}
            value["standard_error"] = {
                "reviews": variance.reviews**0.5,
                "seeds": variance.between_seeds**0.5,
                "paired_by_seed": variance.paired,
            }
        if change.seed_unknown:
            value["seed_unknown"] = True
        return value

    return {
        "a": revision(comparison.a),
        "b": revision(comparison.b),
        "n_reviews": comparison.n_reviews,
        "models": {name: model(one) for name, one in comparison.models.items()},
        "left_out": dict(comparison.left_out),
        "params": {key: list(values) for key, values in comparison.params.items()},
        "notes": comparison.notes,
    }
