"""Compare the models on sentences of some 20 words: `python -m experiments.short_texts.run VECTORS SEED`; one thread.

The sentences are the first ones of training reviews, with the label of the review. VECTORS is `own`, trained on the
sentences alone, or `imdb`, those of the last `dvc repro`.

Reads:  data/train.parquet, artifacts/embeddings/
Writes: experiments/short_texts/runs/VECTORS-SEED.json
"""

import html
import random
import re
import sys
from typing import Any

import pyarrow.csv
import pyarrow.parquet as pq

from experiments.record import Figures, record
from experiments.sandbox import ROOT, run_stage, sandbox, scores

N_SENTENCES = 10_662  # as many as a public set of film sentences has
WORDS = range(10, 36)
MODELS = ("bag_of_vectors", "tfidf", "nbsvm", "lstm_frozen", "lstm_finetuned")


def first_sentence(text: str) -> str:
    """Return the first sentence of a review, without markup."""
    plain = html.unescape(re.sub(r"<br\s*/?>", " ", text)).strip()
    return re.split(r"(?<=[.!?])\s+", plain)[0]


def sentences(seed: int) -> pyarrow.Table:
    """Draw distinct first sentences of 10 to 35 words, with label and movie."""
    train = pq.read_table(ROOT / "data/train.parquet", columns=["text", "label", "movie"]).to_pylist()
    rows = {first_sentence(row["text"]): row for row in train}
    kept = [{**row, "text": text} for text, row in rows.items() if len(text.split()) in WORDS]
    random.Random(seed).shuffle(kept)
    return pyarrow.Table.from_pylist(kept[:N_SENTENCES])


def measure(vectors: str, seed: str) -> Figures:
    """Return accuracy and log loss of each model on the validation part of the sentences."""
    changes: dict[str, Any] = {"fetch.source": "corpus", "classify.n_processes": 1}
    changes |= {"embed.pretrained": "imdb"} if vectors == "imdb" else {}
    with sandbox(changes) as folder:
        for name in ("corpus", "external"):
            (folder / name).mkdir()
        (folder / "external/imdb").symlink_to(ROOT / "artifacts/embeddings")
        pyarrow.csv.write_csv(sentences(int(seed)), folder / "corpus/sentences.csv")
        for stage in ("fetch", "tokenize", "embed", "baseline"):
            run_stage(folder, stage)
        for model in ("lstm_frozen", "lstm_finetuned"):
            run_stage(folder, "classify", model, seed)
        return scores(folder, MODELS, seed)


if __name__ == "__main__":
    record("short_texts", measure, *sys.argv[1:])
