"""The report: the results as a table, and as a page that opens offline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.core.models import LSTMS
from pipeline.report import figures, findings
from pipeline.report import vega as scripts
from pipeline.report.charts import CONFIG, STYLES, Rows, Spec
from pipeline.report.findings import Scores

MAIN = "lstm_finetuned"
WHAT = {
    "bag_of_vectors": "mean of the vectors, logistic regression",
    "tfidf": "tf-idf bigrams, logistic regression",
    "nbsvm": "naive Bayes bigrams, logistic regression",
    "lstm_random": "LSTM, vectors start at random",
    "lstm_frozen": "LSTM, vectors kept as they are",
    "lstm_finetuned": "LSTM, vectors trained on",
}
SLICES = {"length": "tokens in the review", "rating": "stars", "oov": "share of tokens without a vector"}
STEPS = (0.02, 0.06, 0.15, 0.3)  # moves of the probability from which a word is shaded, ever deeper
SPARK = (132, 30)


def timed(seeds: Sequence[int]) -> list[str]:
    """Return the names of the files of metrics/seconds that a run of these seeds writes."""
    lstms = [f"classify-{model}-{seed}" for model in LSTMS for seed in seeds]
    return ["fetch", "tokenize", "embed", "baseline", *lstms, "maas", "polarity", "evaluate"]


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
    slices: Rows
    history: Mapping[str, Rows]
    examples: Mapping[str, Any]
    polarity: Mapping[str, Any]  # scores of the kinds of vectors
    words: Mapping[str, Any]  # their neighbours and maps
    provenance: Mapping[str, Any]
    params: Mapping[str, Any]


def shade(move: float) -> str:
    """Return the class of a word that moved the probability: u1 to u4 up, d1 to d4 down, or none."""
    depth = sum(abs(move) >= step for step in STEPS)
    return f"{'u' if move > 0 else 'd'}{depth}" if depth else ""


def reading(review: Mapping[str, Any]) -> dict[str, Any]:
    """Prepare a review of data/examples.json for the page.

    Returns: `words`, each piece of the text with its class, None where nothing was read; `percents` after each word
        read; the `line` of its probabilities, the `first`, `last`, `lowest` and `highest` of them; the `turns`, its
        strongest words; `n_words` that were read; and the `start` of the text.
    """
    curve = [review["before"], *(p for _, p in review["pieces"] if p is not None)]
    moves = iter([later - earlier for earlier, later in pairwise(curve)])
    return {
        "words": [(text, None if p is None else shade(next(moves))) for text, p in review["pieces"]],
        "n_words": len(curve) - 1,
        "start": "".join(text for text, _ in review["pieces"])[:140],
        "percents": " ".join(f"{100 * p:.0f}" for p in curve[1:]),
        "line": figures.sparkline(curve, *SPARK),
        "first": curve[0],
        "last": curve[-1],
        "lowest": min(curve),
        "highest": max(curve),
        "turns": findings.turning_words(review["pieces"], review["before"]),
    }


def charts(results: Results) -> dict[str, Spec]:
    """Return the charts of the page by the id of their place."""
    kinds = dict.fromkeys(row["slice"] for row in results.slices)
    best = findings.ranking(results.test)[0]
    paired = {
        one.reference: {key: getattr(one, key) / 100 for key in ("difference", "low", "high")}
        for one in findings.verdicts(results.test, results.paired)
    }
    return {
        "differences": figures.differences(paired, best),
        "valid": figures.history(results.history, "valid_accuracy", "validation accuracy", ".4f"),
        "loss": figures.history(results.history, "train_loss", "training loss", ".3f"),
        "roc": figures.roc(results.roc),
        "calibration": figures.calibration(results.calibration),
        **{f"slice-{kind}": figures.slices(results.slices, kind, SLICES[kind]) for kind in kinds},
        **{f"map-{kind}": figures.word_map(words, kind) for kind, words in results.words["map"].items()},
    }


def page(results: Results) -> str:
    """Render the page: one HTML file with its scripts and styles in it, nothing from elsewhere. Texts are escaped."""
    environment = Environment(
        loader=PackageLoader("pipeline"),
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
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
    readings = {name: reading(review) for name, review in results.examples["reviews"].items()}
    groups = [
        {**group, "ids": sorted(group["ids"], key=lambda name: readings[name]["n_words"])}  # short ones are soon read
        for group in results.examples["groups"]
    ]
    return environment.get_template("report.html.j2").render(
        results=results,
        main=MAIN,
        what=WHAT,
        best=findings.ranking(results.test)[0],
        runner_up=findings.ranking(results.test)[1],
        verdicts=findings.verdicts(results.test, results.paired),
        tied=findings.tied(results.test, results.paired),
        where=where(results.seconds),
        seconds={model: seconds_of(model, results.seconds) for model in results.test},
        confusion=confusion,
        colors={model: style[0] for model, style in STYLES.items()},
        slices=SLICES,
        steps=STEPS,
        spark=SPARK,
        readings=readings,
        groups=groups,
        charts=charts(results),
        config=CONFIG,
        drawn_by=scripts.versions(),
        vendored=scripts.vendored(),
    )
