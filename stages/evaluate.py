"""Compare all models on test: the only stage that reads it.

Reads:  data/test.parquet, artifacts/
Writes: predictions/test.parquet, metrics/test.json, metrics/paired.json, plots/{roc,calibration,confusion}.csv,
        data/examples.json (reviews for the report, not in git)
Params: seeds, evaluate
"""

import csv
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline import evaluation
from pipeline.bag_of_vectors import BagOfVectors
from pipeline.classifier import Classifier
from pipeline.embeddings import Embeddings
from pipeline.files import atomic, write_json
from pipeline.ngrams import NGrams
from pipeline.params import BASELINES, LSTMS, Params
from pipeline.predictions import make_predictions, of_model, save_predictions
from pipeline.tokenizer import Tokenizer, tokenize
from pipeline.tokens import encode
from stages.stage import run

ARTIFACTS = Path("artifacts")


def predict(texts: list[str], seeds: list[int]) -> dict[str, NDArray[Any]]:
    """Return the probabilities of every fit, by column of the predictions."""
    embeddings = Embeddings.load(ARTIFACTS / "embeddings")
    chunks = list(tokenize(texts, Tokenizer.from_config(embeddings.tokenizer)))
    reviews = encode(chunks, embeddings.index)
    lines = "".join(chunk.text for chunk in chunks).split("\n")[:-1]
    bag = BagOfVectors.load(ARTIFACTS / "bag_of_vectors", embeddings.vectors)
    columns: dict[str, NDArray[Any]] = {"bag_of_vectors": bag.probabilities(reviews)}
    for name in ("tfidf", "nbsvm"):
        columns[name] = NGrams.load(ARTIFACTS / name, name).probabilities(lines)
    for model in LSTMS:
        strays = sorted({path.name for path in (ARTIFACTS / model).glob("*")} - set(map(str, seeds)))
        if strays:
            print(f"left aside, not in seeds: {', '.join(f'artifacts/{model}/{s}' for s in strays)}", file=sys.stderr)
        for seed in seeds:
            classifier = Classifier.load(ARTIFACTS / model / str(seed))
            columns[f"{model}_{seed}"] = classifier.probabilities(reviews)
    return columns


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write dictionaries of the same keys as CSV."""
    with atomic(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main(params: Params) -> None:
    """Predict, score, compare."""
    test = pq.read_table("data/test.parquet")
    texts = test["text"].to_pylist()
    labels = test["label"].to_numpy()
    table = make_predictions(test["id"].to_pylist(), labels, predict(texts, params.seeds))
    save_predictions(table, Path("predictions/test.parquet"))

    models = (*BASELINES, *LSTMS)
    found = {model: of_model(table, model, params.seeds) for model in models}
    scores = {model: evaluation.metrics(labels, p) for model, p in found.items()}
    write_json(Path("metrics/test.json"), scores)
    options = params.evaluate.model_dump()
    comparisons = {
        lstm: {
            reference: evaluation.paired(labels, found[lstm], found[reference], **options)
            for reference in models[: models.index(lstm)]
        }
        for lstm in LSTMS
    }
    write_json(Path("metrics/paired.json"), comparisons)
    for name, curve in (
        ("roc", evaluation.roc_points),
        ("calibration", evaluation.calibration),
        ("confusion", evaluation.confusion),
    ):
        rows = [{"model": model, **row} for model, p in found.items() for row in curve(labels, p)]
        write_rows(Path(f"plots/{name}.csv"), rows)
    write_json(
        Path("data/examples.json"),
        evaluation.examples(table, texts, "lstm_finetuned", "bag_of_vectors", params.seeds),
    )
    print(", ".join(f"{model} {score['accuracy']:.4f}" for model, score in scores.items()))


if __name__ == "__main__":
    run("evaluate", main)
