"""The page of `python -m pipeline serve`: the time from the request for a review to the answer, over loopback."""

import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pyarrow.parquet as pq

from benchmarks.measure import figure
from experiments.sandbox import ROOT
from pipeline.core.models import BASELINES, NETWORKS

N_REVIEWS, N_WORDS = 20, 300
MODELS = [*BASELINES, *NETWORKS]  # on the page
NEEDS = (*(f"artifacts/{name}" for name in ("embeddings", *MODELS)), "data/tokens", "data/unsup.parquet")


def reviews() -> list[str]:
    """Return the first 300 words of longer reviews, one more than is timed."""
    batches = pq.ParquetFile(ROOT / "data/unsup.parquet").iter_batches(2000, columns=["text"])
    texts = (text.split() for text in next(batches)["text"].to_pylist())
    return [" ".join(words[:N_WORDS]) for words in texts if len(words) >= N_WORDS][: N_REVIEWS + 1]


def answers(address: str) -> list[float]:
    """Send each review over one connection; return the milliseconds of each but the first."""
    connection = HTTPConnection(address, timeout=60)
    milliseconds = []
    for text in reviews():
        body = json.dumps({"text": text})
        started = time.perf_counter()
        connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read())
        milliseconds.append(1000 * (time.perf_counter() - started))
        if list(answer["models"]) != MODELS or not answer["nearest"] or answer["n_read"] < N_WORDS * 0.9:
            raise RuntimeError(f"the answer is incomplete: {answer}")
    connection.close()
    return milliseconds[1:]


def figures() -> Iterator[dict[str, Any]]:
    """Time the page."""
    command = [sys.executable, "-m", "pipeline", "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = next(match[1] for line in process.stdout if (match := re.match(r"http://([^/]+)/", line)))
            milliseconds = answers(address)
        finally:
            process.terminate()
    against = "all models, prefix probabilities, similar reviews; at most"
    what = f"the page, a review of {N_WORDS} words"
    yield figure(f"{what}, median", statistics.median(milliseconds), "ms", against, 150, N_REVIEWS)
    yield figure(f"{what}, worst", max(milliseconds), "ms", against, None, N_REVIEWS)
