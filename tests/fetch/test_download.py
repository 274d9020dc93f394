"""Where the archive comes from, and the errors if it does not come."""

import hashlib
from pathlib import Path
from typing import BinaryIO

import pooch
import pytest
import requests

from pipeline.core.errors import InputError
from pipeline.fetch import imdb
from pipeline.fetch.imdb import download_imdb


@pytest.fixture(autouse=True)
def empty_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / name)


def served(monkeypatch: pytest.MonkeyPatch, content: bytes) -> list[str]:
    """Make pooch's download write `content`; return the list of the requested addresses."""
    asked: list[str] = []

    def download(self: object, url: str, output_file: BinaryIO, pooch: object) -> None:
        asked.append(url)
        output_file.write(content)

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", download)
    return asked


def test_a_given_archive_is_used(tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz").write_text("")
    assert download_imdb(str(tmp_path / "a.tar.gz")) == tmp_path / "a.tar.gz"


@pytest.mark.parametrize("given", ["", "a.tar.gz", "/nosuch/a.tar.gz"])
def test_a_given_archive_must_be_the_absolute_path_of_a_file(given: str) -> None:
    with pytest.raises(InputError, match=f"IMDB_ARCHIVE = {given!r} is not the absolute path of a file"):
        download_imdb(given)


def test_it_is_downloaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = served(monkeypatch, b"archive")
    monkeypatch.setattr(imdb, "SHA256", hashlib.sha256(b"archive").hexdigest())
    first = download_imdb(None)
    assert first.read_bytes() == b"archive"
    assert download_imdb(None) == first
    assert asked == [imdb.URL]


def test_a_wrong_checksum_is_an_error_after_retries_and_leaves_no_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = served(monkeypatch, b"cut")
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with pytest.raises(InputError, match=r"served something else: its hash is not the SHA-256 .* set IMDB_ARCHIVE"):
        download_imdb(None)
    assert len(asked) == 4
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_without_a_network_the_error_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise requests.ConnectionError("no route")

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", fail)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with pytest.raises(InputError, match=r"cannot be downloaded \(ConnectionError\); .* set IMDB_ARCHIVE .*make demo"):
        download_imdb(None)
