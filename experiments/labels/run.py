"""Fit a model to fewer labels, on one thread: `python -m experiments.labels.run MODEL N_LABELS SEED`.

MODEL is an LSTM, or `linear` for the bag of vectors and NBSVM; N_LABELS is a number or `all`. The vectors are the
default's. The seed draws the reviews, and is that of the LSTM.

Reads:  data/tokens/, data/corpus.txt, artifacts/embeddings/
Writes: experiments/labels/runs/MODEL-N_LABELS-SEED.json
"""

import sys
from typing import Any

from experiments.labels.subset import write_with_fewer_labels
from experiments.record import Figures, record
from experiments.sandbox import ROOT, run_stage, sandbox
from pipeline.core.files import read_json

INPUTS = ("artifacts/embeddings", "data/tokens", "data/corpus.txt")
MIN_STEPS = 200  # a training on few labels takes more epochs


def measure(model: str, n_labels: str, seed: str) -> Figures:
    """Return the figures of the model, or of both linear models, on the validation reviews."""
    changes: dict[str, Any] = {"classify.n_processes": 1}
    if n_labels != "all":
        changes |= {"classify.min_steps": MIN_STEPS, "classify.patience": MIN_STEPS}
    with sandbox(changes, INPUTS if n_labels == "all" else INPUTS[:1]) as folder:
        if n_labels != "all":
            write_with_fewer_labels(ROOT, folder, int(n_labels), int(seed))
        valid = folder / "metrics/valid"
        if model == "linear":
            run_stage(folder, "baseline")
            return {name: read_json(valid / f"{name}.json")["accuracy"] for name in ("bag_of_vectors", "nbsvm")}
        run_stage(folder, "classify", model, seed)
        figures = read_json(valid / f"{model}-{seed}.json")
        return {model: figures["accuracy"], f"{model}_log_loss": figures["log_loss"]}


if __name__ == "__main__":
    record("labels", measure, *sys.argv[1:])
