"""Fetch the reviews, verify them, split them.

fetch.source is imdb (the archive in the environment variable IMDB_ARCHIVE, or the official one, downloaded), sample
(the embedded corpus) or corpus (your own, in corpus/).

Reads:  corpus/, if the source is corpus; data/params.json, so that all parameters are checked first
Writes: data/train.parquet, data/unsup.parquet, data/test.parquet, metrics/corpus.json
Params: fetch
"""

import os
from pathlib import Path

from pipeline.core.files import write_json
from pipeline.core.progress import Progress
from pipeline.fetch.corpus import write_corpus
from pipeline.fetch.custom import read_custom
from pipeline.fetch.imdb import download_imdb, read_imdb
from pipeline.fetch.params import Fetch
from pipeline.fetch.reviews import SPLITS
from pipeline.fetch.synthetic import sample_batches


def main(progress: Progress, *, fetch: Fetch) -> dict[str, int | str]:
    """Read the reviews of the source, check them, split them, write and count them."""
    data = Path("data")
    where = f"fetch.source = {fetch.source!r}"
    if fetch.source == "sample":
        batches = sample_batches()
    elif fetch.source == "corpus":
        where, batches = read_custom(Path("corpus"), data)
    else:
        batches = read_imdb(download_imdb(os.environ.get("IMDB_ARCHIVE")), data)
    figures = write_corpus(
        batches, data, where=where, valid_frac=fetch.valid_frac, test_frac=fetch.test_frac, seed=fetch.seed
    )
    write_json(Path("metrics/corpus.json"), figures)
    return {split: figures[split]["reviews"] for split in SPLITS} | {
        "train_and_test": figures["texts_in_both"]["train_test"],
        "texts_with_both_labels": figures["train"]["texts_with_both_labels"],
        "movies_in_train": figures["train"]["movies"],
        "test_split": figures["test_split"],
    }
