"""Compare the slow parts with what a user would use instead: `make bench`.

A ratio compares both contenders in one run, in turns, so a noisy machine slows both; it is the median over the turns.
Other figures are in seconds, milliseconds or MiB, and so is their bar. The reviews are those of data/ if they are
there, or else those of the synthetic corpus. `make bench ROWS="text growth"` measures only these groups of rows.

Writes: benchmarks/results.json, and its table between the markers `benchmark` of docs/benchmarks.md
"""

import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import torch

from benchmarks import busy, cells, command_line, deploy, gpu, growth, learning, page, scale, text, training, vectors
from benchmarks.measure import line, missing, table
from pipeline.classify.device import keep_freed_memory, make_deterministic
from pipeline.core.files import read_json, write_json
from pipeline.fetch.synthetic import sample_tables
from pipeline.report.markers import write_between_markers
from pipeline.tokenize.chunks import encode
from pipeline.tokenize.tokenizer import Tokenizer, tokenize
from stages.runner import hardware, read_params

RESULTS = Path("benchmarks/results.json")
DOCUMENT = Path("docs/benchmarks.md")
GROUPS = (training, learning, cells, text, vectors, deploy, page, command_line, growth, scale, busy, gpu)
ROWS = {module.__name__.removeprefix("benchmarks."): module for module in GROUPS}  # in the order of the table
N_WORDS = 50_000
N_TEXTS = 6_000


def texts_here() -> tuple[list[str], str]:
    """Return the reviews of train and unsup, and their source."""
    paths = [Path(f"data/{split}.parquet") for split in ("train", "unsup")]
    if all(path.exists() for path in paths):
        return [text for path in paths for text in pq.read_table(path)["text"].to_pylist()], "IMDB"
    return sample_tables(n_train=N_TEXTS, n_unsup=1, n_test=1)["train"]["text"].to_pylist(), "the synthetic corpus"


def main(rows: list[str]) -> None:
    """Measure groups of rows, all by default; print each row, and write the results after each group."""
    unknown = set(rows) - ROWS.keys()
    if unknown:
        sys.exit(f"error: unknown rows {', '.join(sorted(unknown))}; use {', '.join(ROWS)}")
    params = read_params()
    make_deterministic(1, params.classify.n_processes)  # threads: the rivals have no processes
    keep_freed_memory()  # for both contenders
    corpus, source = texts_here()
    texts = corpus[:: max(1, len(corpus) // N_TEXTS)]
    chunks = list(tokenize(texts, Tokenizer("tweet", lowercase=True)))
    words = list(dict.fromkeys(token for chunk in chunks for token in chunk.types))[:N_WORDS]
    reviews = encode(chunks, {word: i for i, word in enumerate(words)})
    has_amx = torch.cpu.get_capabilities().get("amx_bf16")
    environment = {
        "hardware": hardware(),
        "instructions": "AMX" if has_amx else torch.backends.cpu.get_cpu_capability(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "num_threads": params.classify.n_processes,
        "reviews": source,
    }
    measured: dict[str, Callable[[], Iterator[dict[str, Any]]]] = {
        "training": lambda: training.figures(params, reviews, N_WORDS),
        "learning": lambda: learning.figures(params),
        "cells": lambda: cells.figures(params),
        "text": lambda: text.figures(params, corpus, texts, chunks, words),
        "vectors": vectors.figures,
        "deploy": deploy.figures,
        "page": page.figures,
        "command_line": command_line.figures,
        "growth": growth.figures,
        "busy": busy.figures,
        "scale": scale.figures,
        "gpu": lambda: gpu.figures(params, reviews, N_WORDS),
    }
    for row in rows or ROWS:
        if lacking := missing(*getattr(ROWS[row], "NEEDS", ())):
            print(f"skipped: {row}; {lacking}")
            continue
        entries = []
        for entry in measured[row]():
            print(line(entry))
            entries.append(entry)
        if entries:
            known = {**read_json(RESULTS), row: {"environment": environment, "figures": entries}}
            results = {name: known[name] for name in ROWS if name in known}
            write_json(RESULTS, results)
            write_between_markers(DOCUMENT, "benchmark", table(results))


if __name__ == "__main__":
    main(sys.argv[1:])
