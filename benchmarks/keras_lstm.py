"""The default classifier in Keras; run by benchmarks/training.py in the environment of the rivals.

Reads batches from a file; then, for each line on standard input, trains on all of them and prints tokens/s.
"""

import os
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf


def main(path: str, n_words: int, vector_size: int, hidden_size: int, num_threads: int) -> None:
    """Build the model; train until the input ends."""
    tf.config.threading.set_intra_op_parallelism_threads(num_threads)
    file = np.load(path)
    n_batches = len(file.files) // 2
    batches = [(file[f"ids{i}"], file[f"lengths{i}"]) for i in range(n_batches)]
    ids = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(n_words + 1, vector_size, mask_zero=True)(ids)
    x = keras.layers.SpatialDropout1D(0.3)(x)
    x = keras.layers.Bidirectional(keras.layers.LSTM(hidden_size, return_sequences=True))(x)
    pooled = [keras.layers.GlobalMaxPooling1D()(x), keras.layers.GlobalAveragePooling1D()(x)]
    x = keras.layers.Dropout(0.5)(keras.layers.Concatenate()(pooled))
    model = keras.Model(ids, keras.layers.Dense(1)(x))
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(clipnorm=1.0), loss)
    for _ in sys.stdin:
        n_tokens = 0
        started = time.perf_counter()
        for rows, lengths in batches:
            model.train_on_batch(rows, (lengths % 2).astype("float32")[:, None])
            n_tokens += int(lengths.sum())
        print(n_tokens / (time.perf_counter() - started), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
