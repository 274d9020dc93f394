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
from pipeline.fetch.corpus import check_usable, describe, make_corpus
from pipeline.fetch.custom import read_custom
from pipeline.fetch.imdb import download_imdb, read_imdb
from pipeline.fetch.params import Fetch
from pipeline.fetch.synthetic import sample_tables


def main(progress: Progress, *, fetch: Fetch) -> dict[str, int]:
    """Read the tables of the source, check them, split them, save and count."""
    if fetch.source == "sample":
        tables = sample_tables()
    elif fetch.source == "corpus":
        tables = read_custom(Path("corpus"), test_frac=fetch.test_frac, seed=fetch.seed)
    else:
        tables = read_imdb(download_imdb(os.environ.get("IMDB_ARCHIVE")))
    check_usable(tables, where=f"fetch.source = {fetch.source!r}")
    corpus = make_corpus(tables, valid_frac=fetch.valid_frac, seed=fetch.seed)
    corpus.save(Path("data"))
    figures = describe(corpus)
    write_json(Path("metrics/corpus.json"), figures)
    return {split: figures[split]["reviews"] for split in tables} | {
        "train_and_test": figures["texts_in_both"]["train_test"]
    }
