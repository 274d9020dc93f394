"""Compare all models on test: the only stage that reads it.

Reads:  data/test.parquet, artifacts/
Writes: predictions/test.json, metrics/{test,paired,provenance}.json, plots/{roc,calibration,confusion,slices}.csv,
        data/examples.json (reviews for the report, not in git)
Params: seeds, evaluate
"""

from pathlib import Path

import pyarrow.parquet as pq

from pipeline.classify.classifier import Classifier
from pipeline.core.embeddings import Embeddings
from pipeline.core.files import write_csv, write_json
from pipeline.core.models import BASELINES, LEAD, LSTMS
from pipeline.core.progress import Progress
from pipeline.evaluate import metrics, provenance, slices
from pipeline.evaluate.examples import make_examples
from pipeline.evaluate.params import Evaluate
from pipeline.evaluate.predictions import answers, make_predictions, of_model, save_predictions
from pipeline.evaluate.trained_models import TokenizedReviews, predict_all, unlisted_seeds

TEST, ARTIFACTS = Path("data/test.parquet"), Path("artifacts")
REFERENCE = "bag_of_vectors"  # what the report's examples compare the lead model with


def main(progress: Progress, *, seeds: list[int], evaluate: Evaluate) -> dict[str, float | str]:
    """Predict, score, compare, choose examples."""
    test = pq.read_table(TEST)
    labels = test["label"].to_numpy()
    embeddings = Embeddings.load(ARTIFACTS / "embeddings")
    reviews = TokenizedReviews.of(test["text"].to_pylist(), embeddings)
    predicted = {}
    with progress.bar("evaluate", len(BASELINES) + len(LSTMS) * len(seeds), " models") as advance:
        for column, p in predict_all(ARTIFACTS, reviews, embeddings, seeds):
            predicted[column] = p
            advance(1)
    table = make_predictions(test["id"].to_pylist(), labels, predicted)
    save_predictions(table, Path("predictions/test.json"))

    probabilities = {model: of_model(table, model, seeds) for model in (*BASELINES, *LSTMS)}
    scores = {model: metrics.score(labels, p) for model, p in probabilities.items()}
    write_json(Path("metrics/test.json"), scores)
    write_json(Path("metrics/paired.json"), metrics.compare_all(answers(table), **evaluate.model_dump()))
    for name, curve in metrics.CURVES.items():
        rows = [{"model": model, **row} for model, p in probabilities.items() for row in curve(labels, p)]
        write_csv(Path(f"plots/{name}.csv"), rows)
    groups = slices.groups_of(reviews.lengths, reviews.ids.lengths, test["rating"].to_pylist())
    write_csv(Path("plots/slices.csv"), slices.accuracies(groups, labels, probabilities))

    lead = Classifier.load(ARTIFACTS / LEAD / str(seeds[0]))
    examples = make_examples(test, reviews, probabilities, lead, reference=REFERENCE, progress=progress)
    write_json(Path("data/examples.json"), examples)
    facts = {"versions": provenance.versions(), "machine": provenance.machine(lead.training)}
    digests = {"test_md5": provenance.md5(TEST), "corpus_sha256": embeddings.training.get("corpus_sha256")}
    write_json(Path("metrics/provenance.json"), {**facts, **digests})
    ignored = {"ignored": ", ".join(folders)} if (folders := unlisted_seeds(ARTIFACTS, seeds)) else {}
    return {**{model: score["accuracy"] for model, score in scores.items()}, **ignored}
