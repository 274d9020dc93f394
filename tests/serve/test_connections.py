"""Clients that hang up, send half a request or come in crowds, over real sockets."""

import asyncio
import gzip
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from pipeline.serve import server
from pipeline.serve.connections import MAX_WAITING, _serve
from pipeline.serve.server import application, listen

PATIENCE = 0.5
PAGE = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Slow:
    """A predictor that takes a moment and counts its calls."""

    similar = None

    def __init__(self) -> None:
        self.n_calls, self.seconds = 0, 0.1
        self.baselines: dict[str, Any] = {}
        self.lstms: dict[str, Any] = {}

    def predict(self, text: str) -> dict[str, Any]:
        self.n_calls += 1
        time.sleep(self.seconds)
        return {"text": text}


@pytest.fixture
def predictor() -> Slow:
    return Slow()


@pytest.fixture
def served(predictor: Slow) -> Callable[[Callable[[int], Awaitable[Any]]], Any]:
    """Run something with the port of the page: served(lambda port: ...)."""

    def run(work: Callable[[int], Awaitable[Any]]) -> Any:
        async def inside() -> Any:
            with listen("127.0.0.1", 0) as listening:
                page = asyncio.create_task(_serve(application(predictor), listening, PATIENCE))  # type: ignore[arg-type]
                try:
                    return await asyncio.wait_for(work(listening.getsockname()[1]), 60)
                finally:
                    page.cancel()
                    (ended,) = await asyncio.gather(page, return_exceptions=True)
                    assert isinstance(ended, asyncio.CancelledError)

        return asyncio.run(inside())

    return run


def request(text: str, host: str = "localhost", length: int | None = None) -> bytes:
    body = json.dumps({"text": text}).encode()
    n_bytes = len(body) if length is None else length
    head = ("POST /predict HTTP/1.1", f"Host: {host}", "Content-Type: application/json", f"Content-Length: {n_bytes}")
    return "\r\n".join([*head, "", ""]).encode() + body


async def send(port: int, content: bytes) -> Streams:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(content)
    await writer.drain()
    return reader, writer


async def status(streams: Streams) -> int:
    line = await streams[0].readline()
    streams[1].close()
    return int(line.split()[1])


@pytest.mark.parametrize("body", [gzip.compress(b'{"text": "good"}'), gzip.compress(bytes(1 << 24)), b"no gzip"])
def test_a_compressed_body_is_not_unpacked(served: Any, predictor: Slow, body: bytes) -> None:
    head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
    content = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    async def work(port: int) -> int:
        return await status(await send(port, content))

    assert served(work) == 400
    assert predictor.n_calls == 0


def test_nothing_is_computed_for_clients_that_have_left(served: Any, predictor: Slow) -> None:
    async def work(port: int) -> int:
        first = await send(port, request("first"))
        await asyncio.sleep(0.05)
        left = [await send(port, request(f"left {i}")) for i in range(30)]
        for _, writer in left:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for _, writer in left), return_exceptions=True)
        last = await send(port, request("last"))
        return await status(first) + await status(last)

    assert served(work) == 400
    assert predictor.n_calls < 15  # a client may leave just as its turn comes, and news of it may take a moment


@pytest.mark.parametrize("half", [b"", b"GET / HT", PAGE[:-2], PAGE, PAGE + b"GET / HT"])
def test_a_connection_without_a_whole_request_is_closed(served: Any, half: bytes) -> None:
    async def work(port: int) -> float:
        reader, writer = await send(port, half)
        started = time.perf_counter()
        await reader.read()  # to its end
        writer.close()
        return time.perf_counter() - started

    assert served(work) < 20 * PATIENCE


def test_a_body_that_does_not_arrive_is_refused(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PATIENCE", PATIENCE)

    async def work(port: int) -> int:
        return await status(await send(port, request("half", length=1000)))

    assert served(work) == 408


def test_a_slow_answer_is_not_cut_off(served: Any, predictor: Slow) -> None:
    predictor.seconds = 3 * PATIENCE

    async def work(port: int) -> int:
        return await status(await send(port, request("slow")))

    assert served(work) == 200


def test_a_client_that_goes_on_asking_is_not_cut_off(served: Any) -> None:
    async def work(port: int) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        n_answers, until = 0, time.perf_counter() + 4 * PATIENCE
        while time.perf_counter() < until:
            writer.write(PAGE)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split()[0]))
            n_answers += 1
            await asyncio.sleep(PATIENCE / 10)
        writer.close()
        return n_answers

    assert served(work) > 3


def test_a_crowd_is_answered_or_refused(served: Any, predictor: Slow) -> None:
    predictor.seconds = 0.02

    async def work(port: int) -> list[int]:
        clients = [await send(port, request(f"{i}")) for i in range(MAX_WAITING + 20)]
        return [await status(client) for client in clients]

    answers = served(work)
    assert set(answers) <= {200, 503}
    assert answers.count(200) >= MAX_WAITING


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", 200),
        ("LOCALHOST:80", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("localhost:abc", 421),
        ("localhost:99999999", 421),
        ("localhost.other.example", 421),
        ("localhost@other.example", 421),
        ("[", 421),
        ("", 421),
        ("\xe9", 421),
    ],
)
def test_only_a_host_of_this_machine_is_answered(served: Any, host: str, expected: int) -> None:
    async def work(port: int) -> int:
        return await status(await send(port, request("good", host)))

    assert served(work) in (expected, 400 if expected == 421 else expected)
