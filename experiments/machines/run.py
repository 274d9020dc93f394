"""Train as another processor would: `python -m experiments.machines.run VARIANT SEED`.

Libraries choose their kernels by the processor; environment variables make them take those of an older one. The
parameters are those of the preset `fast`, on the tokens of the last `dvc repro`; one thread unless VARIANT says so.

Reads:  presets/fast.yaml, data/tokens/, data/corpus.txt
Writes: experiments/machines/runs/VARIANT-SEED.json
"""

import os
import sys
from typing import Any, NamedTuple

from experiments.record import Figures, record
from experiments.sandbox import ROOT, run_stage, sandbox, scores
from pipeline.presets import read_preset

MODELS = ("bag_of_vectors", "nbsvm", "lstm_frozen", "lstm_finetuned")


class Variant(NamedTuple):
    """What a machine changes: the kernels that libraries choose, and parameters that follow the hardware."""

    environment: dict[str, str]
    changes: dict[str, Any]


BLAS = {"OPENBLAS_CORETYPE": "Haswell"}  # gensim's and scikit-learn's sums
AVX2 = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}  # torch's own kernels and its LSTM's
FLOAT32 = {"classify.precision": "float32"}
VARIANTS = {
    "native": Variant({}, {}),
    "other_blas": Variant(BLAS, {}),
    "no_amx": Variant({"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_BF16"}, {}),  # the same as native on a processor without AMX
    "float32": Variant({}, FLOAT32),
    "avx2": Variant(AVX2, FLOAT32),  # it has no products of bfloat16
    "older_processor": Variant(BLAS | AVX2, FLOAT32),
    "two_processes": Variant({}, {"classify.n_processes": 2}),
}


def measure(variant: str, seed: str) -> Figures:
    """Return accuracy and log loss of each model on the validation reviews."""
    chosen = VARIANTS[variant]
    os.environ.update(chosen.environment)
    preset = {key: value for key, value in read_preset(ROOT / "presets", "fast").items() if "tokenize" not in key}
    seeds = {"embed.seed": int(seed), "classify.n_processes": 1}
    with sandbox({**preset, **seeds, **chosen.changes}, ("data/tokens", "data/corpus.txt")) as folder:
        run_stage(folder, "embed")
        run_stage(folder, "baseline")
        for model in ("lstm_frozen", "lstm_finetuned"):
            run_stage(folder, "classify", model, seed)
        return scores(folder, MODELS, seed)


if __name__ == "__main__":
    record("machines", measure, *sys.argv[1:])
