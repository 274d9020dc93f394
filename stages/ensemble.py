"""Weight LSTM and NBSVM on validation, and let the ensemble label the unlabelled reviews for the student.

Reads:  data/tokens/, data/corpus.txt, artifacts/
Writes: artifacts/ensemble/, data/teacher.npy (the probabilities of the unlabelled reviews), metrics/valid/ensemble.json
Params: seeds, ensemble
"""

from pathlib import Path

import numpy as np
from sklearn.metrics import log_loss

from pipeline.core.embeddings import Embeddings
from pipeline.core.files import atomic, write_json
from pipeline.core.models import BASELINES, ENSEMBLE
from pipeline.core.progress import Progress
from pipeline.core.ragged import Ragged, load_labels
from pipeline.ensemble.params import Ensemble
from pipeline.ensemble.predictions import DECIMALS, Probabilities, correct
from pipeline.ensemble.trained_models import TokenizedReviews, predict_all
from pipeline.ensemble.weighted import WeightedLogits

TOKENS, CORPUS, ARTIFACTS = Path("data/tokens"), Path("data/corpus.txt"), Path("artifacts")


def main(progress: Progress, *, seeds: list[int], ensemble: Ensemble) -> dict[str, float]:
    """Predict with the members, fit their weights, label the unlabelled reviews, save all."""
    embeddings = Embeddings.load(ARTIFACTS / "embeddings")
    labels, valid = load_labels(TOKENS / "train")
    rows, unlabelled = np.flatnonzero(valid), Ragged.load(TOKENS / "unsup")
    validation = TokenizedReviews.stored(Ragged.load(TOKENS / "train").rows(rows), CORPUS, rows)
    unsup = TokenizedReviews.stored(unlabelled, CORPUS, len(valid) + np.arange(len(unlabelled)))  # train comes first

    n_runs = sum(1 if model in BASELINES else len(seeds) for model in ensemble.models)
    with progress.bar("ensemble", 2 * n_runs, " models") as advance:

        def predict(reviews: TokenizedReviews) -> dict[str, Probabilities]:
            runs: dict[str, list[Probabilities]] = {model: [] for model in ensemble.models}
            for column, p in predict_all(ARTIFACTS, reviews, embeddings, seeds, ensemble.models):
                model = column if column in BASELINES else column.rpartition("_")[0]
                runs[model].append(p)
                advance(1)
            return {model: np.stack(of_model) for model, of_model in runs.items()}

        on_validation, on_unsup = predict(validation), predict(unsup)
    weighted = WeightedLogits.fit(ensemble.models, on_validation, labels[valid])
    with atomic(ARTIFACTS / ENSEMBLE) as folder:
        weighted.save(folder)
    with atomic(Path("data/teacher.npy")) as path, open(path, "wb") as file:
        # Rounded like the tables of predictions: the last digits depend on the number of threads.
        np.save(file, weighted.probabilities(on_unsup).round(DECIMALS).astype(np.float32))
    p = weighted.probabilities(on_validation)
    figures = {
        "accuracy": round(float(correct(labels[valid], p[None]).mean()), 4),
        "log_loss": round(float(log_loss(labels[valid], p)), 4),
    }
    write_json(Path("metrics/valid/ensemble.json"), figures)
    return {**figures, **{f"weight of {model}": round(weight, 4) for model, weight in weighted.weights.items()}}
