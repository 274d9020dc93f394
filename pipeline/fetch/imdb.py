"""The Large Movie Review Dataset: its archive, and its layout `{train,test}/{pos,neg,unsup}/<id>_<rating>.txt`."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from pipeline.core.errors import InputError
from pipeline.fetch.archive import read_files
from pipeline.fetch.corpus import COLUMNS, SPLITS
from pipeline.fetch.download import download

REVIEW = re.compile(r"(?:^|/)(train|test)/(pos|neg|unsup)/([^/]+)\.txt$")
MOVIES = re.compile(r"(?:^|/)(train|test)/urls_(pos|neg|unsup)\.txt$")
NUMBERED = re.compile(r"(\d+)_(\d+)$")
TITLE = re.compile(r"tt\d+")
MAX_RATING = 127  # of an int8; the rating is 1 to 10 in the official files
LABELS = {"pos": 1, "neg": 0, "unsup": None}

# Source: Maas et al., Learning Word Vectors for Sentiment Analysis, 2011; their README.
IMDB_COUNTS = {"train": (25_000, 12_500), "unsup": (50_000, 0), "test": (25_000, 12_500)}
# sha256 over the sorted lines `<split>/<label>/<file>` NUL hex sha256 of the file LF: the reviews, in any archive.
URL = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
SHA256 = "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe"  # of the archive
IMDB_DIGEST = "82d1afcbfd458e9596929f4ec299cba37f7c66ed0dcc22866f769a4330b24463"


def _text(name: str, content: bytes, path: Path) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: {name} is not UTF-8 ({error}); convert it or use the official archive") from None


def _number_and_rating(stem: str, path: Path) -> tuple[int, int]:
    """Return the numbers of a name like 12_8; -1 and 0 of another name."""
    match = NUMBERED.match(stem)
    if not match:
        return -1, 0
    number, rating = (digits.lstrip("0") or "0" for digits in match.groups())
    if len(rating) > 3 or int(rating) > MAX_RATING:
        raise InputError(
            f"{path}: the rating in {stem[-40:]!r} is above {MAX_RATING}; a review is called 12_8.txt, say"
        )
    return int(number) if len(number) < 10 else -1, int(rating)


def read_archive(path: Path) -> tuple[dict[str, pa.Table], str]:
    """Read reviews in aclImdb's layout, in one pass and without unpacking.

    Args:
        path: a tar archive, compressed or not, or a folder.

    Returns: tables `train`, `unsup` and `test` (empty if the archive has none), sorted by split, label and file name
        as strings, and the digest of the contents in hex.

    Raises:
        InputError: the archive is missing or truncated, or it contains a link, a path with `..`, a text that is not
            UTF-8, a rating above MAX_RATING, or no review; see `read_files` for its limits.
    """
    contents: dict[tuple[str, str, str], bytes] = {}
    movies: dict[tuple[str, str], list[str | None]] = {}
    for name, content in read_files(path):
        if match := REVIEW.search(name):
            contents[match.group(1), match.group(2), match.group(3)] = content
        elif match := MOVIES.search(name):
            titles = (TITLE.search(line) for line in _text(name, content, path).splitlines())
            movies[match.group(1), match.group(2)] = [title and title.group() for title in titles]
    if not contents:
        raise InputError(f"{path} has no reviews {{train,test}}/{{pos,neg,unsup}}/*.txt; is it another archive?")
    digest = hashlib.sha256()
    rows: dict[str, list[dict[str, object]]] = {split: [] for split in SPLITS}
    for (split, label, stem), content in sorted(contents.items()):
        name = f"{split}/{label}/{stem}"
        digest.update(f"{name}.txt\0{hashlib.sha256(content).hexdigest()}\n".encode())
        number, rating = _number_and_rating(stem, path)
        titles_of = movies.get((split, label), [])
        rows["unsup" if label == "unsup" else split].append(
            {
                "id": name,
                "label": LABELS[label],
                "rating": rating or None,  # unsup files end in _0
                "movie": titles_of[number] if 0 <= number < len(titles_of) else None,
                "text": _text(name + ".txt", content, path),
            }
        )
    return {split: pa.Table.from_pylist(rows[split], COLUMNS) for split in SPLITS}, digest.hexdigest()


def check_imdb(tables: Mapping[str, pa.Table], digest: str, path: Path) -> None:
    """Check that the tables are the official 100,000 reviews.

    Raises:
        InputError: the size or balance of a split, or the digest, is not the official one.
    """
    for split, expected in IMDB_COUNTS.items():
        labels = tables[split]["label"].to_pylist()
        actual = (len(labels), labels.count(1))
        if actual != expected:
            raise InputError(
                f"{path}: {split} has {actual[0]:,} reviews, {actual[1]:,} of them positive; the Large Movie Review"
                f" Dataset has {expected[0]:,} and {expected[1]:,}; use the official archive, or set fetch.source:"
                " corpus and put this one into corpus/"
            )
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


def read_imdb(path: Path) -> dict[str, pa.Table]:
    """Read an archive and check that its reviews are the official ones."""
    tables, digest = read_archive(path)
    check_imdb(tables, digest, path)
    return tables
