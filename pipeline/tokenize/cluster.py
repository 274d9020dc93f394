"""Chunks of reviews, tokenized by the workers of a Dask scheduler.

joblib has a backend for Dask, but waits forever for a task that Dask gives up: in joblib 1.6.0 nothing calls back after
an error. So the tasks are handed to Dask's own client.
"""

import logging
import platform
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline.core.digest import digest_of
from pipeline.core.errors import InputError, refusing
from pipeline.tokenize.chunks import Chunk

CONNECT_SECONDS = 5
LOST_SECONDS = 60  # without a result, after which a cluster without a worker is given up
AHEAD = 4  # batches sent per thread of the cluster, which bounds memory
PROBLEM = "did not do the work"
REMEDY = "start its scheduler and workers anew, with this code and its packages, or set it to null"
INSTALL = "pip install --require-hashes -r requirements-dask.lock"

Work = Callable[[str, list[str]], Chunk]


@cache
def environment() -> str:
    """Return what the tokens depend on besides text and config: versions, and the code of this package."""
    python = ".".join(platform.python_version_tuple()[:2])
    code = digest_of({}, sorted(Path(__file__).parent.glob("*.py")))
    return f"Python {python}, nltk {version('nltk')}, regex {version('regex')}, pipeline/tokenize {code[:12]}"


def _check(expected: str) -> None:
    if environment() != expected:
        raise RuntimeError(f"a worker has {environment()}, but this process has {expected}")


def _checked(work: Work, expected: str, config: str, texts: list[str]) -> Chunk:
    """Do the work on a worker, if it has the same result there."""
    _check(expected)
    return work(config, texts)


@contextmanager
def _connected(name: str, address: str) -> Iterator[Any]:
    try:
        import distributed  # optional, and slow to load
    except ImportError:
        raise InputError(f"{name} needs Dask, which is not installed; run `{INSTALL}`, or set it to null") from None
    remedy = "start one (`dask scheduler`), correct the address, or set it to null"
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # the error says in one line what it logs
    with refusing(name, "is not the address of a Dask scheduler that answers", remedy):
        client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    with client:
        yield client


def tokenize_on_cluster(work: Work, config: str, batches: Iterable[list[str]], address: str) -> Iterator[Chunk]:
    """Yield `work(config, texts)` for each batch of texts, in order, computed by the workers of a cluster.

    A task whose worker dies is repeated on another one.

    Args:
        work: a function of this project, which the scheduler and the workers must be able to import.
        config: of the tokenizer, sent once.
        batches: some per thread of the cluster are read ahead.
        address: of a Dask scheduler, `tcp://HOST:PORT`.

    Raises:
        InputError: Dask is not installed; no scheduler answers, or it has no workers; the scheduler or a worker lacks
            this project, or has other versions; or the cluster was lost on the way.
    """
    name = f"params.yaml: tokenize.scheduler = {address!r}"
    with _connected(name, address) as client:
        try:
            client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError:
            raise InputError(
                f"{name} has no workers; start some (`dask worker {address}`), or set it to null"
            ) from None
        with refusing(name, PROBLEM, REMEDY):
            client.run(_check, environment())  # a task would end a worker that lacks this module
        n_ahead = AHEAD * sum(client.ncores().values())
        shared = client.submit(str, config, pure=False)  # a task, which Dask repeats if its result is lost
        waiting: deque[Any] = deque()
        for texts in batches:
            waiting.append(client.submit(_checked, work, environment(), shared, texts, pure=False))
            if len(waiting) >= n_ahead:
                yield _result(name, client, waiting.popleft())
        while waiting:
            yield _result(name, client, waiting.popleft())


def _result(name: str, client: Any, future: Any) -> Chunk:
    """Wait for a result as long as there are workers."""
    with refusing(name, PROBLEM, REMEDY):
        while True:
            try:
                chunk: Chunk = future.result(timeout=LOST_SECONDS)
                return chunk
            except CancelledError as error:
                raise ConnectionError(f"the scheduler was lost: {error}") from None
            except TimeoutError:
                if not client.ncores():
                    raise ConnectionError("no worker is left") from None
