"""Predict the validation reviews with all models, and weight the models of the ensemble there.

Reads:  data/train.parquet, artifacts/
Writes: artifacts/ensemble/, predictions/valid.json, metrics/valid/ensemble.json
Params: seeds, ensemble
"""

from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sklearn.metrics import log_loss

from pipeline.core.embeddings import Embeddings
from pipeline.core.files import atomic, write_json
from pipeline.core.models import BASELINES, ENSEMBLE, LSTMS
from pipeline.core.progress import Progress
from pipeline.ensemble.params import Ensemble
from pipeline.ensemble.predictions import make_predictions, of_model, save_predictions
from pipeline.ensemble.trained_models import TokenizedReviews, predict_all
from pipeline.ensemble.weighted import WeightedLogits

ARTIFACTS = Path("artifacts")


def main(progress: Progress, *, seeds: list[int], ensemble: Ensemble) -> dict[str, float]:
    """Predict the validation reviews whose text is not in test, fit the ensemble, save both."""
    train = pq.read_table("data/train.parquet")
    reviews = train.filter(pc.and_(train["valid"], pc.invert(train["in_test"])))
    labels = reviews["label"].to_numpy().astype(np.int8)
    embeddings = Embeddings.load(ARTIFACTS / "embeddings")
    tokenized = TokenizedReviews.of(reviews["text"].to_pylist(), embeddings)
    predicted = {}
    with progress.bar("ensemble", len(BASELINES) + len(LSTMS) * len(seeds), " models") as advance:
        for column, p in predict_all(ARTIFACTS, tokenized, embeddings, seeds):
            predicted[column] = p
            advance(1)
    ids = reviews["id"].to_pylist()
    table = make_predictions(ids, labels, predicted)
    probabilities = {model: of_model(table, model, seeds) for model in (*BASELINES, *LSTMS)}
    weighted = WeightedLogits.fit(ensemble.models, probabilities, labels)
    p = weighted.probabilities(probabilities)
    with atomic(ARTIFACTS / ENSEMBLE) as folder:
        weighted.save(folder)
    save_predictions(make_predictions(ids, labels, {**predicted, ENSEMBLE: p}), Path("predictions/valid.json"))
    figures = {
        "accuracy": round(float(((p >= 0.5) == (labels == 1)).mean()), 4),
        "log_loss": round(float(log_loss(labels, p)), 4),
    }
    write_json(Path("metrics/valid/ensemble.json"), figures)
    return {**figures, **{f"weight of {model}": weight for model, weight in weighted.weights.items()}}
