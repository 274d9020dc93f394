"""The results as Markdown tables."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, TypedDict

from tabulate import tabulate

from pipeline.core.models import BASELINES, LSTMS, STUDENT
from pipeline.report.findings import Scores

COLUMNS = ("model", "test accuracy", "95 % interval", "ROC AUC", "log loss", "ECE", "seconds to fit")
VECTORS = {
    "word2vec": "word2vec (`artifacts/embeddings`)",
    "lstm_finetuned": "word2vec, fine-tuned by the LSTM (`artifacts/tuned`)",
    "maas": "Maas et al. 2011 (`artifacts/maas`)",
}


class Measured(TypedDict):
    """What a file of metrics/seconds contains."""

    seconds: float
    peak_memory_mib: float
    hardware: str


Seconds: TypeAlias = Mapping[str, Measured]  # by the name of the file


def timed(seeds: Sequence[int]) -> list[str]:
    """Return the names of the files of metrics/seconds that a run with these seeds writes."""
    lstms = [f"classify-{model}-{seed}" for model in LSTMS for seed in seeds]
    students = [f"student-{seed}" for seed in seeds]
    return ["fetch", "tokenize", "embed", "baseline", *lstms, "maas", "polarity", "ensemble", *students, "evaluate"]


def seconds_of(model: str, seconds: Seconds) -> float | None:
    """Return the seconds of fitting: the mean over an LSTM's seeds; for a linear model, those of all three together."""
    if model in BASELINES:
        return seconds["baseline"]["seconds"] if "baseline" in seconds else None
    stage = "student-" if model == STUDENT else f"classify-{model}-"
    runs = [value["seconds"] for name, value in seconds.items() if name.startswith(stage)]
    return sum(runs) / len(runs) if runs else None


def accuracy(score: Mapping[str, float]) -> str:
    """Format an accuracy; for several seeds, mean ± standard deviation."""
    sd = f" ± {score['accuracy_sd']:.4f}" if "accuracy_sd" in score else ""
    return f"{score['accuracy']:.4f}{sd}"


def results_table(test: Scores, seconds: Seconds) -> str:
    """Return the results as a Markdown table with notes, one row per model, in the order of `test`."""
    rows = []
    for model, score in test.items():
        took = seconds_of(model, seconds)
        interval = f"{score['accuracy_low']:.4f} to {score['accuracy_high']:.4f}"
        scores = [f"{score['roc_auc']:.4f}", f"{score['log_loss']:.3f}", f"{score['ece']:.3f}"]
        rows.append([f"`{model}`", accuracy(score), interval, *scores, "" if took is None else f"{took:.0f}"])
    alignment = ("left", *["right"] * (len(COLUMNS) - 1))
    notes = []
    n_seeds = {model: score["n_seeds"] for model, score in test.items() if "n_seeds" in score}
    for n in dict.fromkeys(n_seeds.values()):
        models = ", ".join(model for model in n_seeds if n_seeds[model] == n)
        notes.append(f"{models}: mean ± standard deviation of {n} seeds.")
    linear = [model for model in test if model in BASELINES]
    if len(linear) > 1 and (together := seconds_of(linear[0], seconds)) is not None:
        notes.append(f"{together:.0f} s covers all the linear models.")
    if "embed" in seconds:
        notes.append(f"The word vectors took {seconds['embed']['seconds']:.0f} s more.")
    table = tabulate(rows, COLUMNS, tablefmt="pipe", colalign=alignment, disable_numparse=True)
    return "\n\n".join([table, " ".join(notes)] if notes else [table])


def polarity_table(figures: Mapping[str, Any]) -> str:
    """Return metrics/polarity.json as a Markdown table, one row per kind of vectors."""
    rows = [
        (f"{title}, {figures[name]['vector_size']}-d", f"{figures[name]['same_polarity']:.3f}",
         f"{figures[name]['bag_of_vectors']:.4f}")
        for name, title in VECTORS.items()
    ]  # fmt: skip
    headers = ("vectors", "neighbors of the same polarity", "bag of vectors, validation accuracy")
    alignment = ("left", "right", "right")
    table: str = tabulate(rows, headers, tablefmt="pipe", colalign=alignment, disable_numparse=True)
    return table


def measured_on(seconds: Seconds) -> str:
    """Name the hardware that the seconds were measured on, and the time of all stages."""
    hardware = " and ".join(dict.fromkeys(value["hardware"] for value in seconds.values()))
    total = sum(value["seconds"] for value in seconds.values())
    return f"{hardware or 'unknown hardware'}; {total / 60:.0f} min for all stages"
