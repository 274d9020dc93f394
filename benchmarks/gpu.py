"""The default classifier on a GPU; skipped if torch finds none."""

import statistics
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import torch

from benchmarks.measure import figure, missing, seconds_of
from benchmarks.training import N_STEPS, config_of, flops_per_token, matmul_rate, ours, seconds_on
from experiments.sandbox import run_stage, sandbox
from pipeline.classify.batches import Reviews
from pipeline.classify.classifier import logits
from pipeline.classify.network import Dropout, Network, NetworkConfig
from pipeline.core.ragged import Ragged
from pipeline.params import Params

BYTES = {"float32": 4, "bfloat16": 2}


def copy_rate(device: torch.device) -> float:
    """Return the bytes per second that a large copy reads and writes, the median of ten."""
    source = torch.empty(1 << 28 if device.type == "cuda" else 1 << 24, device=device)
    target = torch.empty_like(source)
    return 2 * source.nbytes / seconds_on(device, lambda: target.copy_(source))


def floor_per_token(config: NetworkConfig, precision: str, device: torch.device, tokens_per_step: float) -> float:
    """Return a lower bound of the seconds per token of a training step, from rates measured on the device.

    It is the larger of two times: that of the LSTM's operations at the rate of a large matrix product, and that of the
    necessary memory traffic: the vectors, gates and states of each token, written once and read once in each direction,
    and the weights with their gradients and moments, read and written once per step.
    """
    dtype = {"float32": torch.float32, "bfloat16": torch.bfloat16}[precision]
    by_operations = flops_per_token(config) / matmul_rate(device, dtype)
    n_directions = 2 if config.bidirectional else 1
    elements = config.vector_size + n_directions * 6 * config.hidden_size  # x; four gates, c and h
    n_weights = (config.n_words + 1) * config.vector_size
    moved = 4 * BYTES[precision] * elements + 7 * 4 * n_weights / tokens_per_step
    return max(by_operations, moved / copy_rate(device))


def steps(params: Params, reviews: Ragged, config: NetworkConfig, device: torch.device) -> Iterator[dict[str, Any]]:
    """Compare the training step with its lower bound, in float32 and bfloat16."""
    resident = Reviews(reviews, config, torch.device("cpu"))
    tokens_per_step = float(resident.lengths.double().mean()) * params.classify.batch_size
    for precision in BYTES:
        rate = ours(params, reviews, config, precision, device)
        rate()
        share = statistics.median(rate() for _ in range(5)) * floor_per_token(
            config, precision, device, tokens_per_step
        )
        against = f"the bound by its bytes and operations, {N_STEPS} steps a run"
        yield figure(f"training on {device.type}, {precision}", share, "share of the bound's rate", against, None, 5)


def difference(reviews: Ragged, config: NetworkConfig, device: torch.device) -> dict[str, Any]:
    """Measure the largest difference between logits on the CPU and on the device."""
    torch.manual_seed(1)
    network = Network(config, Dropout(0, 0))
    few = reviews.rows(np.arange(min(500, len(reviews))))
    here = logits(network, Reviews(few, config, torch.device("cpu")))
    there = logits(network.to(device), Reviews(few, config, device))
    largest = float(np.abs(here - there).max())
    return {**figure("logits, float32", largest, "largest difference", "the CPU's", 1e-4, 1), "value": largest}


def classify_seconds() -> Iterator[dict[str, Any]]:
    """Time the stage classify on the real data; needs data/tokens and artifacts/embeddings."""
    inputs = ("data/tokens", "artifacts/embeddings")
    if lacking := missing(*inputs):
        print(f"skipped: classify on the GPU; {lacking}")
        return
    with sandbox({}, inputs) as folder:
        seconds = seconds_of(partial(run_stage, folder, "classify", "lstm_finetuned", "1", quiet=False))
    yield figure("classify, lstm_finetuned", seconds, "seconds (bar: at most)", "a GPU", 60, 1)


def figures(params: Params, reviews: Ragged, n_words: int) -> Iterator[dict[str, Any]]:
    """Measure everything about the GPU."""
    if not torch.cuda.is_available():
        print("skipped: the GPU; torch finds none")
        return
    device, config = torch.device("cuda"), config_of(params, n_words)
    yield from steps(params, reviews, config, device)
    yield difference(reviews, config, device)
    yield from classify_seconds()
