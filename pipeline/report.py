"""The report: the results as a table, and as a page that opens offline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline import figures
from pipeline.figures import Rows

Scores = Mapping[str, Mapping[str, float]]
MAIN = "lstm_finetuned"


def seconds_of(model: str, seconds: Scores) -> float | None:
    """Return what fitting took, in seconds: an LSTM's mean over its seeds; the linear models are fitted together."""
    found = [value["seconds"] for name, value in seconds.items() if name.startswith(f"classify-{model}-")]
    if not found and "baseline" in seconds and not model.startswith("lstm"):
        found = [seconds["baseline"]["seconds"]]
    return sum(found) / len(found) if found else None


def accuracy(score: Mapping[str, float]) -> str:
    """Return an accuracy as the tables show it; of several seeds mean ± standard deviation."""
    sd = f" ± {score['accuracy_sd']:.4f}" if "accuracy_sd" in score else ""
    return f"{score['accuracy']:.4f}{sd}"


def results_table(test: Scores, seconds: Scores) -> str:
    """Return the results as a Markdown table, a model a row, in the order of `test`."""
    lines = [
        "| model | test accuracy | 95 % interval | ROC AUC | log loss | ECE | seconds to fit |",
        "|---|---|---|---|---|---|---|",
    ]
    for model, score in test.items():
        took = seconds_of(model, seconds)
        lines.append(
            f"| `{model}` | {accuracy(score)} | {score['accuracy_low']:.4f} to {score['accuracy_high']:.4f}"
            f" | {score['roc_auc']:.4f} | {score['log_loss']:.3f} | {score['ece']:.3f}"
            f" | {'' if took is None else f'{took:.0f}'} |"
        )
    n_seeds = {model: score["n_seeds"] for model, score in test.items() if "n_seeds" in score}
    for n in dict.fromkeys(n_seeds.values()):
        named = ", ".join(model for model in n_seeds if n_seeds[model] == n)
        lines += ["", f"{named}: mean ± standard deviation of {n} seeds."]
    return "\n".join(lines)


def where(seconds: Scores) -> str:
    """Name the hardware that the seconds were taken on and how long all stages took."""
    hardware = " and ".join(dict.fromkeys(str(value["hardware"]) for value in seconds.values()))
    total = sum(value["seconds"] for value in seconds.values())
    return f"{hardware or 'unknown hardware'}; all stages together {total / 60:.0f} min"


@dataclass(frozen=True)
class Results:
    """What the page shows: the content of the files that `report` depends on, by their names."""

    corpus: Mapping[str, Mapping[str, int]]
    embeddings: Mapping[str, Any]
    test: Scores
    paired: Mapping[str, Scores]
    seconds: Scores
    roc: Rows
    calibration: Rows
    confusion: Rows
    history: Mapping[str, Rows]
    examples: Sequence[Mapping[str, Any]]
    polarity: Mapping[str, Any]  # scores of the kinds of vectors
    words: Mapping[str, Any]  # their neighbours and maps


def finding(paired: Mapping[str, Scores]) -> list[str]:
    """Say in a sentence a reference how the fine-tuned LSTM compares, as the interval allows."""
    sentences = []
    for reference, one in paired[MAIN].items():
        verdict = "ahead of" if one["low"] > 0 else "behind" if one["high"] < 0 else "not to be told from"
        low, high = 100 * one["low"], 100 * one["high"]
        sentences.append(f"{verdict} {reference} by {100 * one['difference']:+.2f} points ({low:+.2f} to {high:+.2f})")
    return sentences


def page(results: Results) -> str:
    """Render the page: one HTML file without scripts, fonts or pictures from elsewhere. Texts are escaped."""
    environment = Environment(
        loader=PackageLoader("pipeline"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    confusion = {
        model: {
            (row["actual"], row["predicted"]): float(row["n"]) for row in results.confusion if row["model"] == model
        }
        for model in results.test
    }
    return environment.get_template("report.html.j2").render(
        results=results,
        main=MAIN,
        accuracy=accuracy,
        finding=finding(results.paired),
        where=where(results.seconds),
        seconds={model: seconds_of(model, results.seconds) for model in results.test},
        confusion=confusion,
        colors={model: style[0] for model, style in figures.STYLES.items()},
        figures={
            "differences": figures.differences(results.paired, MAIN),
            "roc": figures.roc(results.roc),
            "calibration": figures.calibration(results.calibration),
            "valid": figures.history(results.history, "valid_accuracy", "validation accuracy"),
            "loss": figures.history(results.history, "train_loss", "training loss (nats)"),
            "maps": {kind: figures.word_map(words) for kind, words in results.words["map"].items()},
        },
    )
