"""Skip-gram without subwords in fastText; run by benchmarks/text.py in the environment of the rivals.

For each line on standard input it trains once, and prints the seconds.
"""

import sys
import time

import fasttext


def main(path: str, vector_size: str, window: str, negative: str, sample: str, min_count: str, alpha: str) -> None:
    """Train until the input ends."""
    for _ in sys.stdin:
        started = time.perf_counter()
        fasttext.train_unsupervised(
            path,
            model="skipgram",
            dim=int(vector_size),
            ws=int(window),
            neg=int(negative),
            t=float(sample),
            minCount=int(min_count),
            lr=float(alpha),
            epoch=1,
            thread=1,
            maxn=0,
            verbose=0,
        )
        print(time.perf_counter() - started, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
