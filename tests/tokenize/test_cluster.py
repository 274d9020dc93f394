"""Tokenizing on a Dask cluster: the same bytes, whatever happens to a worker, and one line for each thing to mend."""

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import InputError
from pipeline.fetch.corpus import write_corpus
from pipeline.fetch.synthetic import sample_batches, sample_tables
from pipeline.params import Params
from pipeline.tokenize import cluster as module
from pipeline.tokenize import tokenizer as tokenizing
from pipeline.tokenize.source import Source
from pipeline.tokenize.store import write_tokens
from pipeline.tokenize.tokenizer import Tokenizer, tokenize
from tests.conftest import ROOT, loaded_by, with_values

TEXTS = sample_tables(n_train=400, n_unsup=1, n_test=1)["train"]["text"].to_pylist()


@pytest.fixture(scope="module")
def dask() -> Any:
    return pytest.importorskip("distributed", reason="requirements-dask.lock is not installed")


@pytest.fixture(scope="module")
def local(dask: Any) -> Iterator[Any]:
    """A scheduler and two workers, each a process that is started anew if it dies."""
    with dask.LocalCluster(2, threads_per_worker=1, dashboard_address=":0") as started:
        yield started


def make(name: str) -> Tokenizer:
    return Tokenizer.train(name, lowercase=True, texts=TEXTS)


def test_the_chunks_are_those_of_this_machine_though_a_worker_is_killed(
    dask: Any, local: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokenizing, "CHUNK_REVIEWS", 10)
    tokenizer = make("tweet")
    expected = [chunk.text for chunk in tokenize(TEXTS, tokenizer, n_jobs=1)]
    chunks = tokenize(TEXTS, tokenizer, scheduler=local.scheduler_address)
    texts = [next(chunks).text]
    with dask.Client(local, set_as_default=False) as client:
        victim = next(iter(client.run(os.getpid).values()))
    os.kill(victim, signal.SIGKILL)  # with results that nobody has read yet
    assert texts + [chunk.text for chunk in chunks] == expected


def test_the_files_are_those_of_this_machine(local: Any, tmp_path: Path) -> None:
    reviews = sample_batches(n_train=600, n_unsup=600, n_test=50)
    write_corpus(reviews, tmp_path, where="the synthetic corpus", valid_frac=0.1, test_frac=0.2, seed=1)
    source = Source(tmp_path, drop_test_duplicates=True)
    for folder, address in (("here", None), ("there", local.scheduler_address)):
        place = tmp_path / folder
        write_tokens(
            source, make("treebank"), place / "tokens", place / "corpus.txt", lambda n: None, scheduler=address
        )
    here, there = (
        {file.relative_to(tmp_path / folder): file.read_bytes() for file in (tmp_path / folder).rglob("*.*")}
        for folder in ("here", "there")
    )
    assert len(here) == 9
    assert here == there


def test_a_worker_with_other_code_is_named(local: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "environment", lambda: "nltk 2.0")
    remedy = "start its scheduler and workers anew, with this code and its packages, or set it to null"
    said = rf"tokenize.scheduler = 'tcp://.*a worker has Python 3.*, but this process has nltk 2.0\); {remedy}"
    with pytest.raises(InputError, match=said):
        list(tokenize(TEXTS, make("tweet"), scheduler=local.scheduler_address))


def test_a_cluster_without_workers_is_named(dask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONNECT_SECONDS", 2)
    with (
        dask.SpecCluster(scheduler={"cls": dask.Scheduler, "options": {"dashboard_address": ":0"}}) as empty,
        pytest.raises(InputError, match=r"has no workers; start some \(`dask worker tcp://.*null"),
    ):
        list(tokenize(TEXTS, make("regex"), scheduler=empty.scheduler_address))


def test_a_scheduler_that_does_not_answer_is_named(dask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONNECT_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    started = time.monotonic()
    said = rf"tokenize.scheduler = 'tcp://127.0.0.1:{port}' is not the address of a Dask scheduler that answers .*null"
    with pytest.raises(InputError, match=said):
        list(tokenize(TEXTS, make("regex"), scheduler=f"tcp://127.0.0.1:{port}"))
    assert time.monotonic() - started < 10


def test_a_scheduler_needs_dask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"needs Dask, which is not installed; run `pip .*requirements-dask\.lock`"):
        list(tokenize(TEXTS, make("regex"), scheduler="tcp://127.0.0.1:1"))


def test_the_remedy_names_a_file() -> None:
    assert (ROOT / module.INSTALL.split()[-1]).is_file()


def test_dask_is_loaded_only_for_a_scheduler() -> None:
    code = "import stages.runner, stages.tokenize as t, pipeline.tokenize.tokenizer as k;"
    code += "list(k.tokenize(['a b'] * 5000, k.Tokenizer('regex', lowercase=True), n_jobs=2))"
    loaded = loaded_by(code)
    assert "joblib" in loaded
    assert not {"dask", "distributed"} & loaded


@pytest.mark.parametrize("address", ["tcp://10.0.0.5:8786", "tls://scheduler.example:8786", None])
def test_an_address_has_a_protocol_and_a_port(params: Params, address: str | None) -> None:
    assert with_values(params, tokenize__scheduler=address).tokenize.scheduler == address


@pytest.mark.parametrize("address", ["localhost:8786", "tcp://localhost", "http://localhost:8786", "tcp://a b:1", ""])
def test_other_addresses_are_refused(params: Params, address: str) -> None:
    with pytest.raises(InputError, match=f"params.yaml: tokenize.scheduler = '{address}'"):
        with_values(params, tokenize__scheduler=address)
