"""Train one LSTM on the word vectors: `python -m stages.classify MODEL SEED`.

lstm_frozen keeps the vectors as they are, lstm_finetuned goes on training them, lstm_random starts from random
ones in their place, as a control.

Reads:  data/tokens/train/, artifacts/embeddings/; data/tokens/unsup/ where the objective wants reviews without labels
Writes: .checkpoints/MODEL-SEED/ while it runs, from which a run that was stopped goes on, and runs/ for TensorBoard if
        wanted; at its end artifacts/MODEL/SEED/, plots/history/MODEL-SEED.csv, metrics/valid/MODEL-SEED.json
Params: classify
"""

import argparse
import csv
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from pipeline import classifier as classifier_code
from pipeline import network as network_code
from pipeline import objective as objective_code
from pipeline import training as training_code
from pipeline.checkpoint import Checkpoint, key_of
from pipeline.classifier import Classifier, Reviews
from pipeline.curves import tensorboard
from pipeline.device import choose_device, keep_freed_memory, make_deterministic
from pipeline.embeddings import FILES, Embeddings
from pipeline.files import atomic, write_json
from pipeline.objective import reads_unlabelled
from pipeline.params import LSTMS, Params
from pipeline.tokens import Ragged, load_array
from pipeline.training import Labelled, best_of, build, train
from stages.stage import run

TRAIN, UNSUP, EMBEDDINGS = Path("data/tokens/train"), Path("data/tokens/unsup"), Path("artifacts/embeddings")


def classify(params: Params, model: str, seed: int) -> None:
    """Build the network, train it, save it with its history."""
    section = params.classify
    device = choose_device(section.device)
    make_deterministic(seed, section.num_threads)
    keep_freed_memory()
    embeddings = Embeddings.load(EMBEDDINGS)
    network = build(embeddings, section, model, device)

    reviews = Ragged.load(TRAIN).below(len(embeddings.words))
    labels = load_array(TRAIN / "labels.npy", np.dtype(np.int8), 1)
    valid = load_array(TRAIN / "valid.npy", np.dtype(np.bool_), 1)

    def part(rows: NDArray[np.bool_]) -> Labelled:
        targets = torch.from_numpy(labels[rows].astype(np.float32))
        return Labelled(Reviews(reviews.rows(rows), network.shape, device), targets.to(device))

    to_fit, to_choose = part(~valid), part(valid)
    unlabelled = None
    if reads_unlabelled(section):
        unlabelled = Reviews(Ragged.load(UNSUP).below(len(embeddings.words)), network.shape, device)
    n_tokens = section.epochs * int(to_fit.reviews.lengths.sum())
    facts = {**section.model_dump(), "model": model, "seed": seed, "device": device, "torch": torch.__version__}
    inputs = [*sorted(TRAIN.glob("*.npy")), *sorted(UNSUP.glob("*.npy")), *(EMBEDDINGS / name for name in FILES)]
    code = [Path(str(module.__file__)) for module in (classifier_code, network_code, objective_code, training_code)]
    key = key_of(facts, inputs + code)
    checkpoint = Checkpoint(Path(f".checkpoints/{model}-{seed}"), key)
    curves = tensorboard(Path(f"runs/{model}-{seed}-{key[:8]}")) if section.tensorboard else None
    name = f"{model} {seed}"
    with tqdm(total=n_tokens, unit=" tokens", unit_scale=True, desc=name, mininterval=2, disable=None) as bar:
        history = train(
            network,
            to_fit,
            to_choose,
            section,
            seed=seed,
            unlabelled=unlabelled,
            checkpoint=checkpoint,
            progress=bar.update,
            on_epoch=curves,
        )
    best = best_of(history)

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
    checkpoint.remove()
    print(f"{model}, seed {seed}: validation accuracy {best.valid_accuracy:.4f} after epoch {best.epoch}, on {device}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m stages.classify", description=str(__doc__).splitlines()[0])
    parser.add_argument("model", choices=LSTMS)
    parser.add_argument("seed", type=int)
    given = parser.parse_args()
    run("classify", lambda params: classify(params, given.model, given.seed), suffix=f"-{given.model}-{given.seed}")
