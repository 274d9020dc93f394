"""The results as a Markdown table, and Markdown files with a part that a command fills in."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tabulate import tabulate

from pipeline.core.errors import InputError
from pipeline.core.files import atomic
from pipeline.core.models import BASELINES, LSTMS, STUDENT
from pipeline.report.findings import Scores

COLUMNS = ("model", "test accuracy", "95 % interval", "ROC AUC", "log loss", "ECE", "seconds to fit")


def timed(seeds: Sequence[int]) -> list[str]:
    """Return the names of the files of metrics/seconds that a run with these seeds writes."""
    lstms = [f"classify-{model}-{seed}" for model in LSTMS for seed in seeds]
    students = [f"student-{seed}" for seed in seeds]
    return ["fetch", "tokenize", "embed", "baseline", *lstms, "maas", "polarity", "ensemble", *students, "evaluate"]


def seconds_of(model: str, seconds: Scores) -> float | None:
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


def results_table(test: Scores, seconds: Scores) -> str:
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
    table = tabulate(rows, COLUMNS, tablefmt="pipe", colalign=alignment, disable_numparse=True)
    return "\n\n".join([table, *notes])


def measured_on(seconds: Scores) -> str:
    """Name the hardware that the seconds were measured on, and the time of all stages."""
    hardware = " and ".join(dict.fromkeys(str(value["hardware"]) for value in seconds.values()))
    total = sum(value["seconds"] for value in seconds.values())
    return f"{hardware or 'unknown hardware'}; {total / 60:.0f} min for all stages"


def between_markers(document: str, name: str, text: str) -> str:
    """Return a Markdown document with `text` between <!-- name --> and <!-- end of name -->.

    Raises:
        InputError: the document lacks the markers.
    """
    head, start, rest = document.partition(f"<!-- {name} -->\n")
    _, end, tail = rest.partition(f"<!-- end of {name} -->")
    if not end:
        raise InputError(f"the document lacks the lines <!-- {name} --> and <!-- end of {name} -->; add them")
    return f"{head}{start}{text}\n{end}{tail}"


def write_between_markers(path: Path, name: str, text: str) -> None:
    """Write `text` between the markers of a Markdown file.

    Raises:
        InputError: the file is missing or lacks the markers.
    """
    try:
        document = path.read_text("utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    changed = between_markers(document, name, text)
    with atomic(path) as temporary:
        temporary.write_text(changed, "utf-8")
