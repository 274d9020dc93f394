"""Compare all models on test: the only stage that depends on it.

Reads:  data/test.parquet, artifacts/
Writes: predictions/test.parquet, metrics/test.json, metrics/paired.json, metrics/provenance.json,
        plots/{roc,calibration,confusion,slices}.csv, data/examples.json (reviews for the report, not in git)
Params: seeds, evaluate
"""

import csv
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from tqdm import tqdm

from pipeline.classify.classifier import Classifier
from pipeline.core.embeddings import Embeddings
from pipeline.core.files import atomic, write_json
from pipeline.core.models import BASELINES, LSTMS
from pipeline.evaluate import examples, provenance, slices
from pipeline.evaluate import metrics as evaluation
from pipeline.evaluate.predictions import Labels, Probabilities, answers, make_predictions, of_model, save_predictions
from pipeline.evaluate.prefixes import prefix_probabilities
from pipeline.evaluate.trained_models import TokenizedReviews, predict_all, unlisted_seeds
from pipeline.params import Params
from stages.stage import run

TEST, ARTIFACTS = Path("data/test.parquet"), Path("artifacts")
SHOWN, REFERENCE = "lstm_finetuned", "bag_of_vectors"  # the two whose reviews the report shows


def show(
    table: Any,
    reviews: TokenizedReviews,
    embeddings: Embeddings,
    labels: Labels,
    found: dict[str, Probabilities],
    seed: int,
) -> dict[str, Any]:
    """Choose reviews for the report and let the LSTM of one seed read them word by word."""
    groups = examples.choose(labels, found[SHOWN], found[REFERENCE])
    ids, texts, ratings = (table[name] for name in ("id", "text", "rating"))
    classifier = Classifier.load(ARTIFACTS / SHOWN / str(seed))
    shown = {}
    rows = sorted({row for group in groups for row in group["rows"]})
    for row in tqdm(rows, desc="read word by word", unit=" reviews", mininterval=2, disable=None):
        reading = prefix_probabilities(classifier, reviews.ids[row])
        text = examples.readable(texts[row].as_py())
        shown[ids[row].as_py()] = {
            **examples.describe(row, labels, ratings[row].as_py(), found),
            "before": round(reading.before, examples.DECIMALS),
            "pieces": examples.pieces(text, reviews.lines[row].split(" "), embeddings.index, reading),
        }
    kinds = [{"kind": g["kind"], "n": g["n"], "ids": [ids[row].as_py() for row in g["rows"]]} for g in groups]
    return {"model": SHOWN, "reference": REFERENCE, "seed": seed, "groups": kinds, "reviews": shown}


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write dictionaries of the same keys as CSV."""
    with atomic(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main(params: Params) -> None:
    """Predict, score, compare."""
    test = pq.read_table(TEST)
    labels = test["label"].to_numpy()
    embeddings = Embeddings.load(ARTIFACTS / "embeddings")
    reviews = TokenizedReviews.of(test["text"].to_pylist(), embeddings)
    if aside := unlisted_seeds(ARTIFACTS, params.seeds):
        print(f"left aside, not in seeds: {', '.join(aside)}", file=sys.stderr)
    models = (*BASELINES, *LSTMS)
    n_fits = len(BASELINES) + len(LSTMS) * len(params.seeds)
    fits = predict_all(ARTIFACTS, reviews, embeddings, params.seeds)
    predicted = dict(tqdm(fits, "predict test", n_fits, unit=" fits", mininterval=2, disable=None))
    table = make_predictions(test["id"].to_pylist(), labels, predicted)
    save_predictions(table, Path("predictions/test.parquet"))

    found = {model: of_model(table, model, params.seeds) for model in models}
    scores = {model: evaluation.metrics(labels, p) for model, p in found.items()}
    write_json(Path("metrics/test.json"), scores)
    options, right = params.evaluate.model_dump(), answers(table)
    comparisons = {
        model: {
            reference: evaluation.paired(right[model], right[reference], **options)
            for reference in models[: models.index(model)]
        }
        for model in models[1:]
    }
    write_json(Path("metrics/paired.json"), comparisons)
    for name, curve in (
        ("roc", evaluation.roc_points),
        ("calibration", evaluation.calibration),
        ("confusion", evaluation.confusion),
    ):
        rows = [{"model": model, **row} for model, p in found.items() for row in curve(labels, p)]
        write_rows(Path(f"plots/{name}.csv"), rows)
    groups = slices.groups_of(reviews.lengths, reviews.ids.lengths, test["rating"].to_pylist())
    write_rows(Path("plots/slices.csv"), slices.accuracies(groups, labels, found))
    write_json(Path("data/examples.json"), show(test, reviews, embeddings, labels, found, params.seeds[0]))
    digests = {"test_md5": provenance.md5(TEST), "corpus_sha256": embeddings.training.get("corpus_sha256")}
    write_json(Path("metrics/provenance.json"), {"versions": provenance.versions(), **digests})
    print(", ".join(f"{model} {score['accuracy']:.4f}" for model, score in scores.items()))


if __name__ == "__main__":
    run("evaluate", main)
