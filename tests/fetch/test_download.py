"""Where the archive comes from, and what is said when it does not."""

import hashlib
from pathlib import Path

import pooch
import pytest
import requests

from pipeline.core.errors import InputError
from stages import fetch


@pytest.fixture(autouse=True)
def no_archive(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("IMDB_ARCHIVE", raising=False)
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / name)


def served(monkeypatch: pytest.MonkeyPatch, content: bytes) -> list[str]:
    """Have pooch's download write `content`; return the list that the addresses asked for go into."""
    asked: list[str] = []

    def download(self: object, url: str, output_file: str, pooch: object, check_only: bool = False) -> None:
        asked.append(url)
        Path(output_file).write_bytes(content)

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", download)
    return asked


def test_the_archive_that_is_named_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.tar.gz").write_text("")
    monkeypatch.setenv("IMDB_ARCHIVE", str(tmp_path / "a.tar.gz"))
    assert fetch.imdb_archive() == tmp_path / "a.tar.gz"


@pytest.mark.parametrize("named", ["", "a.tar.gz", "/nosuch/a.tar.gz"])
def test_a_name_that_is_no_absolute_path_of_a_file_is_refused(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMDB_ARCHIVE", named)
    with pytest.raises(InputError, match=f"IMDB_ARCHIVE = {named!r} is not the absolute path of a file"):
        fetch.imdb_archive()


def test_it_is_downloaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = served(monkeypatch, b"archive")
    monkeypatch.setattr(fetch, "SHA256", hashlib.sha256(b"archive").hexdigest())
    first = fetch.imdb_archive()
    assert first.read_bytes() == b"archive"
    assert fetch.imdb_archive() == first
    assert asked == [fetch.URL]


def test_a_wrong_checksum_is_named_after_retries_and_nothing_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = served(monkeypatch, b"cut")
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with pytest.raises(InputError, match="hash"):
        fetch.imdb_archive()
    assert len(asked) == 4
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_without_a_network_the_message_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise requests.ConnectionError("no route")

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", fail)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with pytest.raises(InputError, match=r"cannot be downloaded \(ConnectionError\); .* set IMDB_ARCHIVE .*make demo"):
        fetch.imdb_archive()
