"""Time the slow parts against what a user would write instead: `make bench`.

Every figure is a ratio of two rates taken in turns in one run, so that a noisy machine slows both; the median of
several such pairs is kept. Reviews are those of data/ where `dvc repro` has made it, else those of the embedded corpus.

Writes: benchmarks/results.json
"""

import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.utils.data import DataLoader
from tqdm import tqdm

from pipeline.classifier import Reviews
from pipeline.device import choose_dtype, keep_freed_memory, make_deterministic
from pipeline.files import write_json
from pipeline.network import Dropout, Network, Shape
from pipeline.params import Params
from pipeline.sample import sample_tables
from pipeline.tokenizer import Tokenizer, available_cores, tokenize
from pipeline.tokens import Ragged, encode
from pipeline.training import batches
from stages.stage import hardware, read_params

RESULTS = Path("benchmarks/results.json")
N_WORDS = 50_000
N_STEPS = 6
N_TEXTS = 6_000


class Packed(nn.Module):
    """The same network as tutorials write it: a bidirectional LSTM over packed sequences."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.n_words + 1, shape.vector_size, padding_idx=shape.n_words)
        self.lstm = nn.LSTM(
            shape.vector_size,
            shape.hidden_size,
            num_layers=shape.num_layers,
            bidirectional=shape.bidirectional,
            batch_first=True,
        )
        width = shape.hidden_size * (2 if shape.bidirectional else 1)
        self.output = nn.Linear(width * len(shape.pooling), 1)

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return the logits, float32 [B], of ids int64 [B, T] padded on the right."""
        packed = pack_padded_sequence(self.embedding(ids), lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        mask = (torch.arange(states.shape[1]) < lengths[:, None])[:, :, None]
        pooled = {
            "max": lambda: states.masked_fill(~mask, -torch.inf).amax(1),
            "mean": lambda: (states * mask).sum(1) / lengths[:, None],
            "last": lambda: states[torch.arange(len(lengths)), lengths - 1],
        }
        logits: Tensor = self.output(torch.cat([pooled[kind]() for kind in self.shape.pooling], 1)).squeeze(1)
        return logits


def step(network: nn.Module, optimizer: torch.optim.Optimizer, ids: Tensor, lengths: Tensor) -> int:
    """Do one step of training; return the number of tokens it read."""
    loss = nn.functional.binary_cross_entropy_with_logits(network(ids, lengths), (lengths % 2).float())
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    return int(lengths.sum())


def texts_here() -> tuple[list[str], str]:
    """Return some thousand reviews, and where they are from."""
    path = Path("data/train.parquet")
    if path.exists():
        return pq.read_table(path)["text"].to_pylist()[::4][:N_TEXTS], "IMDB"
    return sample_tables(n_train=N_TEXTS, n_unsup=1, n_test=1)["train"]["text"].to_pylist(), "the embedded corpus"


def padded_rate(params: Params, reviews: Ragged, precision: str) -> Callable[[], float]:
    """Return a function that takes our training steps and returns tokens/s."""
    section = params.classify
    shape = shape_of(params)
    dropout = Dropout(section.word_dropout, section.embedding_dropout, section.dropout)
    network = Network(shape, dropout, choose_dtype(precision, torch.device("cpu"))).train()
    optimizer = torch.optim.AdamW(network.parameters(), fused=True)
    resident = Reviews(reviews, shape, torch.device("cpu"))
    generator = torch.Generator().manual_seed(1)

    def rate() -> float:
        planned = batches(resident.lengths, section.batch_size, generator)[:N_STEPS]
        started = time.perf_counter()
        n_tokens = sum(step(network, optimizer, *resident.batch(rows)) for rows in planned)
        return n_tokens / (time.perf_counter() - started)

    return rate


def packed_rate(params: Params, reviews: Ragged) -> Callable[[], float]:
    """Return a function that takes a tutorial's training steps, DataLoader and all, and returns tokens/s."""
    shape = shape_of(params)
    network = Packed(shape).train()
    optimizer = torch.optim.Adam(network.parameters())
    rows = [
        torch.from_numpy(np.array(reviews[i][: shape.head_tokens + shape.tail_tokens])) for i in range(len(reviews))
    ]

    def collate(some: list[Tensor]) -> tuple[Tensor, Tensor]:
        padded = pad_sequence(some, batch_first=True, padding_value=shape.n_words)
        return padded.long(), torch.tensor([len(row) for row in some])

    loader = DataLoader([row for row in rows if len(row)], params.classify.batch_size, shuffle=True, collate_fn=collate)

    def rate() -> float:
        n_tokens = 0
        started = time.perf_counter()
        for _, (ids, lengths) in zip(range(N_STEPS), loader, strict=False):
            n_tokens += step(network, optimizer, ids, lengths)
        return n_tokens / (time.perf_counter() - started)

    return rate


def shape_of(params: Params) -> Shape:
    """Return the shape of the default classifier over N_WORDS words."""
    section = params.classify.model_dump()
    names = ("hidden_size", "num_layers", "bidirectional", "head_tokens", "tail_tokens")
    return Shape(
        n_words=N_WORDS,
        vector_size=params.embed.vector_size,
        pooling=tuple(section["pooling"]),
        **{name: section[name] for name in names},
    )


def tokenizer_rate(texts: list[str], name: str, n_jobs: int) -> Callable[[], float]:
    """Return a function that tokenizes and returns reviews/s."""
    tokenizer = Tokenizer.train(name, lowercase=True, texts=texts[:1000])

    def rate() -> float:
        started = time.perf_counter()
        for _ in tokenize(texts, tokenizer, n_jobs=n_jobs):
            pass
        return len(texts) / (time.perf_counter() - started)

    return rate


def compare(
    name: str, unit: str, ours: Callable[[], float], theirs: Callable[[], float], against: str, bar: float, n_runs: int
) -> dict[str, Any]:
    """Measure two rates in turns, one turn to warm up; return the figure, `value` the median ratio."""
    mine, other = [], []
    for turn in tqdm(range(n_runs + 1), desc=name, leave=False):
        pair = ours(), theirs()
        if turn:
            mine.append(pair[0])
            other.append(pair[1])
    ratio = statistics.median(a / b for a, b in zip(mine, other, strict=True))
    print(f"{name}: {statistics.median(mine):,.0f} {unit}, {ratio:.2f} x {against} (at least {bar})")
    return {
        "name": name,
        "value": round(ratio, 3),
        "unit": f"ratio of {unit}",
        "against": against,
        "bar": bar,
        "n_runs": n_runs,
        "rate": round(statistics.median(mine), 1),
        "rate_against": round(statistics.median(other), 1),
    }


def main() -> None:
    """Measure all, print a line each, write the results."""
    params = read_params()
    make_deterministic(1, params.classify.num_threads)
    keep_freed_memory()  # for both sides
    texts, source = texts_here()
    tokenizer = Tokenizer(
        params.tokenize.tokenizer if params.tokenize.tokenizer == "regex" else "tweet", lowercase=True
    )
    chunks = list(tokenize(texts, tokenizer))
    index = {token: i for i, token in enumerate(dict.fromkeys(token for chunk in chunks for token in chunk.types))}
    reviews = encode(chunks, {token: i % N_WORDS for token, i in index.items()})
    against = "the same model over packed sequences with a DataLoader"
    figures = [
        compare(
            f"training, {precision}",
            "tokens/s",
            padded_rate(params, reviews, precision),
            packed_rate(params, reviews),
            against,
            bar=5.0,
            n_runs=5,
        )
        for precision in dict.fromkeys(("float32", params.classify.precision))
    ]
    n_jobs = available_cores()
    figures.append(
        compare(
            f"tokenization on {n_jobs} cores",
            "reviews/s",
            tokenizer_rate(texts, params.tokenize.tokenizer, n_jobs),
            tokenizer_rate(texts, params.tokenize.tokenizer, 1),
            "the same tokenizer on one core",
            bar=1.8,
            n_runs=5,
        )
    )
    environment = {
        "hardware": hardware(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "num_threads": params.classify.num_threads,
        "reviews": source,
    }
    write_json(RESULTS, {"environment": environment, "figures": figures})


if __name__ == "__main__":
    main()
