"""fastText's classifier on bigrams; run by benchmarks/learning.py in the environment of the rivals.

Prints the seconds of training and the log loss on validation.
"""

import sys
import time

import fasttext
import numpy as np


def main(train: str, valid: str) -> None:
    """Train once, score once. Both files have a line per review, which begins with __label__0 or __label__1."""
    started = time.perf_counter()
    model = fasttext.train_supervised(train, wordNgrams=2, epoch=5, dim=100, lr=0.5, thread=1, verbose=0)
    seconds = time.perf_counter() - started
    losses = []
    with open(valid, encoding="utf-8", newline="\n") as lines:
        for line in lines:
            label, _, text = line.rstrip("\n").partition(" ")
            # The method of the extension: the Python wrapper needs an older NumPy.
            of_label = {name: p for p, name in model.f.predict(text + "\n", 2, 0.0, "strict")}
            losses.append(-np.log(np.clip(of_label.get(label, 0.0), 1e-4, 1)))
    print(seconds, np.mean(losses))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
