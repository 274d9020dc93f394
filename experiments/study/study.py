"""What the parameters of the vectors are worth, one at a time, and what vectors are worth when labels are few.

Figures are of validation, which also chooses the epoch and C: with 100 labels they flatter every model a little.

Reads:  data/tokens, data/corpus.txt, artifacts/embeddings
Writes: experiments/study/results.json, the tables in experiments/study/README.md
"""

import math
import statistics
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from experiments.elsewhere import ROOT, folder, missing, run_stage
from experiments.runs import Figures, Items, Study, machines, main, mean_and_deviation, sections
from experiments.study.labels import write_with_fewer_labels
from pipeline.classify.params import Classify
from pipeline.core.files import read_json
from pipeline.core.models import LSTMS
from pipeline.params import Params
from stages.runner import read_params

INPUTS = ("data/tokens", "data/corpus.txt", "artifacts/embeddings")
VALUES: dict[str, list[int]] = {  # of embed, beside the default
    "vector_size": [100, 300],
    "window": [2, 5],
    "negative": [2, 10],
    "epochs": [2],
}
N_LABELS = (100, 300, 1000, 3000, 10000)
LEAST_STEPS = 200  # a training on few labels has more epochs
LINEAR = ("bag_of_vectors", "nbsvm")
TOGETHER: tuple[tuple[str, ...], ...] = (*((model,) for model in LSTMS), LINEAR)  # what a run of the second half fits


def lstm_figures(where: Path, model: str, seed: int) -> Figures:
    """Train an LSTM in a folder; return its figures on validation."""
    run_stage(where, "classify", model, str(seed))
    valid = read_json(where / f"metrics/valid/{model}-{seed}.json")
    return {model: valid["accuracy"], f"{model}_log_loss": valid["log_loss"]}


def linear_figures(where: Path) -> Figures:
    """Fit the linear models in a folder; return their accuracies on validation."""
    run_stage(where, "baseline")
    return {name: read_json(where / f"metrics/valid/{name}.json")["accuracy"] for name in LINEAR}


def of_parameter(name: str, value: int, seed: int) -> Figures:
    """Train vectors with another value of a parameter, and on them the bag of vectors and the frozen LSTM."""
    changes = {f"embed.{name}": value, "embed.seed": seed, "classify.num_threads": 1}
    with folder(changes, ("data/tokens", "data/corpus.txt")) as where:
        run_stage(where, "embed")
        embed_seconds = read_json(where / "metrics/seconds/embed.json")["seconds"]
        return {"embed_seconds": embed_seconds, **linear_figures(where), **lstm_figures(where, "lstm_frozen", seed)}


def of_labels(n_labels: int | None, models: tuple[str, ...], section: Classify, seed: int) -> Figures:
    """Fit models to some of the labels, all if None, on the default's vectors; the seed draws the reviews too."""
    changes: dict[str, Any] = {"classify.num_threads": 1}
    if n_labels:
        epochs = max(section.epochs, math.ceil(LEAST_STEPS / math.ceil(n_labels / section.batch_size)))
        changes |= {"classify.epochs": epochs, "classify.patience": epochs}
    with folder(changes, ("artifacts/embeddings",) if n_labels else INPUTS) as where:
        if n_labels:
            write_with_fewer_labels(ROOT, where, n_labels, seed)
        if models == LINEAR:
            return linear_figures(where)
        return {key: value for model in models for key, value in lstm_figures(where, model, seed).items()}


def name_of(n_labels: int | None, models: tuple[str, ...]) -> str:
    """Name a run of the second half."""
    return f"{n_labels or 'all'} labels, {'linear' if models == LINEAR else models[0]}"


def table(items: Items, section: Mapping[str, Any], embed_seconds: float) -> str:
    """Return both tables as Markdown; `section` has the default's parameters of embed, which took `embed_seconds`."""

    def cell(name: str, key: str) -> str:
        runs = [run for run in items.get(name, {}).values() if key in run]
        return mean_and_deviation(run[key] for run in runs) if runs else ""

    lines = [
        "| parameter | value | bag of vectors | frozen LSTM | its log loss | seconds to train the vectors |",
        "|---|---|---|---|---|---|",
    ]
    default = "the default: " + ", ".join(f"{name} {section[name]}" for name in VALUES)
    rows = [("", default, "all labels, linear", "all labels, lstm_frozen")]
    rows += [(key, str(value), *[f"{key} {value}"] * 2) for key, values in VALUES.items() for value in values]
    for key, value, linear, frozen in rows:
        runs = items.get(frozen, {}).values()
        seconds = [run["embed_seconds"] for run in runs if "embed_seconds" in run] if key else [embed_seconds]
        lines.append(
            f"| {key and f'`{key}`'} | {value} | {cell(linear, 'bag_of_vectors')} | {cell(frozen, 'lstm_frozen')}"
            f" | {cell(frozen, 'lstm_frozen_log_loss')} | {f'{statistics.mean(seconds):.0f}' if seconds else ''} |"
        )
    lines += ["", f"| labels | draws | {' | '.join(f'`{name}`' for name in (*LINEAR, *LSTMS))} |", "|---" * 7 + "|"]
    for n_labels in (*N_LABELS, None):
        cells = [cell(name_of(n_labels, LINEAR), name) for name in LINEAR]
        cells += [cell(name_of(n_labels, (model,)), model) for model in LSTMS]
        draws = max(len(items.get(name_of(n_labels, those), {})) for those in TOGETHER)
        lines.append(f"| {f'{n_labels:,}' if n_labels else 'all'} | {draws} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", f"{machines(items)}; a run has one core."])


def study(params: Params) -> Study:
    """Return the runs, and what they should cost by the seconds of the committed run."""
    measure: dict[str, Callable[[int], Figures]] = {}
    cost: dict[str, float] = {}
    n_train = read_json(Path("metrics/corpus.json"))["train"]
    n_all = n_train["reviews"] - n_train["valid"]
    seconds = {path.stem: read_json(path)["seconds"] for path in Path("metrics/seconds").glob("*.json")}
    one = {model: 1.7 * seconds[f"classify-{model}-1"] for model in LSTMS}  # on one thread in place of two
    for n_labels in (None, *reversed(N_LABELS)):
        for models in TOGETHER:
            name = name_of(n_labels, models)
            measure[name] = partial(of_labels, n_labels, models, params.classify)
            share = (n_labels or n_all) / n_all
            cost[name] = seconds["baseline"] if models == LINEAR else max(150, share * one[models[0]])
    for key, values in VALUES.items():
        for value in values:
            measure[f"{key} {value}"] = partial(of_parameter, key, value)
            default = getattr(params.embed, key)
            ratio = (value + 1) / (default + 1) if key == "negative" else value / default
            cost[f"{key} {value}"] = ratio * seconds["embed"] + seconds["baseline"] + one["lstm_frozen"]
    return Study(
        results=Path("experiments/study/results.json"),
        document=(Path("experiments/study/README.md"), "study"),
        key=sections(params, "fetch", "tokenize", "embed", "baseline", "classify"),
        measure=measure,
        core_seconds=cost,
        table=lambda items: table(items, params.embed.model_dump(), seconds["embed"]),
    )


if __name__ == "__main__":
    if lacking := missing(*INPUTS):
        sys.exit(f"error: {lacking}")
    main(study(read_params()), "experiments.study.study", str(__doc__).splitlines()[0], seeds=(1,))
