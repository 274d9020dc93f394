"""Reviews in aclImdb's layout, `{train,valid,test}/{pos,neg,unsup}/<id>_<rating>.txt`, in an archive or a folder."""

import hashlib
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from pipeline.core.errors import InputError
from pipeline.fetch.archive import read_files
from pipeline.fetch.reviews import SPLITS, batches_of

REVIEW = re.compile(r"(?:^|([^/]+)/)(pos|neg|unsup)/([^/]+)\.txt$", re.IGNORECASE)
FOLDERS = ("train", "valid", "test")
MOVIES = re.compile(r"(?:^|/)(train|test)/urls_(pos|neg|unsup)\.txt$")
NUMBERED = re.compile(r"(\d+)_(\d+)$")
TITLE = re.compile(r"tt\d+")
MAX_RATING = 127  # of an int8; the rating is 1 to 10 in the official files
LABELS = {"pos": 1, "neg": 0, "unsup": None}

Name = tuple[str, str, str]  # one of FOLDERS; pos, neg or unsup; the file's name without .txt


@dataclass
class Contents:
    """What an archive or a folder contains; the texts are in a file, in the order in which they came.

    Attributes:
        texts: by name, where the text is in the file: offset, number of bytes, SHA-256 of these.
        movies: by train or test and label, the movie of each number of a review, if there is a list of them.
    """

    texts: dict[Name, tuple[int, int, bytes]] = field(default_factory=dict)
    movies: dict[tuple[str, str], list[str | None]] = field(default_factory=dict)

    def counts(self) -> dict[str, tuple[int, int]]:
        """Return the number of reviews and of positive ones of train, unsup and test."""
        n_reviews, n_positive = (
            Counter(map(_split, self.texts)),
            Counter(name[0] for name in self.texts if name[1] == "pos"),
        )
        return {split: (n_reviews[split], n_positive[split]) for split in SPLITS}

    def digest(self) -> str:
        """Return the SHA-256 over the sorted lines `<split>/<label>/<file>` NUL hex SHA-256 of the file LF, in hex."""
        digest = hashlib.sha256()
        for name, (_, _, sha256) in sorted(self.texts.items()):
            digest.update(f"{'/'.join(name)}.txt\0{sha256.hex()}\n".encode())
        return digest.hexdigest()


def read_layout(path: Path, scratch: Path, check: Callable[[Contents], None] | None = None) -> Iterator[pa.RecordBatch]:
    """Yield reviews as batches with the columns of BATCH, sorted by test and train, label and file name as strings.

    Args:
        path: a tar archive, compressed or not, or a folder.
        scratch: a folder for a temporary file of all texts, as they come in another order.
        check: raises an error if the contents are not as expected.

    Raises:
        InputError: the archive is missing or truncated, or it contains a link, a path with `..`, a text that is not
            UTF-8, a rating above MAX_RATING, two reviews of one id, or no review; see `read_files` for its limits.
    """
    with tempfile.TemporaryFile(dir=scratch) as file:
        contents = _gather(path, file)
        if check:
            check(contents)
        yield from batches_of(_rows(path, contents, file))


def _gather(path: Path, file: IO[bytes]) -> Contents:
    contents = Contents()
    names: dict[Name, str] = {}
    for name, content in read_files(path):
        if match := REVIEW.search(name):
            sha256 = hashlib.sha256(content).digest()
            key = (match[1] or "").lower(), match[2].lower(), match[3]
            if key[0] not in FOLDERS:
                raise InputError(
                    f"{path}: {name} is in none of the folders train/, valid/ and test/; move {match[2]}/ into one,"
                    " or remove it"
                )
            if names.setdefault(key, name) != name:  # the same name again replaces the first, as in any tar archive
                raise InputError(f"{path}: {names[key]} and {name} have the same id; rename one, or remove it")
            contents.texts[key] = (file.tell(), len(content), sha256)
            file.write(content)
        elif match := MOVIES.search(name):
            titles = (TITLE.search(line) for line in _text(name, content, path).splitlines())
            contents.movies[match.group(1), match.group(2)] = [title and title.group() for title in titles]
    if not contents.texts:
        raise InputError(f"{path} has no reviews {{train,valid,test}}/{{pos,neg,unsup}}/*.txt; is it another archive?")
    return contents


def _split(name: Name) -> str:
    return "unsup" if name[1] == "unsup" else name[0]


def _rows(path: Path, contents: Contents, file: IO[bytes]) -> Iterator[dict[str, Any]]:
    for name, (offset, n_bytes, _) in sorted(contents.texts.items()):
        number, rating = _number_and_rating(name[2], path)
        movies = contents.movies.get(name[:2], [])
        file.seek(offset)
        yield {
            "id": "/".join(name),
            "label": LABELS[name[1]],
            "rating": rating or None,  # unsup files end in _0
            "movie": movies[number] if 0 <= number < len(movies) else None,
            "text": _text("/".join(name) + ".txt", file.read(n_bytes), path),
            "split": _split(name),
        }


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
