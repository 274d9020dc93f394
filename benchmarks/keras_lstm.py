"""The default classifier in Keras; run by benchmarks/training.py in the environment of the rivals.

Reads batches from a file; then, for each line on standard input, trains on all of them and prints tokens/s.
"""

import os
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
from keras_network import network


def main(path: str, dropout: str, n_words: int, vector_size: int, hidden_size: int, num_threads: int) -> None:
    """Build the model; train until the input ends."""
    tf.config.threading.set_intra_op_parallelism_threads(num_threads)
    file = np.load(path)
    n_batches = len(file.files) // 2
    batches = [(file[f"ids{i}"], file[f"lengths{i}"]) for i in range(n_batches)]
    model = network(n_words + 1, vector_size, hidden_size, float(dropout))
    for _ in sys.stdin:
        n_tokens = 0
        started = time.perf_counter()
        for rows, lengths in batches:
            model.train_on_batch(rows, (lengths % 2).astype("float32")[:, None])
            n_tokens += int(lengths.sum())
        print(n_tokens / (time.perf_counter() - started), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:]))
