"""aclImdb's layout, in an archive or a folder."""

import io
import tarfile

import pytest

from pipeline.core.errors import InputError
from pipeline.fetch.imdb import check_imdb, read_archive
from tests.conftest import unpack

REVIEWS = {
    "train/pos/0_9": "Good.",
    "train/neg/0_2": "Bad.",
    "train/unsup/1_0": "Who knows?",
    "test/pos/10_10": "Fine.",
    "test/neg/2_1": "Poor.",
}


def add(tar, name, content, **changes):
    member = tarfile.TarInfo(name)
    member.size = len(content)
    for key, value in changes.items():
        setattr(member, key, value)
    tar.addfile(member, io.BytesIO(content))


@pytest.fixture
def archive(tmp_path):
    """Make a function that writes an archive of REVIEWS, with extra members on demand."""

    def make(*extra):
        path = tmp_path / "a.tar.gz"
        with tarfile.open(path, "w:gz") as tar:
            for name, text in REVIEWS.items():
                add(tar, f"aclImdb/{name}.txt", text.encode())
            add(tar, "aclImdb/train/urls_pos.txt", b"http://www.imdb.com/title/tt0453418/usercomments\n")
            for name, content, changes in extra:
                add(tar, name, content, **changes)
        return path

    return make


def test_reads_labels_ratings_and_movies(archive):
    tables, digest = read_archive(archive())
    assert tables["train"].to_pylist() == [
        {"id": "train/neg/0_2", "label": 0, "rating": 2, "movie": None, "text": "Bad."},
        {"id": "train/pos/0_9", "label": 1, "rating": 9, "movie": "tt0453418", "text": "Good."},
    ]
    assert tables["unsup"]["label"].to_pylist() == [None]
    assert tables["unsup"]["rating"].to_pylist() == [None]
    assert tables["test"]["label"].to_pylist() == [0, 1]
    assert len(digest) == 64


def test_a_folder_reads_as_its_archive(archive, tmp_path):
    unpack(archive(), tmp_path / "folder")
    from_folder, digest = read_archive(tmp_path / "folder")
    tables, same = read_archive(tmp_path / "a.tar.gz")
    assert digest == same
    assert from_folder == tables


def test_any_change_changes_the_digest(archive, tmp_path):
    digests = {read_archive(archive())[1], read_archive(archive(("aclImdb/test/neg/2_1.txt", b"Poor!", {})))[1]}
    assert len(digests) == 2


@pytest.mark.parametrize(
    ("member", "message"),
    [
        (("../evil.txt", b"", {}), r"'../evil.txt' is a path out of the archive"),
        (("/etc/x.txt", b"", {}), r"'/etc/x.txt' is a path out"),
        (("l", b"", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}), r"'l' is a link"),
        (("aclImdb/train/pos/7_8.txt", b"\xff\xfe", {}), r"train/pos/7_8.txt is not UTF-8"),
    ],
)
def test_a_bad_member_is_named(archive, member, message):
    with pytest.raises(InputError, match=message):
        read_archive(archive(member))


def test_a_missing_truncated_or_other_archive_is_named(archive, tmp_path):
    with pytest.raises(InputError, match="does not exist; set IMDB_ARCHIVE"):
        read_archive(tmp_path / "absent.tar.gz")
    path = archive()
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match="truncated"):
        read_archive(path)
    path.write_bytes(b"not a tar")
    with pytest.raises(InputError, match="truncated or not a tar archive"):
        read_archive(path)
    with tarfile.open(path, "w:gz") as tar:
        add(tar, "readme", b"")
    with pytest.raises(InputError, match="has no reviews"):
        read_archive(path)


def test_other_reviews_are_not_imdb(archive, monkeypatch):
    path = archive()
    tables, digest = read_archive(path)
    with pytest.raises(InputError, match=r"train has 2 reviews, 1 of them positive; .* 25,000 and 12,500"):
        check_imdb(tables, digest, path)
    counts = {"train": (2, 1), "unsup": (1, 0), "test": (2, 1)}
    monkeypatch.setattr("pipeline.fetch.imdb.IMDB_COUNTS", counts)
    with pytest.raises(InputError, match=f"digest of the reviews is {digest}, the official"):
        check_imdb(tables, digest, path)
