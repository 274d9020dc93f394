"""What the page answers over HTTP, in this process."""

import asyncio
import json
import re
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from pipeline.core.errors import InputError
from pipeline.serve.predictor import Predictor
from pipeline.serve.server import MAX_BYTES, RefusedError, address, application, is_local, listen, readable
from tests.conftest import Project

T = TypeVar("T")
Client = TestClient[Any, Any]


@pytest.fixture
def ask(predictor: Predictor) -> Callable[[Callable[[Client], Awaitable[T]]], T]:
    """Run something with a client of the page: ask(lambda client: ...)."""

    def run(work: Callable[[Client], Awaitable[T]]) -> T:
        async def inside() -> T:
            async with TestClient(TestServer(application(predictor))) as client:
                return await work(client)

        return asyncio.run(inside())

    return run


async def told(response: ClientResponse) -> tuple[int, dict[str, Any]]:
    return response.status, await response.json()


def test_a_review_is_answered(ask: Any, predictor: Predictor) -> None:
    text = "The plot was witty\x00 , but dull ."

    async def work(client: Client) -> tuple[int, dict[str, Any]]:
        return await told(await client.post("/predict", json={"text": text}))

    status, found = ask(work)
    assert status == 200
    expected = predictor.predict(text.replace("\x00", " "))
    assert {key: found[key] for key in expected} == json.loads(json.dumps(expected))
    assert found["n_control"] == 1
    assert found["milliseconds"] >= 0


def test_two_reviews_at_the_same_time_are_both_answered(ask: Any) -> None:
    async def work(client: Client) -> list[tuple[int, dict[str, Any]]]:
        both = [client.post("/predict", json={"text": text}) for text in ("warm plot", "dull")]
        return [await told(response) for response in await asyncio.gather(*both)]

    (first, warm), (second, dull) = ask(work)
    assert first == second == 200
    assert (warm["n_words"], dull["n_words"]) == (2, 1)


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b'{"text": ""}', 400, "The review is empty"),
        (b'{"text": " \\n\\t "}', 400, "The review is empty"),
        (b'{"text": "\\u0000\\u0007 \\ud800"}', 400, "The review has only control characters"),
        (b"{", 400, "The body is not JSON in UTF-8"),
        (b"\xff\xfe\xfd", 400, "The body is not JSON in UTF-8"),
        (b"[" * 50_000, 400, "The body is not JSON in UTF-8"),
        (b"[]", 400, 'no string "text"'),
        (b'{"text": 3}', 400, 'no string "text"'),
        (b'{"review": "good"}', 400, 'no string "text"'),
        (json.dumps({"text": "x" * 1_000_000}).encode(), 413, "1,000,012 bytes; the limit is 65,536"),
    ],
)
def test_a_bad_request_is_refused_with_a_reason(ask: Any, body: bytes, status: int, said: str) -> None:
    async def work(client: Client) -> tuple[int, dict[str, Any]]:
        response = await client.post("/predict", data=body, headers={"Content-Type": "application/json"})
        return await told(response)

    found, answer = ask(work)
    assert (found, list(answer)) == (status, ["error"])
    assert said in answer["error"]


def test_an_endless_body_is_refused(ask: Any) -> None:
    async def endless() -> Any:
        for _ in range(100):
            yield b"x" * (MAX_BYTES // 10)

    async def work(client: Client) -> tuple[int, dict[str, Any]]:
        return await told(await client.post("/predict", data=endless(), headers={"Content-Type": "application/json"}))

    status, answer = ask(work)
    assert status == 413
    assert "more than 65,536 bytes" in answer["error"]


def test_other_sites_and_host_names_are_refused(ask: Any) -> None:
    async def work(client: Client) -> list[tuple[int, dict[str, Any]]]:
        plain = await client.post("/predict", data=b'{"text": "good"}', headers={"Content-Type": "text/plain"})
        renamed = await client.get("/", headers={"Host": "other.example"})
        return [await told(plain), await told(renamed)]

    (first, of_form), (second, of_name) = ask(work)
    assert (first, second) == (415, 421)
    assert "application/json" in of_form["error"]
    assert "other.example" in of_name["error"]


def test_every_response_forbids_loading_and_caching(ask: Any) -> None:
    async def work(client: Client) -> list[tuple[int, str, str, str]]:
        found = []
        for path in ("/", "/serve.css", "/serve.js", "/predict", "/none", "/../params.yaml"):
            async with client.get(path) as response:
                headers = response.headers
                found.append(
                    (
                        response.status,
                        headers["Content-Security-Policy"],
                        headers["Cache-Control"],
                        headers["Content-Type"],
                    )
                )
        return found

    found = ask(work)
    assert [status for status, *_ in found] == [200, 200, 200, 405, 404, 404]
    assert all(policy.startswith("default-src 'none'; script-src 'self'") for _, policy, *_ in found)
    assert "unsafe" not in found[0][1]
    assert {keeps for _, _, keeps, _ in found} == {"no-store"}
    assert [kind.split(";")[0] for *_, kind in found[:3]] == ["text/html", "text/css", "text/javascript"]


def test_the_page_says_when_it_has_no_training_reviews(ask: Any, predictor: Predictor) -> None:
    async def text(client: Client) -> str:
        return await (await client.get("/")).text()

    assert "Not shown: this machine" not in ask(text)

    async def without() -> str:
        bare = replace(predictor, similar=None)
        async with TestClient(TestServer(application(bare))) as client:
            return await text(client)

    assert "Not shown: this machine" in asyncio.run(without())


def test_the_page_describes_the_training_reviews_of_imdb_only(ask: Any, predictor: Predictor) -> None:
    async def text(client: Client) -> str:
        return await (await client.get("/")).text()

    assert "before 2011" not in ask(text)
    assert "film" not in ask(text)

    async def of_imdb() -> str:
        assert predictor.similar is not None
        reviews = [{**review, "movie": "tt0064354"} for review in predictor.similar.reviews]
        imdb = replace(predictor, similar=replace(predictor.similar, reviews=reviews))
        async with TestClient(TestServer(application(imdb))) as client:
            return await text(client)

    assert "film review in English. 7 models, trained on IMDb reviews from before 2011" in asyncio.run(of_imdb())


def test_control_characters_become_spaces_and_are_counted() -> None:
    assert readable("a\x00b\x1c\x7f c\n\td\r\ne \U0001f600") == ("a b   c\n\td\r\ne \U0001f600", 3)
    with pytest.raises(RefusedError):
        readable("\x00")


@pytest.fixture
def taken() -> Iterator[socket.socket]:
    with listen("127.0.0.1", 0) as listening:
        yield listening


def test_a_taken_port_is_named_with_the_remedy(taken: socket.socket) -> None:
    port = taken.getsockname()[1]
    with pytest.raises(InputError, match=rf"127\.0\.0\.1, port {port} .*--port"):
        listen("127.0.0.1", port)
    assert address(taken) == f"http://127.0.0.1:{port}/"
    assert is_local(taken)


def test_a_host_of_another_machine_is_named() -> None:
    with pytest.raises(InputError, match=r"cannot listen on 203\.0\.113\.7.*--host"):
        listen("203.0.113.7", 0)


def test_a_page_on_the_network_is_not_local() -> None:
    with listen("0.0.0.0", 0) as listening:
        assert not is_local(listening)


def test_the_command_prints_its_address_and_ends_with_ctrl_c(project: Project) -> None:
    command = project.command("pipeline", "serve", "--port", "0", "--data", "nowhere")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=project.folder, env=project.environment, **pipes) as process:  # type: ignore[call-overload]
        try:
            said = [process.stdout.readline() for _ in range(3)]
            assert re.fullmatch(r"models loaded in \d+\.\d s\n", said[0])
            assert said[1].startswith("nowhere/tokens is missing: no similar training reviews")
            found = re.match(r"http://127\.0\.0\.1:\d+/", said[2])
            assert found
            with urllib.request.urlopen(found[0], timeout=20) as response:
                assert b"Try the models" in response.read()
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0  # a second of work on an idle machine
        assert process.stderr.read() == ""


def test_the_command_names_a_missing_artifact(project: Project) -> None:
    said = project.run("pipeline", "serve", "--port", "0", "--artifacts", "nowhere", status=1)
    assert "error: nowhere/embeddings is missing; `dvc repro` makes it, `dvc pull` fetches it" in said
