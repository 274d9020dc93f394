"""Train one LSTM, or another recurrent cell, on the word vectors: `python -m stages classify MODEL SEED`.

lstm_frozen keeps the vectors fixed, lstm_finetuned trains them further, lstm_random starts from random ones.

Reads:  data/tokens/train/, artifacts/embeddings/; data/tokens/unsup/ if the loss uses unlabelled reviews
Writes: artifacts/MODEL/SEED/, plots/history/MODEL-SEED.csv, metrics/valid/MODEL-SEED.json; while it runs, once a
        minute and on SIGTERM, .checkpoints/MODEL-SEED/, from which an interrupted training resumes, and runs/ if
        TensorBoard is on
Params: classify
"""

from typing import Any

from pipeline.classify.params import Classify
from pipeline.classify.run import fit
from pipeline.core.progress import Progress


def main(progress: Progress, model: str = "", seed: str = "", *, classify: Classify) -> dict[str, Any]:
    """Fit one of the LSTMs to the labels of train."""
    return fit(progress, model, seed, classify)
