"""Train any cell, the search's own ones too, to classify reviews, and score it on the validation reviews."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from experiments.cells.answers import scores
from experiments.cells.budget import hidden_size, layers_of
from experiments.record import Figures
from pipeline.classify.batches import load_labelled
from pipeline.classify.classifier import logits
from pipeline.classify.device import prepare
from pipeline.classify.params import Classify
from pipeline.classify.training import DivergedError, build, train
from pipeline.core.embeddings import Embeddings
from pipeline.core.ragged import load_labels

TRAIN = Path("data/tokens/train")
RATES = (0.003, 0.01)
HIDDEN_SIZE = 64  # of lstm; its number of parameters is the budget of all
SETTINGS: dict[str, Any] = {
    "bidirectional": False,
    "num_layers": 1,
    "pooling": ["last"],  # what the network knows has to get through the state
    "head_tokens": 0,
    "tail_tokens": 64,
    "epochs": 1,
    "min_steps": 0,
    "adversarial_weight": 0.0,
    "precision": "float32",
    "device": "cpu",
    "n_processes": 1,
}


def width(cell: str | Callable[..., Any], vector_size: int) -> int:
    """Return the hidden size of a cell at the budget."""
    budget = layers_of("lstm", vector_size, HIDDEN_SIZE, bidirectional=False).n_parameters()
    return hidden_size(cell, vector_size, budget)


def on_imdb(cell: str | Callable[..., Any], lr: float, seed: int, given: Classify) -> Figures:
    """Train a cell on frozen word vectors; return its scores on the validation reviews.

    Args:
        cell: a name of the table, or an equation.
        lr: the learning rate.
        seed: of the weights and the order of the reviews.
        given: the section `classify` of params.yaml, for what is not set here.
    """
    embeddings = Embeddings.load(Path("artifacts/embeddings"))
    size = width(cell, embeddings.vectors.shape[1])
    section = given.model_copy(update={**SETTINGS, "cell": "lstm", "hidden_size": size, "lr": lr})
    device = prepare(section.device, seed)
    network = build(embeddings, section, "lstm_frozen", device)
    network.layers = layers_of(cell, embeddings.vectors.shape[1], size, bidirectional=False)
    labelled, valid = load_labelled(TRAIN, network.config, device)
    labels, rows = load_labels(TRAIN)
    try:
        train(network, labelled, valid, section, seed=seed)
        z = logits(network, valid.reviews)
    except DivergedError:
        z = np.zeros(len(valid.reviews), np.float32)
    return {"lr": lr, "hidden_size": size, "parameters": network.layers.n_parameters(), **scores(z, labels[rows])}


def best_on_imdb(cell: str | Callable[..., Any], seed: int, given: Classify) -> Figures:
    """Train a cell with each learning rate and return the scores of the lower validation loss."""
    return min((on_imdb(cell, lr, seed, given) for lr in RATES), key=lambda figures: float(figures["log_loss"]))
