"""Train one LSTM on the word vectors: `python -m stages.classify MODEL SEED`.

lstm_frozen keeps the vectors as they are, lstm_finetuned goes on training them, lstm_random starts from random
ones in their place, as a control.

Reads:  data/tokens/train/, artifacts/embeddings/
Writes: artifacts/MODEL/SEED/, plots/history/MODEL-SEED.csv, metrics/valid/MODEL-SEED.json
Params: classify
"""

import csv
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from pipeline.classifier import Classifier, Reviews
from pipeline.embeddings import Embeddings
from pipeline.files import atomic, write_json
from pipeline.params import Params
from pipeline.tokens import Ragged, load_array
from pipeline.training import Labelled, build, choose_device, make_deterministic, train
from stages.stage import run

TRAIN = Path("data/tokens/train")


def classify(params: Params, model: str, seed: int) -> None:
    """Build the network, train it, save it with its history."""
    section = params.classify
    device = choose_device(section.device)
    make_deterministic(seed, section.num_threads)
    embeddings = Embeddings.load(Path("artifacts/embeddings"))
    network = build(embeddings, section, model, device)

    reviews = Ragged.load(TRAIN).below(len(embeddings.words))
    labels = load_array(TRAIN / "labels.npy", np.dtype(np.int8), 1)
    valid = load_array(TRAIN / "valid.npy", np.dtype(np.bool_), 1)

    def part(rows: NDArray[np.bool_]) -> Labelled:
        targets = torch.from_numpy(labels[rows].astype(np.float32))
        return Labelled(Reviews(reviews.rows(rows), network.shape, device), targets.to(device))

    to_fit, to_choose = part(~valid), part(valid)
    n_tokens = section.epochs * int(to_fit.reviews.lengths.sum())
    with tqdm(total=n_tokens, unit=" tokens", unit_scale=True, desc=f"{model} {seed}", mininterval=2) as bar:
        history = train(network, to_fit, to_choose, section, seed=seed, progress=bar.update)
    best = max(history, key=lambda epoch: (epoch.valid_accuracy, -epoch.valid_loss))

    training = {"model": model, "seed": seed, **section.model_dump(), "best_epoch": best.epoch}
    classifier = Classifier(network, embeddings.words, embeddings.counts, embeddings.tokenizer, training)
    with atomic(Path("artifacts") / model / str(seed)) as folder:
        classifier.save(folder)
    with atomic(Path(f"plots/history/{model}-{seed}.csv")) as path, open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(asdict(best))
        writer.writerows([round(value, 6) for value in asdict(epoch).values()] for epoch in history)
    figures = {"accuracy": round(best.valid_accuracy, 4), "log_loss": round(best.valid_loss, 4), "epoch": best.epoch}
    write_json(Path(f"metrics/valid/{model}-{seed}.json"), figures)
    print(f"{model}, seed {seed}: validation accuracy {best.valid_accuracy:.4f} after epoch {best.epoch}, on {device}")


if __name__ == "__main__":
    model, seed = sys.argv[1], int(sys.argv[2])
    run("classify", lambda params: classify(params, model, seed), suffix=f"-{model}-{seed}")
