"""A training step of the default classifier, compared with packed sequences, Keras, and the machine's own rate.

All steps use the cross-entropy alone: none of the rivals has adversarial training, with which our step runs each batch
through the network a second time.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.measure import Rate, figure, median_seconds, side_by_side
from benchmarks.rivals import child, missing_rivals
from benchmarks.tutorial import packed
from pipeline.classify.batches import Reviews, batches
from pipeline.classify.device import choose_dtype, prepare
from pipeline.classify.group import ALONE, Group, together
from pipeline.classify.loss import add_gradients
from pipeline.classify.network import Dropout, Network, NetworkConfig
from pipeline.classify.optimizer import Optimizer
from pipeline.classify.training import part_of
from pipeline.core.ragged import Ragged
from pipeline.params import Params

N_STEPS = 6  # a run


def config_of(params: Params, n_words: int) -> NetworkConfig:
    """Return the configuration of the classifier that the parameters describe."""
    section = params.classify.model_dump()
    names = ("hidden_size", "num_layers", "bidirectional", "head_tokens", "tail_tokens")
    return NetworkConfig(
        n_words=n_words,
        vector_size=params.embed.vector_size,
        pooling=tuple(section["pooling"]),
        **{name: section[name] for name in names},
    )


def ours(
    params: Params, reviews: Ragged, config: NetworkConfig, precision: str, device: torch.device, group: Group = ALONE
) -> Rate:
    """Return a function that takes our training steps, with the other processes of a group, and returns tokens/s."""
    section = params.classify.model_copy(update={"adversarial_weight": 0.0})
    dropout = Dropout(section.word_dropout, section.embedding_dropout)
    torch.manual_seed(1)
    network = Network(config, dropout, choose_dtype(precision, device)).train().to(device)
    optimizer = Optimizer(network, section)
    resident = Reviews(reviews, config, device)
    labels = (resident.lengths % 2).float().to(device)
    generator = torch.Generator().manual_seed(1)

    def rate() -> float:
        planned = batches(resident.lengths, section.batch_size, generator)[:N_STEPS]
        started = time.perf_counter()
        for rows in planned:
            part, mine = part_of(network, resident, rows, group)
            optimizer.zero_grad()
            add_gradients(network, part, labels[mine.to(device)], None, section)
            optimizer.gather(group, section.clip_norm)
            optimizer.step(1.0)
        n_tokens = sum(int(resident.lengths[rows].sum()) for rows in planned)
        return n_tokens / (time.perf_counter() - started)

    return rate


def _without_end(params: Params, reviews: Ragged, config: NetworkConfig, precision: str, group: Group) -> None:
    prepare("cpu", 1)
    rate = ours(params, reviews, config, precision, torch.device("cpu"), group)
    while True:
        rate()


@contextmanager
def by_processes(params: Params, reviews: Ragged, config: NetworkConfig, precision: str) -> Iterator[Rate]:
    """Yield a function that trains as stage `classify` does, on the CPU, with one thread per process."""
    n_threads = torch.get_num_threads()
    with together(params.classify.n_processes, partial(_without_end, params, reviews, config, precision)) as group:
        rate = ours(params, reviews, config, precision, torch.device("cpu"), group)

        def alone() -> float:
            torch.set_num_threads(1)
            try:
                return rate()
            finally:
                torch.set_num_threads(n_threads)  # for the other contender

        yield alone


@contextmanager
def keras(params: Params, reviews: Ragged, config: NetworkConfig) -> Iterator[Rate]:
    """Yield a function that makes Keras, in another process, train on batches like ours, and returns tokens/s."""
    resident = Reviews(reviews, config, torch.device("cpu"))
    planned = batches(resident.lengths, params.classify.batch_size, torch.Generator().manual_seed(1))[:N_STEPS]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "batches.npz"
        arrays: dict[str, Any] = {}
        for i, rows in enumerate(planned):
            ids, lengths = resident.batch(rows)
            # Keras takes id 0 for padding.
            arrays |= {f"ids{i}": (ids.numpy() + 1) % (config.n_words + 1), f"lengths{i}": lengths.numpy()}
        np.savez(path, **arrays)
        sizes = [config.n_words, config.vector_size, config.hidden_size, params.classify.n_processes]
        dropout = str(params.classify.embedding_dropout)
        with child("keras_lstm.py", str(path), dropout, *map(str, sizes)) as rate:
            rate()  # compiles for each shape
            yield rate


def flops_per_token(config: NetworkConfig) -> float:
    """Count the floating-point operations of the LSTM per token of training: those of its matrix products, three times.

    Forward: four gates, with a multiplication and an addition for each element of the input and the state. Backward:
    as many for the gradients of the inputs, and again for those of the weights.
    """
    n_directions = 2 if config.bidirectional else 1
    widths = [config.vector_size] + [n_directions * config.hidden_size] * (config.num_layers - 1)
    return sum(3 * n_directions * 2 * 4 * config.hidden_size * (width + config.hidden_size) for width in widths)


def seconds_on(device: torch.device, work: Callable[[], object]) -> float:
    """Return the seconds of an operation on a device, the median of ten."""

    def complete() -> None:
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()

    return median_seconds(complete, 10, n_warm=3)


def matmul_rate(device: torch.device, dtype: torch.dtype = torch.float32) -> float:
    """Return the floating-point operations per second of a large matrix product, the median of ten."""
    n = 2048 if device.type == "cpu" else 8192
    a, b = torch.randn(n, n, device=device).to(dtype), torch.randn(n, n, device=device).to(dtype)
    return 2 * n**3 / seconds_on(device, lambda: a @ b)


def figures(params: Params, reviews: Ragged, n_words: int) -> Iterator[dict[str, Any]]:
    """Measure training on the CPU."""
    cpu = torch.device("cpu")
    config = config_of(params, n_words)
    # `auto` has its own row if it is another type.
    by_type = {choose_dtype(name, cpu): name for name in (params.classify.precision, "float32")}
    for precision in by_type.values():
        with by_processes(params, reviews, config, precision) as mine:
            theirs = packed(params.classify.batch_size, reviews, config, N_STEPS)
            against = "the same model over packed sequences with a DataLoader"
            yield side_by_side(f"training, {precision}", "tokens/s", mine, theirs, against, 5.0)
            threads = ours(params, reviews, config, precision, cpu)
            against = "as many threads in one process"
            yield side_by_side(f"training, {precision}, processes", "tokens/s", mine, threads, against, None)
    if reason := missing_rivals():
        print(f"skipped: training against Keras; {reason}")
    else:
        with keras(params, reviews, config) as theirs, by_processes(params, reviews, config, "float32") as mine:
            yield side_by_side("training, float32", "tokens/s", mine, theirs, "Keras' LSTM on batches like ours", 1.5)
    shares = []
    with by_processes(params, reviews, config, "float32") as mine:
        for _ in range(5):
            shares.append(mine() * flops_per_token(config) / matmul_rate(cpu))
    against = "the machine's float32 matrix product"
    yield figure("training, the LSTM's operations", statistics.median(shares), "share of its rate", against, 0.30, 5)
