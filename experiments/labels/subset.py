"""Training data with fewer labels: a part of the training reviews, all of the validation reviews."""

from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.core.ragged import Ragged, load_labels


def draw(labels: NDArray[np.int8], valid: NDArray[np.bool_], n_labels: int, seed: int) -> NDArray[np.bool_]:
    """Draw training reviews, half of them positive, and add the validation reviews.

    Args:
        labels: int8 [n_reviews], 0 or 1.
        valid: bool [n_reviews], the validation reviews.
        n_labels: reviews to draw outside `valid`.
        seed: of the draw.

    Returns: bool [n_reviews], the reviews to keep.

    Raises:
        ValueError: there are not that many reviews of each label.
    """
    rng = np.random.default_rng(seed)
    kept = valid.copy()
    for label in (0, 1):
        rows = np.flatnonzero(~valid & (labels == label))
        kept[rng.choice(rows, n_labels // 2, replace=False)] = True
    return kept


def write_with_fewer_labels(source: Path, target: Path, n_labels: int, seed: int) -> None:
    """Write data/tokens and data/corpus.txt of `source` into `target`, with `n_labels` training reviews.

    The vocabulary and the vectors remain those of all reviews: only labels are scarce. The text, which is read only for
    the n-grams of labelled reviews, omits the reviews that lost their label.
    """
    train = source / "data/tokens/train"
    labels, valid = load_labels(train)
    kept = draw(labels, valid, n_labels, seed)
    folder = target / "data/tokens/train"
    Ragged.load(train).rows(np.flatnonzero(kept)).save(folder)
    np.save(folder / "labels.npy", labels[kept])
    np.save(folder / "valid.npy", valid[kept])
    for name in ("types.tsv", "tokenizer.json", "unsup"):
        (target / "data/tokens" / name).symlink_to(source / "data/tokens" / name)
    with open(source / "data/corpus.txt", encoding="utf-8", newline="\n") as lines:
        text = "".join(line for line, keep in zip(islice(lines, len(kept)), kept, strict=True) if keep)
    (target / "data/corpus.txt").write_text(text, "utf-8", newline="\n")
