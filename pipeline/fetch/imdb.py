"""The Large Movie Review Dataset: where it comes from, and whether an archive has its reviews."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from pipeline.core.errors import InputError
from pipeline.fetch.download import download
from pipeline.fetch.layout import Contents, read_layout

# Source: Maas et al., Learning Word Vectors for Sentiment Analysis, 2011; their README.
IMDB_COUNTS = {"train": (25_000, 12_500), "unsup": (50_000, 0), "test": (25_000, 12_500)}
URL = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
SHA256 = "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe"  # of the archive
IMDB_DIGEST = "82d1afcbfd458e9596929f4ec299cba37f7c66ed0dcc22866f769a4330b24463"  # of the reviews, in any archive


def check_imdb(contents: Contents, path: Path) -> None:
    """Check that the contents are the official 100,000 reviews.

    Raises:
        InputError: the size or balance of a split, or the digest, is not the official one.
    """
    counts = contents.counts()
    for split, expected in IMDB_COUNTS.items():
        if counts[split] != expected:
            raise InputError(
                f"{path}: {split} has {counts[split][0]:,} reviews, {counts[split][1]:,} of them positive; the Large"
                f" Movie Review Dataset has {expected[0]:,} and {expected[1]:,}; use the official archive, or set"
                " fetch.source: corpus and put this one into corpus/"
            )
    digest = contents.digest()
    if digest != IMDB_DIGEST:
        raise InputError(
            f"{path}: the digest of the reviews is {digest}, the official one is {IMDB_DIGEST}: a text was"
            " changed; use the official archive"
        )


def download_imdb(given: str | None) -> Path:
    """Return the path of the archive: `given`, or the official one, downloaded once into the user cache.

    Args:
        given: the value of the environment variable IMDB_ARCHIVE, or None if it is not set.

    Raises:
        InputError: `given` is not the absolute path of a file, or the download fails.
    """
    if given is not None:
        path = Path(given)
        if not path.is_absolute() or not path.is_file():
            raise InputError(f"IMDB_ARCHIVE = {given!r} is not the absolute path of a file; correct it or unset it")
        return path
    remedy = (
        "try again later, or download it on another machine and set IMDB_ARCHIVE to its absolute path, or run"
        " `make demo`, which needs no data"
    )
    return download(URL, SHA256, remedy)


def read_imdb(path: Path, scratch: Path) -> Iterator[pa.RecordBatch]:
    """Yield the reviews of an archive as `read_layout` does, after a check that they are the official ones."""
    return read_layout(path, scratch, lambda contents: check_imdb(contents, path))
