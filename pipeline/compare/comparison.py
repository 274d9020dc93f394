"""Two revisions of the project compared: their predictions on the same reviews, and the parameters that differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pipeline.compare.results import RevisionResults, align
from pipeline.core.errors import InputError
from pipeline.evaluate.predictions import Answers, answers, models_of
from pipeline.evaluate.significance import Difference, Interval, difference, holm, wilson


@dataclass(frozen=True)
class Score:
    """The accuracy of a model in one revision; of several seeds, the mean."""

    accuracy: float
    interval: Interval  # Wilson's
    accuracies: tuple[float, ...]  # of each fit
    seeds: tuple[int, ...]

    @classmethod
    def of(cls, found: Answers, level: float) -> "Score":
        """Score what the fits of a model got right."""
        n, accuracy = found.right.shape[1], float(found.right.mean())
        return cls(accuracy, wilson(round(accuracy * n), n, level), tuple(found.accuracies.tolist()), found.seeds)

    @property
    def sd(self) -> float | None:
        """The standard deviation of the accuracies over the seeds; None for a single fit."""
        return float(np.std(self.accuracies, ddof=1)) if len(self.accuracies) > 1 else None


@dataclass(frozen=True)
class ModelChange:
    """How one model differs between A and B."""

    a: Score
    b: Score
    change: Difference
    level: float
    p_holm: float | None = None  # where it is one of several tests

    @property
    def p(self) -> float:
        """The p value that the verdict rests on."""
        return self.change.p if self.p_holm is None else self.p_holm

    @property
    def verdict(self) -> str:
        """`better` and `worse` say that B differs by more than noise; else `within noise`, or the `same answers`."""
        if self.change.same:
            return "same answers"
        if self.p >= self.level:
            return "within noise"
        return "better" if self.change.difference > 0 else "worse"


@dataclass(frozen=True)
class Comparison:
    """B against A."""

    a: RevisionResults
    b: RevisionResults
    n_reviews: int
    models: Mapping[str, ModelChange]
    left_out: Mapping[str, str]  # models that one of the two lacks: where they are
    params: Mapping[str, tuple[Any, Any]]  # that differ


ABSENT = "(absent)"


def compare(
    a: RevisionResults, b: RevisionResults, *, models: Sequence[str], level: float, n_resamples: int, seed: int
) -> Comparison:
    """Compare B with A, each model that both have, or those of `models`.

    Args:
        a: the baseline.
        b: what is held against it.
        models: names; all if there are none.
        level: of the tests; the intervals are of 1 - level.
        n_resamples: of the paired bootstrap.
        seed: of the paired bootstrap.

    Raises:
        InputError: the two are not of the same reviews, or have no model in common; `models` names an unknown one.
    """
    of_a, of_b = models_of(a.table), models_of(b.table)
    for model in models:
        if model not in of_a and model not in of_b:
            names = ", ".join(dict.fromkeys([*of_a, *of_b]))
            raise InputError(f"there is no model {model!r} in {a.name} or {b.name}; there are {names}")
    table = align(a, b)
    wanted = models or list(dict.fromkeys([*of_a, *of_b]))
    common = [model for model in wanted if model in of_a and model in of_b]
    if not common:
        raise InputError(
            f"{a.name} and {b.name} have none of the models in common: {', '.join(of_a)} and {', '.join(of_b)}"
        )
    before, after = answers(a.table), answers(table)
    return Comparison(
        a=a,
        b=b,
        n_reviews=len(table),
        models={
            model: ModelChange(
                Score.of(before[model], level),
                Score.of(after[model], level),
                difference(before[model], after[model], n_resamples=n_resamples, seed=seed, level=level),
                level,
            )
            for model in common
        },
        left_out={model: a.name if model in of_a else b.name for model in wanted if model not in common},
        params={
            key: (a.params.get(key, ABSENT), b.params.get(key, ABSENT))
            for key in dict.fromkeys([*a.params, *b.params])
            if a.params.get(key, ABSENT) != b.params.get(key, ABSENT)
        },
    )


def correct_for_many(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Correct the p values of all comparisons together, after Holm.

    Where all answers are the same nothing was tested, and such pairs do not count.
    """
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
    """Return a comparison as what JSON can hold; shares of one, not points."""

    def side(one: RevisionResults) -> dict[str, Any]:
        return {"name": one.name, "commit": one.revision.commit, "notes": list(one.notes)}

    def score(one: Score) -> dict[str, Any]:
        found = {"accuracy": one.accuracy, "low": one.interval[0], "high": one.interval[1]}
        return {**found, **({"seeds": list(one.seeds), "accuracies": list(one.accuracies)} if one.seeds else {})}

    def model(one: ModelChange) -> dict[str, Any]:
        change, both = one.change, one.change.both
        found = {
            "a": score(one.a),
            "b": score(one.b),
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
            found["p_holm"] = one.p_holm
        if both:
            found["bootstrap"] = {"low": change.fits_interval[0], "high": change.fits_interval[1]}
            found["standard_error"] = {
                "reviews": both.reviews**0.5,
                "seeds": sum(part.between for part in both.seeds) ** 0.5,
                "paired_by_seed": both.paired,
            }
        if change.seed_unknown:
            found["seed_unknown"] = True
        return found

    return {
        "a": side(comparison.a),
        "b": side(comparison.b),
        "n_reviews": comparison.n_reviews,
        "models": {name: model(one) for name, one in comparison.models.items()},
        "left_out": dict(comparison.left_out),
        "params": {key: list(values) for key, values in comparison.params.items()},
    }
