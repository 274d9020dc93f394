"""The reviews to train on, as stage `fetch` wrote them: texts, labels, and which are kept."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.core.errors import InputError, refusing
from pipeline.core.files import RESTORE
from pipeline.core.parquet import NOT_REVIEWS, PIECES, read_reviews

SPLITS = ("train", "unsup")


class Source:
    """train.parquet and unsup.parquet of a folder.

    Args:
        folder: contains the two files.
        drop_test_duplicates: leave out texts that also occur in test.

    Attributes:
        keep: by split, which rows are kept, bool [n_rows].
        n_reviews: the number of rows kept.
    """

    def __init__(self, folder: Path, *, drop_test_duplicates: bool) -> None:
        self._folder = folder
        self.keep: dict[str, NDArray[np.bool_]] = {}
        for split in SPLITS:
            in_test = read_reviews(folder / f"{split}.parquet", ["in_test"])["in_test"].to_numpy()
            self.keep[split] = ~(in_test & drop_test_duplicates)
        self.n_reviews = sum(int(kept.sum()) for kept in self.keep.values())

    def texts(self, split: str) -> Iterator[str]:
        """Stream the kept texts."""
        start, path = 0, self._folder / f"{split}.parquet"
        with refusing(path, NOT_REVIEWS, RESTORE), pq.ParquetFile(path, **PIECES) as parquet:
            for batch in parquet.iter_batches(2048, columns=["text"], use_threads=False):
                kept = self.keep[split][start : start + len(batch)]
                yield from (text for text, keep in zip(batch["text"].to_pylist(), kept.tolist(), strict=True) if keep)
                start += len(batch)

    def sample(self, n: int) -> Iterator[str]:
        """Stream about `n` of the kept texts that are not for validation, evenly spaced."""
        step = max(1, self.n_reviews // n)
        _, valid = self.labels()
        unseen = {"train": valid, "unsup": np.zeros(self.keep["unsup"].sum(), np.bool_)}
        for split in SPLITS:
            texts = (text for text, skip in zip(self.texts(split), unseen[split], strict=True) if not skip)
            yield from (text for i, text in enumerate(texts) if i % step == 0)

    def labels(self) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
        """Return labels, int8 [n_reviews], and validation mask, bool [n_reviews], of the kept training reviews."""
        table = read_reviews(self._folder / "train.parquet", ["label", "valid"])
        keep = self.keep["train"]
        return table["label"].to_numpy().astype(np.int8)[keep], table["valid"].to_numpy()[keep]

    def check_labels(self) -> None:
        """Check that the reviews kept are enough to train and to validate.

        Raises:
            InputError: those for training or those for validation lack a label.
        """
        labels, valid = self.labels()
        for name, part in (("training", labels[~valid]), ("validation", labels[valid])):
            if len(np.unique(part)) < 2:
                raise InputError(
                    f"{self._folder / 'train.parquet'}: without the {(~self.keep['train']).sum():,} reviews whose text"
                    f" is also in test, the {name} part lacks a label; add reviews, or set"
                    " tokenize.drop_test_duplicates to false"
                )
