"""A corpus with fewer labels: a part of the training reviews, all of the validation reviews."""

from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.core.ragged import Ragged, load_array


def chosen(labels: NDArray[np.int8], valid: NDArray[np.bool_], n_labels: int, seed: int) -> NDArray[np.bool_]:
    """Draw `n_labels` of the reviews that are not in `valid`, half of them positive; return these and those in `valid`.

    Raises:
        ValueError: there are not that many of each label.
    """
    rng = np.random.default_rng(seed)
    kept = valid.copy()
    for label in (0, 1):
        rows = np.flatnonzero(~valid & (labels == label))
        kept[rng.choice(rows, n_labels // 2, replace=False)] = True
    return kept


def write_with_fewer_labels(source: Path, target: Path, n_labels: int, seed: int) -> None:
    """Write data/tokens and data/corpus.txt of `source` into `target`, with `n_labels` training reviews.

    The vocabulary and the vectors stay those of all reviews: text is plenty, labels are few. Reviews that are not
    labelled any more are left out of the text as well, which is read only for the n-grams of the labelled ones.
    """
    train = source / "data/tokens/train"
    reviews = Ragged.load(train)
    labels = load_array(train / "labels.npy", np.dtype(np.int8), 1)
    valid = load_array(train / "valid.npy", np.dtype(np.bool_), 1)
    kept = chosen(labels, valid, n_labels, seed)
    folder = target / "data/tokens/train"
    folder.mkdir(parents=True)
    reviews.rows(kept).save(folder)
    np.save(folder / "labels.npy", labels[kept])
    np.save(folder / "valid.npy", valid[kept])
    for name in ("types.tsv", "tokenizer.json", "unsup"):
        (target / "data/tokens" / name).symlink_to(source / "data/tokens" / name)
    with open(source / "data/corpus.txt", encoding="utf-8", newline="\n") as lines:
        text = "".join(line for line, keep in zip(islice(lines, len(kept)), kept, strict=True) if keep)
    (target / "data/corpus.txt").write_text(text, "utf-8", newline="\n")
