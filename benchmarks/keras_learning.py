"""The default classifier in Keras, trained for real; run by benchmarks/learning.py in the environment of the rivals.

Prints the seconds since the start and the log loss on validation, twice per epoch.
"""

import os
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf
from keras_network import network


def main(path: str, dropout: str, hidden_size: int, num_threads: int, n_epochs: int) -> None:
    """Build the model, train, print."""
    started = time.perf_counter()
    tf.config.threading.set_intra_op_parallelism_threads(num_threads)
    keras.utils.set_random_seed(1)
    file = np.load(path)
    vectors = np.roll(file["vectors"], 1, axis=0)  # the row of the padding comes first
    parts = {}
    for name in ("train", "valid"):
        n_batches = sum(key.startswith(f"{name}_ids_") for key in file.files)
        parts[name] = [(file[f"{name}_ids_{i}"], file[f"{name}_labels_{i}"]) for i in range(n_batches)]
    model = network(*vectors.shape, hidden_size, float(dropout))
    model.get_layer("vectors").set_weights([vectors])
    half = len(parts["train"]) // 2
    for epoch in range(n_epochs):
        order = np.random.default_rng(epoch).permutation(len(parts["train"]))
        for i, batch in enumerate(order, 1):
            rows, labels = parts["train"][batch]
            model.train_on_batch(rows, labels[:, None])
            if i % half == 0:
                z = np.concatenate([model.predict_on_batch(rows)[:, 0] for rows, _ in parts["valid"]])
                sign = 2 * np.concatenate([labels for _, labels in parts["valid"]]) - 1
                print(time.perf_counter() - started, np.logaddexp(0, -sign * z).mean(), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:]))
