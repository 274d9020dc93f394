"""A server that stalls, breaks off, redirects, or sends something else than the archive."""

import hashlib
import http.server
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pooch
import pytest

from pipeline.core.errors import InputError
from pipeline.fetch import download, imdb
from pipeline.fetch.imdb import download_imdb

ARCHIVE = np.random.default_rng(0).bytes(300_000)
Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


class Server(http.server.ThreadingHTTPServer):
    """A server on this machine whose answers are given by path; it counts the requests of each."""

    daemon_threads = True

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.closing = threading.Event()
        super().__init__(("127.0.0.1", 0), Handler)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as the server was told."""

    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.answers[self.path](self)

    def log_message(self, *arguments: object) -> None:
        pass


def send(handler: http.server.BaseHTTPRequestHandler, content: bytes, length: int | None = None) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content) if length is None else length))
    handler.end_headers()
    handler.wfile.write(content)
    handler.wfile.flush()


def whole(handler: http.server.BaseHTTPRequestHandler) -> None:
    send(handler, ARCHIVE)


def broken_at(n_bytes: int, *, reset: bool = False) -> Answer:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        send(handler, ARCHIVE[:n_bytes], len(ARCHIVE))
        if reset:  # the connection is not closed but dropped
            linger = b"\1\0\0\0\0\0\0\0"
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        handler.connection.close()

    return answer


def stalled_at(n_bytes: int) -> Answer:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        send(handler, ARCHIVE[:n_bytes], len(ARCHIVE))
        handler.server.closing.wait(60)  # type: ignore[attr-defined]

    return answer


def dripping(handler: http.server.BaseHTTPRequestHandler) -> None:
    """Some bytes now and then, so that no single wait is too long."""
    send(handler, b"", len(ARCHIVE))
    for start in range(0, len(ARCHIVE), 30):
        if handler.server.closing.wait(0.01):  # type: ignore[attr-defined]
            return
        try:
            handler.wfile.write(ARCHIVE[start : start + 30])
        except OSError:
            return


def status(number: int, **headers: str) -> Answer:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(number)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(b"<html>Sorry</html>")

    return answer


def page(handler: http.server.BaseHTTPRequestHandler) -> None:
    send(handler, b"<html>Please sign in to this network</html>")


def one_byte_changed(handler: http.server.BaseHTTPRequestHandler) -> None:
    send(handler, ARCHIVE[:1000] + bytes([ARCHIVE[1000] ^ 1]) + ARCHIVE[1001:])


def no_http(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"\0\1\2 not HTTP at all\r\n")
    handler.connection.close()


FAULTS = {  # the answer, and what the error says
    "stalls before the first byte": (stalled_at(0), "cannot be downloaded"),
    "stalls in the middle": (stalled_at(150_000), "cannot be downloaded"),
    "drips": (dripping, "cannot be downloaded"),
    "breaks at the first byte": (broken_at(0), "cannot be downloaded"),
    "breaks in the middle": (broken_at(150_000), "cannot be downloaded"),
    "breaks before the last byte": (broken_at(len(ARCHIVE) - 1), "cannot be downloaded"),
    "resets the connection": (broken_at(150_000, reset=True), "cannot be downloaded"),
    "has no such file": (status(404), "404"),
    "is out of order": (status(503), "503"),
    "redirects in a circle": (status(302, Location="/archive.tar.gz"), "cannot be downloaded"),
    "redirects to nothing": (status(302, Location="http://127.0.0.1:9/"), "cannot be downloaded"),
    "redirects to a file of this machine": (status(302, Location="file:///etc/passwd"), "cannot be downloaded"),
    "serves a page": (page, "SHA-256"),
    "changes a byte": (one_byte_changed, "SHA-256"),
    "serves nothing": (lambda handler: send(handler, b""), "SHA-256"),
    "speaks another protocol": (no_http, "cannot be downloaded"),
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """A server that plays Stanford's, an empty cache, and short waits."""
    served = Server()
    threading.Thread(target=served.serve_forever, daemon=True).start()
    monkeypatch.setattr(imdb, "URL", served.url("/archive.tar.gz"))
    monkeypatch.setattr(imdb, "SHA256", hashlib.sha256(ARCHIVE).hexdigest())
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / name)
    monkeypatch.setattr(download, "PATIENCE", 1.0)
    monkeypatch.setattr(download, "LEAST_RATE", 10_000.0)
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # pooch waits between two tries
    yield served
    served.closing.set()
    served.shutdown()
    served.server_close()


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_given_archive_is_used(tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz").write_text("")
    assert download_imdb(str(tmp_path / "a.tar.gz")) == tmp_path / "a.tar.gz"


@pytest.mark.parametrize("given", ["", "a.tar.gz", "/nosuch/a.tar.gz"])
def test_a_given_archive_must_be_the_absolute_path_of_a_file(given: str) -> None:
    with pytest.raises(InputError, match=f"IMDB_ARCHIVE = {given!r} is not the absolute path of a file"):
        download_imdb(given)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_download_that_fails_is_named_and_leaves_nothing(server: Server, tmp_path: Path, fault: str) -> None:
    answer, said = FAULTS[fault]
    server.answers["/archive.tar.gz"] = answer
    started = time.monotonic()
    with pytest.raises(InputError) as caught:
        download_imdb(None)
    assert said in str(caught.value)
    assert "set IMDB_ARCHIVE" in str(caught.value)
    assert "make demo" in str(caught.value)
    assert time.monotonic() - started < 30
    assert len(server.asked) % (download.N_RETRIES + 1) == 0  # a redirection in a circle asks more often at each try
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("fault", ["breaks in the middle", "stalls in the middle", "is out of order", "serves a page"])
def test_a_fault_that_passes_is_survived(server: Server, fault: str) -> None:
    answers = iter([FAULTS[fault][0], whole])
    server.answers["/archive.tar.gz"] = lambda handler: next(answers)(handler)
    assert download_imdb(None).read_bytes() == ARCHIVE
    assert len(server.asked) == 2


def test_a_redirection_to_the_archive_is_followed(server: Server) -> None:
    server.answers["/archive.tar.gz"] = status(302, Location="/elsewhere")
    server.answers["/elsewhere"] = whole
    assert download_imdb(None).read_bytes() == ARCHIVE


@pytest.mark.parametrize("fault", ["stalls in the middle", "serves a page"])
def test_a_finished_archive_is_not_downloaded_again(server: Server, fault: str) -> None:
    server.answers["/archive.tar.gz"] = whole
    first = download_imdb(None)
    server.answers["/archive.tar.gz"] = FAULTS[fault][0]
    assert download_imdb(None) == first
    assert first.read_bytes() == ARCHIVE
    assert len(server.asked) == 1


@pytest.mark.faults
def test_a_connection_that_breaks_at_a_random_byte(server: Server, rng: np.random.Generator, tmp_path: Path) -> None:
    for n_bytes in rng.integers(0, len(ARCHIVE), 50).tolist():
        server.answers["/archive.tar.gz"] = broken_at(n_bytes, reset=bool(n_bytes % 2))
        with pytest.raises(InputError, match="cannot be downloaded"):
            download_imdb(None)
        assert files_in(tmp_path) == []
