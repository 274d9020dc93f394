"""Train a cell at the budget of the LSTM, on one thread: `python -m experiments.cells.run CELL RATE SEED`.

RATE is `lr_001`, `lr_003` or `lr_01`, a learning rate of 0.001, 0.003 or 0.01; or `chosen`, the one of the lowest
validation loss with seed 1. It is the default classifier with frozen vectors, smaller and trained for a shorter time.

Reads:  data/tokens/train/, artifacts/embeddings/; for `chosen` the results of the learning rates
Writes: experiments/cells/runs/CELL-RATE-SEED.json
"""

import sys
import time
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from experiments.cells.answers import scores
from experiments.cells.budget import PERIODS, hidden_size, layers_of, num_layers
from experiments.record import Figures, record
from experiments.sandbox import sandbox
from pipeline.classify.batches import load_labelled
from pipeline.classify.classifier import Classifier, logits
from pipeline.classify.run import TOKENS, fit
from pipeline.classify.training import DivergedError
from pipeline.core.embeddings import Embeddings
from pipeline.core.files import read_json
from pipeline.core.progress import Advance
from pipeline.core.ragged import load_labels
from stages.progress import Terminal
from stages.runner import read_params

MODEL, INPUTS = "lstm_frozen", ("data/tokens", "artifacts/embeddings")
RATES = {"lr_001": 0.001, "lr_003": 0.003, "lr_01": 0.01}
CHOSEN, FIRST_SEED = "chosen", "1"
HIDDEN_SIZE = 64  # of lstm; its number of parameters is the budget of all
SETTINGS: dict[str, Any] = {
    "bidirectional": True,
    "head_tokens": 43,  # the default's 200 and 400, scaled to 128
    "tail_tokens": 85,
    "epochs": 2,
    "min_steps": 0,
    "adversarial_weight": 0.0,  # it would double the time
    "precision": "float32",
    "device": "cpu",
    "n_processes": 1,
}
RUNS = Path("experiments/cells/runs")


class Counted(Terminal):
    """The progress of a training, which also counts the tokens to train on."""

    n_tokens = 0

    @contextmanager
    def bar(self, description: str, total: int, unit: str) -> Iterator[Advance]:
        """Show a bar and note its total."""
        self.n_tokens = total
        with super().bar(description, total, unit) as advance:
            yield advance


def chosen_rate(by_rate: dict[str, Figures]) -> str:
    """Return the learning rate of the lowest validation loss, the lowest rate among equals."""
    return min(RATES, key=lambda rate: (by_rate[rate]["log_loss"], RATES[rate]))


def sizes_of(cell: str, vector_size: int, lstm_size: int = HIDDEN_SIZE) -> tuple[int, int]:
    """Return a cell's hidden size at the budget of an LSTM, and the parameters of its layers in both directions."""
    budget = layers_of("lstm", vector_size, lstm_size, bidirectional=True).n_parameters()
    size = hidden_size(cell, vector_size, budget, bidirectional=True)
    return size, layers_of(cell, vector_size, size, bidirectional=True).n_parameters()


def predict(seed: str) -> NDArray[np.float32]:
    """Return the logits of the trained network in the current folder on the validation reviews, [n_reviews]."""
    network = Classifier.load(Path("artifacts") / MODEL / seed).network
    _, valid = load_labelled(TOKENS / "train", network.config, torch.device("cpu"))
    return logits(network, valid.reviews)


def train_here(seed: str) -> Figures:
    """Train in the current folder, a sandbox.

    A training whose loss is not finite counts as one that has learned nothing: all its logits are 0.

    Returns: accuracy, log loss, right answers on the validation reviews; tokens per second of processor time.
    """
    labels, valid = load_labels(TOKENS / "train")
    progress, started = Counted(), time.process_time()
    try:
        fit(progress, MODEL, seed, read_params().classify)
    except DivergedError as error:
        print(f"counted as 0 learned: {error}", file=sys.stderr)
        z, diverged = np.zeros(valid.sum(), np.float32), True
    else:
        seconds = time.process_time() - started
        z, diverged = predict(seed), False
    return {
        **scores(z, labels[valid]),
        "diverged": diverged,
        "tokens_per_second": None if diverged else round(progress.n_tokens / seconds),
    }


def measure(cell: str, rate: str, seed: str) -> Figures:
    """Train a cell with one learning rate or the chosen one, and one seed."""
    if rate == CHOSEN:
        rate = chosen_rate({name: read_json(RUNS / f"{cell}-{name}-{FIRST_SEED}.json") for name in RATES})
    vector_size = Embeddings.load(Path("artifacts/embeddings")).vectors.shape[1]
    size, n_parameters = sizes_of(cell, vector_size)
    own = {"cell": cell, "hidden_size": size, "num_layers": num_layers(cell), "periods": list(PERIODS)}
    changes = {f"classify.{key}": value for key, value in {**SETTINGS, **own, "lr": RATES[rate]}.items()}
    with sandbox(changes, INPUTS) as folder, chdir(folder):
        figures = train_here(seed)
    return {"lr": RATES[rate], "hidden_size": size, "parameters": n_parameters, **figures}


if __name__ == "__main__":
    record("cells", measure, *sys.argv[1:])
