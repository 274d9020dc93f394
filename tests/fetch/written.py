"""What tests of `fetch` write and read back."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.fetch.corpus import write_corpus
from pipeline.fetch.custom import read_custom
from pipeline.fetch.reviews import BATCH, SPLITS


def reviews(split, texts, labels=None, movies=None):
    """Return reviews of a split, by default positive and negative in turns and of no movie."""
    texts = list(texts)
    labels = labels if labels is not None else [None if split == "unsup" else i % 2 for i in range(len(texts))]
    movies = movies or [None] * len(texts)
    return [
        {"id": f"{split}{i}", "label": label, "rating": None, "movie": movie, "text": text, "split": split}
        for i, (text, label, movie) in enumerate(zip(texts, labels, movies, strict=True))
    ]


def rows(folder):
    """Return the reviews of a corpus folder as they are read, before they are split."""
    with TemporaryDirectory() as scratch:
        return pa.Table.from_batches(read_custom(folder, Path(scratch))[1], BATCH)


def written(batches, *, where="here", valid_frac=0.1, test_frac=0.2, seed=0):
    """Write a corpus; return the tables and the figures."""
    with TemporaryDirectory() as folder:
        out = Path(folder)
        figures = write_corpus(batches, out, where=where, valid_frac=valid_frac, test_frac=test_frac, seed=seed)
        assert sorted(path.name for path in out.iterdir()) == sorted(f"{split}.parquet" for split in SPLITS)
        return {split: pq.read_table(out / f"{split}.parquet") for split in SPLITS}, figures


def fetched(folder):
    """Read, split and write the corpus of a folder; return the tables and the figures."""
    with TemporaryDirectory() as scratch:
        where, batches = read_custom(folder, Path(scratch))
        return written(batches, where=where)
