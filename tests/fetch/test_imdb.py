"""aclImdb's layout, in an archive or a folder."""

import bz2
import gzip
import io
import lzma
import os
import tarfile
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipeline.core.errors import InputError
from pipeline.fetch.imdb import read_imdb
from pipeline.fetch.layout import read_layout
from pipeline.fetch.reviews import BATCH, COLUMNS, SPLITS
from tests.conftest import unpack

REVIEWS = {
    "train/pos/0_9": "Good.",
    "train/neg/0_2": "Bad.",
    "train/unsup/1_0": "Who knows?",
    "test/pos/10_10": "Fine.",
    "test/neg/2_1": "Poor.",
}


def read_archive(path):
    """Return the splits of an archive or folder as tables, and the digest of the contents."""
    digests = []
    with TemporaryDirectory() as scratch:
        batches = read_layout(path, Path(scratch), lambda contents: digests.append(contents.digest()))
        table = pa.Table.from_batches(batches, BATCH)
        assert not any(Path(scratch).iterdir())
    tables = {split: table.filter(pc.equal(table["split"], split)).select(COLUMNS.names) for split in SPLITS}
    return tables, digests[0]


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
    with pytest.raises(InputError, match="is missing; put the archive in its place"):
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


def test_other_reviews_are_not_imdb(archive, monkeypatch, tmp_path):
    path = archive()
    digest = read_archive(path)[1]
    with pytest.raises(InputError, match=r"train has 2 reviews, 1 of them positive; .* 25,000 and 12,500"):
        next(read_imdb(path, tmp_path))
    monkeypatch.setattr("pipeline.fetch.imdb.IMDB_COUNTS", {"train": (2, 1), "unsup": (1, 0), "test": (2, 1)})
    with pytest.raises(InputError, match=f"digest of the reviews is {digest}, the official"):
        next(read_imdb(path, tmp_path))
    monkeypatch.setattr("pipeline.fetch.imdb.IMDB_DIGEST", digest)
    assert next(read_imdb(path, tmp_path)).num_rows == 5


def sparse(size):
    """Return the blocks of a GNU sparse file that declares a size and has no content."""
    member = tarfile.TarInfo("aclImdb/train/pos/9_9.txt")
    member.type = tarfile.GNUTYPE_SPARSE
    block = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    block[386:482] = bytes(96)
    block[483:495] = tarfile.itn(size, 12, tarfile.GNU_FORMAT)
    block[148:156] = b"%06o\0 " % tarfile.calc_chksums(bytes(block))[0]
    return bytes(block) + bytes(1024)


def header(**values):
    member = tarfile.TarInfo("aclImdb/train/pos/9_9.txt")
    for key, value in values.items():
        setattr(member, key, value)
    return member.tobuf(tarfile.GNU_FORMAT, errors="surrogateescape") + bytes(1024)


def pax(**records):
    member = tarfile.TarInfo("aclImdb/train/pos/9_9.txt")
    member.pax_headers = records
    return member.tobuf(tarfile.PAX_FORMAT) + bytes(1024)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (sparse(1 << 50), "9_9.txt' is a sparse file"),
        (sparse(100), "9_9.txt' is a sparse file"),
        (header(size=1 << 50), "has 1,125,899,906,842,624 bytes, a review at most 16,777,216"),
        (header(size=1 << 50, name="x"), "'x' has 1,125,899,906,842,624 bytes"),
        (header(name="train/pos/\udcff.txt"), "is not UTF-8; rename the file"),
        (header(type=tarfile.FIFOTYPE), "is a link or device"),
        (header(name="train/pos/0_2024.txt"), "the rating in '0_2024' is above 127"),
        (header(name="train/pos/0_" + "9" * 50 + ".txt"), "is above 127"),
        (pax(**{"GNU.sparse.map": "1,x"}), "truncated or not a tar archive"),
        (pax(**{"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.size": "x"}), "not a tar archive"),
        (pax(path="train/pos/0_2024.txt"), "the rating in '0_2024' is above 127"),
        (pax(size=str(1 << 60)), "a review at most"),
        (pax(size="-5"), "a review at most|truncated or not|has no reviews"),  # by version of Python
        (header(type=tarfile.XHDTYPE, size=512)[:512] + b"7 a=b\n\n".ljust(512, b"\0") * 3, "not a tar|no rev"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_hostile_header_is_refused_at_once(tmp_path, content, message, suffix):
    path = tmp_path / f"a.tar{suffix}"
    path.write_bytes(gzip.compress(content) if suffix else content)
    with pytest.raises(InputError, match=message):
        read_archive(path)


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_an_archive_that_unpacks_to_far_more_than_its_size_is_refused(tmp_path, compress):
    def bomb(name, n_files):
        content = b"".join(header(size=1 << 23, name=name)[:512] + bytes(1 << 23) for _ in range(n_files))
        (tmp_path / "a").write_bytes(compress(content))

    bomb("train/pos/0_1.txt", 10)
    tracemalloc.start()
    with pytest.raises(InputError, match="unpacks to far more than its size"):
        read_archive(tmp_path / "a")
    assert tracemalloc.get_traced_memory()[1] < 1 << 26
    tracemalloc.stop()


def test_an_archive_is_not_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "a.tar")
    with pytest.raises(InputError, match=r"a.tar is a folder or a device, not a file; remove it, then put the archive"):
        read_archive(tmp_path / "a.tar")


def test_a_name_of_many_digits_has_no_movie(archive):
    name = "aclImdb/test/neg/" + "9" * 90 + "_3.txt"
    tables, _ = read_archive(archive((name, b"Long.", {})))
    assert [row["movie"] for row in tables["test"].to_pylist() if row["text"] == "Long."] == [None]


def test_a_folder_has_no_links_and_pipes(archive, tmp_path):
    unpack(archive(), tmp_path / "folder")
    place = tmp_path / "folder" / "aclImdb" / "train" / "pos"
    (place / "7_8.txt").mkdir()
    assert read_archive(tmp_path / "folder")[1] == read_archive(tmp_path / "a.tar.gz")[1]
    for make, message in (
        (lambda path: path.symlink_to("/etc/passwd"), "5_6.txt is a link; copy what it points to"),
        (lambda path: path.symlink_to("/etc"), "5_6.txt is a link; copy what it points to"),
        (os.mkfifo, "5_6.txt is a folder or a device"),
    ):
        make(place / "5_6.txt")
        with pytest.raises(InputError, match=message):
            read_archive(tmp_path / "folder")
        (place / "5_6.txt").unlink()
    (tmp_path / "folder" / "big.txt").touch()
    os.truncate(tmp_path / "folder" / "big.txt", 1 << 40)
    with pytest.raises(InputError, match=r"'big.txt' has 1,099,511,627,776 bytes"):
        read_archive(tmp_path / "folder")


def test_files_that_macos_adds_are_not_read_and_suffixes_may_be_in_upper_case(archive, tmp_path):
    hidden = ("aclImdb/train/pos/._1_2.txt", "__MACOSX/aclImdb/train/pos/3_4.txt", ".x/train/pos/5_6.txt")
    unpack(archive(*((name, b"\0Mac OS X", {}) for name in hidden)), tmp_path / "folder")
    plain = read_archive(archive())[1]
    assert read_archive(tmp_path / "folder")[1] == plain
    assert read_archive(archive(*((name, b"\0Mac OS X", {}) for name in hidden)))[1] == plain
    more = read_archive(archive(("aclImdb/train/pos/1_2.txt", b"more", {})))[1]
    assert read_archive(archive(("aclImdb/train/pos/1_2.TXT", b"more", {})))[1] == more
    (tmp_path / "folder/aclImdb/train/pos/1_2.TXT").write_bytes(b"more")
    assert read_archive(tmp_path / "folder")[1] == more


def test_two_reviews_of_one_name_are_named(archive):
    name = next(iter(REVIEWS))
    with pytest.raises(InputError, match=f"aclImdb/{name}.txt and copy/{name}.txt have the same id"):
        read_archive(archive((f"copy/{name}.txt", b"another text", {})))


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_an_archive_that_lacks_its_end_or_has_a_damaged_header_is_not_taken_for_whole(archive, tmp_path, suffix):
    whole = gzip.decompress(archive().read_bytes())
    second = 1024  # each member has a block of its header and one of its content
    flipped = bytearray(whole)
    flipped[second + 148] ^= 1
    zeros = whole[:second] + bytes(512) + whole[second + 512 :]
    path = tmp_path / f"b.tar{suffix}"
    for content in (whole[:second], whole[: second + 100], bytes(flipped), zeros, whole + whole):
        path.write_bytes(gzip.compress(content) if suffix else content)
        with pytest.raises(InputError, match="is truncated or not a tar archive"):
            read_archive(path)


@pytest.mark.parametrize("damage", [lambda b: b[:-8], lambda b: b[:-8] + bytes(8)])
def test_the_checksum_of_a_compressed_archive_is_read(archive, damage):
    path = archive()
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match="is truncated or not a tar archive"):
        read_archive(path)
