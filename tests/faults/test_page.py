"""The page under load: many who type at once, beside clients that are slow, broken, large or from elsewhere."""

import asyncio
import contextlib
import json
import re
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import psutil
import pytest

from tests.conftest import Project

REVIEW = "although the cast was dull , this film has a witty plot and I was never bored by it , not even once"
WORDS = REVIEW.split(" ")
Rng = np.random.Generator
REFUSED = {  # what a bad request is answered with
    "a body of 1 MB": {413},
    "another host": {421},
    "from another site, as text": {415},
    "from another site, a preflight": {405},
    "not JSON": {400},
    "another path": {404},
    "half a request": {0, 400, 408},  # 0: closed without an answer
    "slow, a byte now and then": {0, 200, 400, 408},
}


@dataclass
class Counts:
    """What came back."""

    seconds: list[float] = field(default_factory=list)  # of each right answer
    answers: dict[str, Any] = field(default_factory=dict)  # by review, the same for everybody
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def post(text: str, host: str = "localhost", kind: str = "application/json", more: str = "") -> bytes:
    body = json.dumps({"text": text}).encode()
    head = (
        f"POST /predict HTTP/1.1\r\nHost: {host}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    )
    return head.encode() + body


BAD = {
    "a body of 1 MB": post("x" * 1_000_000),
    "another host": post("good", host="rebound.example"),
    "from another site, as text": post("good", kind="text/plain", more="Origin: https://other.example\r\n"),
    "from another site, a preflight": b"OPTIONS /predict HTTP/1.1\r\nHost: localhost\r\nOrigin: https://other.example\r\n"
    b"Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n\r\n",
    "not JSON": post("good").replace(b'{"', b'["'),
    "another path": b"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "half a request": post("good")[:60],
    "slow, a byte now and then": post("good"),
}


@contextlib.asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def answer_of(reader: asyncio.StreamReader) -> tuple[int, str, bytes]:
    """Return the status of an answer, 0 if there is none, its head and its body."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        match = re.search(r"(?i)content-length: (\d+)", head)
        return int(head.split()[1]), head, await reader.readexactly(int(match[1]) if match else 0)
    except (asyncio.IncompleteReadError, OSError):
        return 0, "", b""


async def type_reviews(port: int, until: float, rng: Rng, counts: Counts) -> None:
    """Type one review after another; each pause in typing asks for an answer, over a connection that is kept."""
    async with connected(port) as (reader, writer):
        while time.monotonic() < until:
            n_words = int(rng.integers(1, len(WORDS) + 1))
            for stop in range(1, n_words + 1, 4):
                text = " ".join(WORDS[:stop])
                started = time.monotonic()
                writer.write(post(text))
                status, head, body = await answer_of(reader)
                if status == 200:
                    counts.seconds.append(time.monotonic() - started)
                    answer = json.loads(body)
                    del answer["milliseconds"]
                    if counts.answers.setdefault(text, answer) != answer:
                        counts.wrong.append(text)
                else:
                    counts.wrong.append(f"{status} {head} {body[:200]!r}")
                    return
                await asyncio.sleep(rng.uniform(0.05, 0.3))
                if time.monotonic() > until:
                    break


async def misbehave(port: int, until: float, rng: Rng, counts: Counts) -> None:
    """Send one bad request after another."""
    while time.monotonic() < until:
        kind = str(rng.choice(list(BAD)))
        try:
            async with connected(port) as (reader, writer):
                if kind.startswith("slow"):
                    for byte in BAD[kind][: int(rng.integers(1, 60))]:
                        writer.write(bytes([byte]))
                        await asyncio.sleep(0.1)
                else:
                    writer.write(BAD[kind])
                    if kind == "half a request":
                        writer.write_eof()
                    status, head, _ = await answer_of(reader)
                    counts.statuses[kind, status] += 1
                    assert "access-control-allow" not in head.lower()
        except OSError:  # closed while it was sending
            counts.statuses[kind, 0] += 1
        await asyncio.sleep(rng.uniform(0, 0.5))


@contextlib.contextmanager
def served(project: Project) -> Iterator[tuple[psutil.Process, int]]:
    """Serve the page of a project; yield its process and its port."""
    command = project.command("pipeline", "serve", "--port", "0")
    environment = {**project.environment, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=project.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert process.stdout
            for line in process.stdout:
                if match := re.search(r"http://127\.0\.0\.1:(\d+)/", line):
                    break
            else:
                raise AssertionError("it did not start")
            yield psutil.Process(process.pid), int(match[1])
        finally:
            process.terminate()
            rest = process.stdout.read()
            assert "Traceback" not in rest, rest


async def load(
    port: int, process: psutil.Process, n_clients: int, n_bad: int, seconds: float, rng: Rng, counts: Counts
) -> tuple[float, float]:
    """Load the page; return the memory before and at its highest, in MiB."""
    alone = Counts()  # the right answers, from a page that nobody else uses
    async with connected(port) as (reader, writer):
        for stop in range(1, len(WORDS) + 1):
            writer.write(post(" ".join(WORDS[:stop])))
            status, _, body = await answer_of(reader)
            assert status == 200
            alone.answers[" ".join(WORDS[:stop])] = {
                key: value for key, value in json.loads(body).items() if key != "milliseconds"
            }
    counts.answers = alone.answers
    before = highest = process.memory_info().rss / 2**20
    until = time.monotonic() + seconds
    streams = rng.spawn(n_clients + n_bad)
    clients = [type_reviews(port, until, one, counts) for one in streams[:n_clients]]
    bad = [misbehave(port, until, one, counts) for one in streams[n_clients:]]
    working = asyncio.gather(*clients, *bad)
    while not working.done():
        highest = max(highest, process.memory_info().rss / 2**20)
        await asyncio.sleep(0.1)
    await working
    return before, highest


@pytest.mark.faults
@pytest.mark.parametrize(("n_clients", "n_bad", "seconds"), [(10, 5, 3), (50, 20, 60)])
def test_who_types_gets_right_answers_beside_who_misbehaves(
    project: Project, rng: Rng, n_clients: int, n_bad: int, seconds: float
) -> None:
    counts = Counts()
    with served(project) as (process, port):
        before, highest = asyncio.run(load(port, process, n_clients, n_bad, seconds, rng, counts))
    assert counts.wrong == []
    p50, p99 = np.percentile(counts.seconds, [50, 99])
    print(
        f"{n_clients} clients for {seconds} s: {len(counts.seconds)} right answers,"
        f" {len(counts.seconds) / seconds:.1f} per second, median {p50:.2f} s, p99 {p99:.2f} s;"
        f" {counts.statuses.total()} bad requests; memory {before:.0f} MiB before, {highest:.0f} MiB at most"
    )
    for (kind, status), n in sorted(counts.statuses.items()):
        print(f"  {kind}: {status or 'closed'}, {n}")
        assert status in REFUSED[kind], (kind, status)
    assert highest < before + 100
