"""From the Theano tutorial's LSTM to this project's vectors: `python -m experiments.tutorial.run NAME SEED`.

NAME is `short_reviews`, the tutorial's protocol; `all_reviews`, its network on all of train; or `word2vec`, this
network on this project's vectors, fine-tuned. Each is scored on test, by which nothing is chosen. One thread.

Reads:  data/tokens/, data/test.parquet, artifacts/embeddings/
Writes: experiments/tutorial/runs/NAME-SEED.json
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from experiments.record import Figures, record
from experiments.tutorial import protocol
from experiments.tutorial.network import Network
from experiments.tutorial.training import Batches, Reviews, predict_seconds, probabilities, train_network
from pipeline.classify.device import keep_freed_memory, make_deterministic
from pipeline.core.embeddings import Embeddings
from pipeline.core.ragged import Ragged, load_labels
from pipeline.core.vocabulary import read_tokenizer, read_types
from pipeline.evaluate.metrics import score
from pipeline.tokenize.tokenizer import Tokenizer, tokenize


@dataclass(frozen=True)
class Step:
    """What a run trains on, how it makes batches, and for how many epochs at most."""

    short: bool  # the reviews of the tutorial, or all
    vectors: bool  # whether the embedding starts from this project's
    plan: Batches
    max_epochs: int


STEPS = {
    "short_reviews": Step(True, False, protocol.random_batches, 100),
    "all_reviews": Step(False, False, protocol.batches_by_length, 12),
    "word2vec": Step(False, True, protocol.batches_by_length, 12),
}
TOKENS, TEST, EMBEDDINGS = Path("data/tokens"), Path("data/test.parquet"), Path("artifacts/embeddings")
SCORES = ("accuracy", "accuracy_low", "accuracy_high", "log_loss", "n")


def load_train(short: bool, seed: int) -> tuple[Reviews, Reviews]:
    """Load the reviews to train on and those to validate on: the tutorial's, or all by this project's split."""
    folder = TOKENS / "train"
    labels, valid = load_labels(folder)
    every = Reviews(protocol.with_unknown(Ragged.load(folder)), np.array(labels))
    if short:
        rows = protocol.split_short(every.ids.lengths, np.random.default_rng(seed))
    else:
        rows = np.flatnonzero(~valid), np.flatnonzero(valid)
    return every.rows(rows[0]), every.rows(rows[1])


def load_test(words: list[str]) -> Reviews:
    """Tokenize the test reviews, none cut."""
    table = pq.read_table(TEST, columns=["text", "label"])
    tokenizer = Tokenizer.from_config(read_tokenizer(TOKENS))
    ids = protocol.encode(tokenize(table["text"].to_pylist(), tokenizer, n_jobs=1), words)
    return Reviews(ids, table["label"].to_numpy())


def scores(network: Network, test: Reviews) -> Figures:
    """Return accuracy with its 95 % interval, log loss, and the number of reviews."""
    figures = score(test.labels, probabilities(network, test)[None])
    return {name: figures[name] for name in SCORES}


def measure(name: str, seed: str) -> Figures:
    """Train the network of a step, print its cost before; return its figures on all of test, and on 500 if it is short.

    Costs are seconds of the processor, so that another busy process changes them little.
    """
    step = STEPS[name]
    make_deterministic(int(seed), num_threads=1)
    keep_freed_memory()
    words = read_types(TOKENS / "types.tsv")[0][: protocol.N_WORDS]
    train, valid = load_train(step.short, int(seed))
    vectors = Embeddings.load(EMBEDDINGS).vectors[: protocol.N_WORDS] if step.vectors else None
    network = Network(protocol.N_ROWS, vectors)
    epoch, limit = predict_seconds(network, train, valid, step.plan, step.max_epochs)
    print(f"{name}-{seed}: an epoch takes {epoch:.0f} s of one core, {step.max_epochs} at most {limit / 60:.0f} min")
    history = train_network(network, train, valid, step.plan, step.max_epochs, int(seed))
    test = load_test(words)
    sample = protocol.draw_test(len(test.labels), np.random.default_rng(int(seed)))
    return {
        **scores(network, test),
        **({"sample": scores(network, test.rows(sample))} if step.short else {}),
        "n_train": len(train.labels),
        "n_valid": len(valid.labels),
        "epochs": history.epochs,
        "updates": history.updates,
        "valid_accuracy": round(1 - min(history.errors), 4) if history.errors else None,
    }


if __name__ == "__main__":
    record("tutorial", measure, *sys.argv[1:])
