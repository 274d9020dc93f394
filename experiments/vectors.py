"""Train word vectors with other parameters, and a bag of vectors and a frozen LSTM on top of them.

`python -m experiments.vectors word2vec ARCHITECTURE LOSS SEED` trains a variant of word2vec,
`python -m experiments.vectors parameters KEY_VALUE SEED` changes one parameter, or none if KEY_VALUE is `default`.

Reads:  data/tokens/, data/corpus.txt
Writes: a file in experiments/word2vec/runs/ or experiments/parameters/runs/
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any

from experiments.record import Figures, record
from experiments.sandbox import run_stage, sandbox
from pipeline.core.embeddings import Embeddings
from pipeline.core.files import read_json
from pipeline.vectors.intrinsic import intrinsic


def train_vectors(changes: Mapping[str, Any], seed: str) -> Figures:
    """Run embed, baseline and classify with changes to the section `embed`, the LSTM on one thread.

    Returns: the intrinsic scores of the vectors, the figures of the models on the validation reviews, and the seconds
        that the vectors took.
    """
    changed = {**{f"embed.{key}": value for key, value in changes.items()}, "embed.seed": int(seed)}
    with sandbox({**changed, "classify.n_processes": 1}, ("data/tokens", "data/corpus.txt")) as folder:
        for stage in (["embed"], ["baseline"], ["classify", "lstm_frozen", seed]):
            run_stage(folder, *stage)
        lstm = read_json(folder / f"metrics/valid/lstm_frozen-{seed}.json")
        return {
            **intrinsic(Embeddings.load(folder / "artifacts/embeddings")),
            "bag_of_vectors": read_json(folder / "metrics/valid/bag_of_vectors.json")["accuracy"],
            "lstm_frozen": lstm["accuracy"],
            "lstm_frozen_log_loss": lstm["log_loss"],
            "embed_seconds": read_json(folder / "metrics/seconds/embed.json")["seconds"],
        }


def word2vec(architecture: str, loss: str, seed: str) -> Figures:
    """Train one variant of word2vec."""
    return train_vectors({"architecture": architecture, "loss": loss}, seed)


def parameters(change: str, seed: str) -> Figures:
    """Train with one parameter changed, such as `window_2`."""
    key, _, value = change.rpartition("_")
    return train_vectors({key: int(value)} if key else {}, seed)


if __name__ == "__main__":
    study, *arguments = sys.argv[1:]
    measures: dict[str, Callable[..., Figures]] = {"word2vec": word2vec, "parameters": parameters}
    record(study, measures[study], *arguments)
