"""The official test split of IMDB, known by a digest of each text, for copies that come without it.

imdb_test.npy has 4 bytes per test review, sorted; a text that occurs twice is there twice. Two normalized texts of the
50,000 labelled reviews share a digest only if they are equal, which `tests/fetch/test_official.py` checks with the
archive.
"""

from collections.abc import Iterable
from functools import cache
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

PATH = Path(__file__).with_name("imdb_test.npy")
KEPT = b"abcdefghijklmnopqrstuvwxyz0123456789"
DROPPED = bytes(set(range(256)) - set(KEPT))
LEAST_SHARE = 0.01  # of the test reviews, from which on a corpus is worth a remark


@cache
def official_texts() -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the digests of the distinct official test texts, uint32, sorted, and how often each occurs."""
    digests, counts = np.unique(np.load(PATH, allow_pickle=False), return_counts=True)
    return digests, counts


def normalized(text: bytes) -> bytes:
    """Return the ASCII letters, in lower case, and digits of a text in UTF-8.

    Copies differ in white space, line breaks as `<br />` and quotes, and some have wrongly decoded characters.
    """
    return text.lower().replace(b"<br />", b"").translate(None, DROPPED)


def normalized_digests(texts: Iterable[bytes]) -> NDArray[np.uint32]:
    """Return 4 bytes of BLAKE2 of each text when it is normalized, uint32 [n_texts]."""
    return np.frombuffer(b"".join(blake2b(normalized(text), digest_size=4).digest() for text in texts), "<u4")


def find_official(texts: pa.Array) -> NDArray[np.int32]:
    """Return which of the distinct official test texts each text is, int32 [n_texts]; -1 for another text."""
    digests, _ = official_texts()
    own = normalized_digests(texts.cast(pa.binary()).to_pylist())
    places = np.minimum(np.searchsorted(digests, own), len(digests) - 1)
    return np.where(digests[places] == own, places, -1).astype(np.int32)


def official_rows(texts: NDArray[np.int32]) -> NDArray[np.bool_] | None:
    """Choose the rows of the official test split, bool [n_rows]; None unless each of its texts is there.

    Of a text that occurs more often than in the official split, the first rows are chosen: the rest are duplicates in
    train, of which the official split has some, too.

    Args:
        texts: as of `find_official`.
    """
    _, counts = official_texts()
    rows = np.flatnonzero(texts >= 0)
    order = rows[np.argsort(texts[rows], kind="stable")]
    distinct, first, inverse = np.unique(texts[order], return_index=True, return_inverse=True)
    if len(distinct) < len(counts):
        return None
    chosen = np.zeros(len(texts), np.bool_)
    chosen[order[np.arange(len(order)) - first[inverse] < counts[texts[order]]]] = True
    return chosen


def describe_test(texts: NDArray[np.int32], in_test: NDArray[np.bool_], chosen: str) -> str:
    """Return how the test split came about, and whether it is the official one of IMDB.

    Args:
        texts: as of `find_official`.
        in_test: whether a review is in test, bool [n_rows].
        chosen: "as given", "restored" or "random".
    """
    _, counts = official_texts()
    if chosen == "restored":
        return "official IMDB, restored"
    if np.array_equal(np.sort(texts[in_test]), np.repeat(np.arange(len(counts)), counts)):
        return "official IMDB"
    n_known, n_train = (len(np.unique(part[part >= 0])) for part in (texts, texts[~in_test]))
    if n_known < LEAST_SHARE * len(counts):
        return chosen
    return f"{chosen}, with {n_known:,} of the {len(counts):,} test texts of IMDB, {n_train:,} of them in train"
