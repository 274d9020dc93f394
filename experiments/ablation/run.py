"""Train the default classifier without one technique, on one thread: `python -m experiments.ablation.run NAME SEED`.

Reads:  experiments/ablation/techniques.yaml, data/tokens/, artifacts/embeddings/
Writes: experiments/ablation/runs/NAME-SEED.json
"""

import sys
from pathlib import Path

from ruamel.yaml import YAML

from experiments.record import Figures, record
from experiments.sandbox import run_stage, sandbox
from pipeline.core.files import read_json


def measure(technique: str, seed: str) -> Figures:
    """Return accuracy and log loss on the validation reviews."""
    changes = YAML(typ="safe", pure=True).load(Path("experiments/ablation/techniques.yaml"))[technique]
    model = changes.pop("model", "lstm_finetuned")
    changed = {f"classify.{key}": value for key, value in changes.items()}
    with sandbox({**changed, "classify.n_processes": 1}, ("data/tokens", "artifacts/embeddings")) as folder:
        run_stage(folder, "classify", model, seed)
        valid = read_json(folder / f"metrics/valid/{model}-{seed}.json")
    return {"accuracy": valid["accuracy"], "log_loss": valid["log_loss"]}


if __name__ == "__main__":
    record("ablation", measure, *sys.argv[1:])
