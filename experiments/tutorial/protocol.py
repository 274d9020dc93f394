"""The tutorial's protocol: which reviews it keeps, its vocabulary, its batches, and when it stops.

Source: code/lstm.py, imdb.py and imdb_preprocess.py of the deep learning tutorials for Theano.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.core.ragged import Int32, Int64, Ragged
from pipeline.tokenize.chunks import Chunk

N_ROWS = 10_000  # of the embedding
N_WORDS = N_ROWS - 2  # the most frequent ones
UNKNOWN, PADDING = N_WORDS, N_WORDS + 1
MAX_TOKENS = 100  # reviews of as many or more are dropped from train and validation
N_SHORT = 2_103  # reviews with fewer, as the tutorial's tokenizer counts
VALID_FRAC = 0.05
N_TEST = 500
BATCH_SIZE = 16
BATCHES_PER_BUCKET = 50
UPDATES_PER_VALIDATION = 370
PATIENCE = 10


def with_unknown(reviews: Ragged) -> Ragged:
    """Replace the ids from `N_WORDS` on by that of unknown words; no token is dropped."""
    return Ragged(np.minimum(reviews.values, np.int32(UNKNOWN)), reviews.offsets)


def encode(chunks: Iterable[Chunk], words: Sequence[str]) -> Ragged:
    """Return the ids of tokenized reviews: a word's position in `words`, or that of unknown words."""
    index = {word: i for i, word in enumerate(words)}
    ids: list[Int32] = [np.empty(0, np.int32)]
    lengths: list[Int64] = [np.zeros(1, np.int64)]
    for chunk in chunks:
        of_type = np.fromiter((index.get(token, UNKNOWN) for token in chunk.types), np.int32, len(chunk.types))
        ids.append(of_type[chunk.ids])
        lengths.append(chunk.lengths)
    return Ragged(np.concatenate(ids), np.cumsum(np.concatenate(lengths)))


def split_short(lengths: Int64, rng: np.random.Generator) -> tuple[Int64, Int64]:
    """Draw at most `N_SHORT` reviews of fewer than `MAX_TOKENS` tokens; validate on a twentieth of them.

    Args:
        lengths: int64 [n_reviews], tokens of each.
        rng: of the draw.

    Returns: the rows to train on, and those to validate on.
    """
    rows = rng.permutation(np.flatnonzero(lengths < MAX_TOKENS))[:N_SHORT]
    n_train = round(len(rows) * (1 - VALID_FRAC))
    return rows[:n_train], rows[n_train:]


def random_batches(lengths: Int64, rng: np.random.Generator) -> list[Int64]:
    """Shuffle all reviews into batches of 16 or one more, the tutorial's way."""
    return np.array_split(rng.permutation(len(lengths)), max(1, len(lengths) // BATCH_SIZE))


def batches_by_length(lengths: Int64, rng: np.random.Generator) -> list[Int64]:
    """Shuffle reviews into batches of 16 of similar length, sorted within buckets of 50 batches: little padding."""
    order = rng.permutation(len(lengths))
    planned: list[Int64] = []
    for start in range(0, len(order), BATCH_SIZE * BATCHES_PER_BUCKET):
        bucket = order[start : start + BATCH_SIZE * BATCHES_PER_BUCKET]
        bucket = bucket[np.argsort(lengths[bucket], kind="stable")]
        planned.extend(bucket[i : i + BATCH_SIZE] for i in range(0, len(bucket), BATCH_SIZE))
    return [planned[i] for i in rng.permutation(len(planned))]


def is_best(errors: Sequence[float]) -> bool:
    """Return whether the last validation error is the lowest so far; the last among equals is kept."""
    return errors[-1] <= min(errors)


def stops(errors: Sequence[float], patience: int = PATIENCE) -> bool:
    """Return whether the tutorial stops after these validation errors, share of wrong answers, in order.

    A validation counts as bad if it is no better than the best of those that are `patience` or more before it; a
    lowest error sets the count to 0. It stops at more than `patience` bad ones.
    """
    bad = 0
    for n in range(1, len(errors) + 1):
        if is_best(errors[:n]):
            bad = 0
        if n > patience and errors[n - 1] >= min(errors[: n - patience]):
            bad += 1
            if bad > patience:
                return True
    return False


def draw_test(n_reviews: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw the rows of the test reviews that the tutorial scores, at most `N_TEST`."""
    return rng.permutation(n_reviews)[:N_TEST]
