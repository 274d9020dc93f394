"""The report: one HTML page that opens offline."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pipeline.report import figures, findings
from pipeline.report.charts import STYLES, Rows, Spec
from pipeline.report.findings import Scores
from pipeline.report.tables import Seconds, measured_on, seconds_of
from pipeline.report.template import render
from pipeline.report.word_map import word_map

DESCRIPTIONS = {
    "bag_of_vectors": "mean of the vectors, logistic regression",
    "tfidf": "tf-idf n-grams, logistic regression",
    "nbsvm": "n-grams weighted by naive Bayes, logistic regression",
    "lstm_random": "LSTM, random initial vectors",
    "lstm_frozen": "LSTM, frozen vectors",
    "lstm_finetuned": "LSTM, fine-tuned vectors",
    "lstm_student": "LSTM, fine-tuned vectors, also taught by the ensemble",
    "ensemble": "weighted sum of the logits of several models",
}
SLICES = {"length": "tokens per review", "rating": "stars", "oov": "share of tokens without a vector"}
STEPS = (0.02, 0.06, 0.15, 0.3)  # changes of the probability from which a word is shaded, ever darker
SPARK = (132, 30)  # width and height of the small line of a review


@dataclass(frozen=True)
class Results:
    """What the page shows: the content of the files that `report` depends on, by their names."""

    corpus: Mapping[str, Mapping[str, int]]
    embeddings: Mapping[str, Any]
    test: Scores
    paired: Mapping[str, Scores]
    gap: Mapping[str, Scores]  # of validation and test, by model
    seconds: Seconds
    roc: Rows
    calibration: Rows
    confusion: Rows
    slices: Rows
    history: Mapping[str, Rows]
    examples: Mapping[str, Any]
    polarity: Mapping[str, Any]  # scores of the kinds of vectors
    words: Mapping[str, Any]  # their neighbors and maps
    provenance: Mapping[str, Any]
    params: Mapping[str, Any]


def shade(change: float) -> str:
    """Return the CSS class of a word that changed the probability: u1 to u4 up, d1 to d4 down, or none."""
    depth = sum(abs(change) >= step for step in STEPS)
    return f"{'u' if change > 0 else 'd'}{depth}" if depth else ""


def annotate(review: Mapping[str, Any]) -> dict[str, Any]:
    """Prepare a review of data/examples.json for the page.

    Returns: `words`, each piece of the text with its class, None where it is no word of the network; `percents` after
        each word; the `line` of its prefix probabilities, and the `first`, `last`, `lowest` and `highest` of them; the
        `strongest` words; `n_words` of the network; and the `start` of the text.
    """
    curve = [review["before"], *(p for _, p in review["pieces"] if p is not None)]
    changes = iter([later - earlier for earlier, later in pairwise(curve)])
    return {
        "words": [(text, None if p is None else shade(next(changes))) for text, p in review["pieces"]],
        "n_words": len(curve) - 1,
        "start": "".join(text for text, _ in review["pieces"])[:140],
        "percents": " ".join(f"{100 * p:.0f}" for p in curve[1:]),
        "line": figures.sparkline(curve, *SPARK),
        "first": curve[0],
        "last": curve[-1],
        "lowest": min(curve),
        "highest": max(curve),
        "strongest": findings.strongest_words(review["pieces"], review["before"]),
    }


def charts(results: Results) -> dict[str, Spec]:
    """Return the charts of the page by the id of their place."""
    kinds = dict.fromkeys(row["slice"] for row in results.slices)
    return {
        "differences": figures.differences(findings.leads(results.test, results.paired)),
        "valid": figures.history(results.history, "valid_accuracy", "validation accuracy", ".4f"),
        "loss": figures.history(results.history, "train_loss", "training loss", ".3f"),
        "roc": figures.roc(results.roc),
        "calibration": figures.calibration(results.calibration),
        **{f"slice-{kind}": figures.slices(results.slices, kind, SLICES[kind]) for kind in kinds},
        **{f"map-{kind}": word_map(words, kind) for kind, words in results.words["map"].items()},
    }


def page(results: Results) -> str:
    """Render the page: one HTML file with its scripts and styles, which loads nothing. Texts are escaped."""
    confusion = {
        model: {
            (row["actual"], row["predicted"]): float(row["n"]) for row in results.confusion if row["model"] == model
        }
        for model in results.test
    }
    annotated = {name: annotate(review) for name, review in results.examples["reviews"].items()}
    groups = [
        {**group, "ids": sorted(group["ids"], key=lambda name: annotated[name]["n_words"])}  # short ones first
        for group in results.examples["groups"]
    ]
    best, *others = findings.ranking(results.test)
    return render(
        "report.html.j2",
        results=results,
        descriptions=DESCRIPTIONS,
        best=best,
        runner_up=others[0] if others else None,
        leads=findings.leads(results.test, results.paired),
        tied=findings.tied(results.test, results.paired),
        stopped_early=findings.stopped_early(results.history),
        few_known=results.embeddings["token_coverage"] < findings.FEW_KNOWN,
        far_ahead=findings.far_ahead(results.test, results.paired),
        pairs=[
            (findings.paired_difference(results.paired, model, reference), one)
            for model, references in results.paired.items()
            for reference, one in references.items()
        ],
        measured_on=measured_on(results.seconds),
        seconds={model: seconds_of(model, results.seconds) for model in results.test},
        confusion=confusion,
        colors={model: style[0] for model, style in STYLES.items()},
        slices=SLICES,
        steps=STEPS,
        spark=SPARK,
        annotated=annotated,
        groups=groups,
        charts=charts(results),
    )
