"""Compare all models on test, the only stage that reads it, and with their figures on validation.

Reads:  data/test.parquet, data/train.parquet (its validation reviews), artifacts/
Writes: predictions/{test,valid}.json, metrics/{test,paired,gap,provenance}.json,
        plots/{roc,calibration,confusion,slices}.csv, data/examples.json (reviews for the report, not in git)
Params: seeds, evaluate
"""

from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.classify.classifier import Classifier
from pipeline.core.embeddings import Embeddings
from pipeline.core.files import write_csv, write_json
from pipeline.core.models import BASELINES, ENSEMBLE, LEAD, MODELS, NETWORKS
from pipeline.core.parquet import read_reviews, read_rows
from pipeline.core.progress import Progress
from pipeline.core.sample import sample_rows
from pipeline.ensemble.predictions import answers, make_predictions, of_model, save_predictions
from pipeline.ensemble.trained_models import TokenizedReviews, predict_all, unlisted_seeds
from pipeline.ensemble.weighted import WeightedLogits
from pipeline.evaluate import metrics, provenance, slices
from pipeline.evaluate.examples import make_examples
from pipeline.evaluate.gap import gap
from pipeline.evaluate.params import Evaluate

TRAIN, TEST, ARTIFACTS = Path("data/train.parquet"), Path("data/test.parquet"), Path("artifacts")
REFERENCE = "bag_of_vectors"  # what the report's examples compare the lead model with


def main(progress: Progress, *, seeds: list[int], evaluate: Evaluate) -> dict[str, float | str]:
    """Predict, score, compare, choose examples."""
    most, marks = evaluate.max_reviews, read_reviews(TRAIN, ["valid", "in_test"])
    on_validation = np.flatnonzero(marks["valid"].to_numpy() & ~marks["in_test"].to_numpy())
    valid = read_rows(TRAIN, on_validation[sample_rows(len(on_validation), most)])
    test = read_rows(TEST, sample_rows(len(read_reviews(TEST, ["label"])), most))
    embeddings = Embeddings.load(ARTIFACTS / "embeddings")
    weighted = WeightedLogits.load(ARTIFACTS / ENSEMBLE)
    reviews = TokenizedReviews.of(test["text"].to_pylist(), embeddings)
    on_valid = TokenizedReviews.of(valid["text"].to_pylist(), embeddings)
    with progress.bar("evaluate", 2 * (len(BASELINES) + len(NETWORKS) * len(seeds)), " models") as advance:

        def predict(table: pa.Table, tokenized: TokenizedReviews) -> pa.Table:
            columns = {}
            for column, p in predict_all(ARTIFACTS, tokenized, embeddings, seeds):
                columns[column] = p
                advance(1)
            ids, truth = table["id"].to_pylist(), table["label"].to_numpy()
            single = make_predictions(ids, truth, columns)
            members = {model: of_model(single, model, seeds) for model in weighted.weights}
            return make_predictions(ids, truth, {**columns, ENSEMBLE: weighted.probabilities(members)})

        valid_table, table = predict(valid, on_valid), predict(test, reviews)
    save_predictions(valid_table, Path("predictions/valid.json"))
    save_predictions(table, Path("predictions/test.json"))

    labels, valid_labels = table["label"].to_numpy(), valid_table["label"].to_numpy()
    probabilities = {model: of_model(table, model, seeds) for model in MODELS}
    scores = {model: metrics.score(labels, p) for model, p in probabilities.items()}
    write_json(Path("metrics/test.json"), scores)
    compared = metrics.compare_all(answers(table), n_resamples=evaluate.n_resamples, seed=evaluate.seed)
    write_json(Path("metrics/paired.json"), compared)
    gaps = {
        model: gap(of_model(valid_table, model, seeds), valid_labels, p, labels, metrics.LEVEL)
        for model, p in probabilities.items()
    }
    write_json(Path("metrics/gap.json"), gaps)
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
