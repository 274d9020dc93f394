"""Fetch the reviews, check that they are what they should be, split them.

fetch.source is imdb (the archive that IMDB_ARCHIVE names, else the official one, downloaded), sample (the embedded
corpus) or corpus (one's own, in corpus/). The tables come out the same whatever archive the reviews came in.

Reads:  corpus/, where the source is corpus
Writes: data/train.parquet, data/unsup.parquet, data/test.parquet, metrics/corpus.json
Params: fetch, classify.batch_size
"""

import os
from pathlib import Path

import pooch
import requests
from pyarrow import Table

from pipeline.archive import check_imdb, read_archive
from pipeline.errors import InputError
from pipeline.files import write_json
from pipeline.own_corpus import read_own
from pipeline.params import Params
from pipeline.reviews import check_usable, describe, make_corpus
from pipeline.sample import sample_tables
from stages.stage import run

URL = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
SHA256 = "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe"


def imdb_archive() -> Path:
    """Return the archive that IMDB_ARCHIVE names, else the official one, downloaded once into the user's cache."""
    named = os.environ.get("IMDB_ARCHIVE")
    if named is not None:
        path = Path(named)
        if not path.is_absolute() or not path.is_file():
            raise InputError(f"IMDB_ARCHIVE = {named!r} is not the absolute path of a file; set it to the archive's")
        return path
    try:
        download = pooch.HTTPDownloader(progressbar=True, timeout=60)
        kept = pooch.os_cache("word2vec-lstm-imdb")
        downloader = pooch.create(kept, base_url="", registry={Path(URL).name: SHA256}, urls={Path(URL).name: URL})
        downloader.retry_if_failed = 3
        return Path(downloader.fetch(Path(URL).name, downloader=download))
    except requests.RequestException as error:
        raise InputError(
            f"{URL} cannot be downloaded ({type(error).__name__}); fetch it elsewhere and set IMDB_ARCHIVE to its"
            " absolute path, or run `make demo`, which needs no data"
        ) from None
    except ValueError as error:  # pooch's word for a wrong checksum
        raise InputError(f"{error} Fetch it by hand, or try again later") from None


def read(params: Params) -> dict[str, Table]:
    """Read the tables of the source that params.yaml names."""
    section = params.fetch
    if section.source == "sample":
        return sample_tables()
    if section.source == "corpus":
        return read_own(Path("corpus"), test_frac=section.test_frac, seed=section.seed)
    path = imdb_archive()
    tables, digest = read_archive(path)
    check_imdb(tables, digest, path)
    return tables


def main(params: Params) -> None:
    """Read, check, split, save, count."""
    tables = read(params)
    check_usable(tables, where=f"fetch.source = {params.fetch.source!r}", n_least=params.classify.batch_size)
    corpus = make_corpus(tables, valid_frac=params.fetch.valid_frac, seed=params.fetch.seed)
    corpus.save(Path("data"))
    figures = describe(corpus)
    write_json(Path("metrics/corpus.json"), figures)
    both = ", ".join(f"{n} in {pair.replace('_', ' and ')}" for pair, n in figures["texts_in_both"].items())
    print(", ".join(f"{split} {figures[split]['reviews']:,}" for split in tables) + f"; same texts: {both}")


if __name__ == "__main__":
    run("fetch", main)
