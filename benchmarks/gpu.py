"""What a GPU makes of the default classifier; skipped, with the reason, where there is none."""

import statistics
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from benchmarks.measure import figure
from benchmarks.training import N_STEPS, flops_per_token, matmul_rate, padded, shape_of
from experiments.elsewhere import folder, missing, run_stage
from pipeline.classify.batches import Reviews
from pipeline.classify.classifier import logits
from pipeline.classify.network import Dropout, Network, NetworkConfig
from pipeline.core.ragged import Ragged
from pipeline.params import Params

BYTES = {"float32": 4, "bfloat16": 2}


def copy_rate(device: torch.device) -> float:
    """Return the bytes a second that a large copy reads and writes, the median of ten."""
    source = torch.empty(1 << 28 if device.type == "cuda" else 1 << 24, device=device)
    target = torch.empty_like(source)
    seconds = []
    for _ in range(13):
        started = time.perf_counter()
        target.copy_(source)
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    return 2 * source.nbytes / statistics.median(seconds[3:])


def floor_per_token(shape: NetworkConfig, precision: str, device: torch.device, tokens_per_step: float) -> float:
    """Return the seconds that a token of a training step takes at least, by the device's own measured rates.

    The larger of two: the LSTM's operations at the rate of a large matrix product; and the bytes that have to be moved,
    which are the vectors, gates and states of each token, written once and read once in each direction, and the
    weights with their gradients and moments, read and written once a step.
    """
    dtype = {"float32": torch.float32, "bfloat16": torch.bfloat16}[precision]
    by_operations = flops_per_token(shape) / matmul_rate(device, dtype)
    n_directions = 2 if shape.bidirectional else 1
    elements = shape.vector_size + n_directions * 6 * shape.hidden_size  # x; four gates, c and h
    n_weights = (shape.n_words + 1) * shape.vector_size
    moved = 4 * BYTES[precision] * elements + 7 * 4 * n_weights / tokens_per_step
    return max(by_operations, moved / copy_rate(device))


def steps(params: Params, reviews: Ragged, shape: NetworkConfig, device: torch.device) -> Iterator[dict[str, Any]]:
    """Measure the training step against its floor, in float32 and bfloat16."""
    resident = Reviews(reviews, shape, torch.device("cpu"))
    tokens_per_step = float(resident.lengths.double().mean()) * params.classify.batch_size
    for precision in BYTES:
        rate = padded(params, reviews, shape, precision, device)
        rate()
        share = statistics.median(rate() for _ in range(5)) * floor_per_token(shape, precision, device, tokens_per_step)
        against = f"the floor of its bytes and operations, {N_STEPS} steps a run"
        yield figure(f"training on {device.type}, {precision}", share, "share of the floor's rate", against, None, 5)


def difference(reviews: Ragged, shape: NetworkConfig, device: torch.device) -> dict[str, Any]:
    """Measure the largest difference between the logits of the CPU and of the device."""
    torch.manual_seed(1)
    network = Network(shape, Dropout(0, 0, 0))
    some = reviews.rows(np.arange(len(reviews)) < 500)
    here = logits(network, Reviews(some, shape, torch.device("cpu")))
    there = logits(network.to(device), Reviews(some, shape, device))
    largest = float(np.abs(here - there).max())
    return {**figure("logits, float32", largest, "largest difference", "the CPU's", 1e-4, 1), "value": largest}


def classify_seconds() -> Iterator[dict[str, Any]]:
    """Measure the stage classify on the real data; needs data/tokens and artifacts/embeddings."""
    inputs = ("data/tokens", "artifacts/embeddings")
    if lacking := missing(*inputs):
        print(f"skipped: classify on the GPU; {lacking}")
        return
    with folder({}, inputs) as where:
        started = time.perf_counter()
        run_stage(where, "classify", "lstm_finetuned", "1", quiet=False)
        seconds = time.perf_counter() - started
    yield figure("classify, lstm_finetuned", seconds, "seconds (bar: at most)", "a GPU", 60, 1)


def figures(params: Params, reviews: Ragged, n_words: int) -> Iterator[dict[str, Any]]:
    """Measure the rows about the GPU."""
    if not torch.cuda.is_available():
        print("skipped: the rows about a GPU; torch finds none here")
        return
    device, shape = torch.device("cuda"), shape_of(params, n_words)
    yield from steps(params, reviews, shape, device)
    yield difference(reviews, shape, device)
    yield from classify_seconds()
