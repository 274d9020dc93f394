"""How time and memory grow: tokenize, embed and one epoch of classify on 1, 2 and 4 times as many reviews.

Each stage runs as DVC runs it, in a sandbox. `min_count` grows with the corpus, so the vocabulary, and with it the size
of the vectors, stays about the same.
"""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.measure import figure
from experiments.sandbox import ROOT, run_stage, sandbox
from pipeline.core.files import read_json

TIMES = (1, 2, 4)
N_REVIEWS = {"train": 1500, "unsup": 3000}
NEEDS = tuple(f"data/{split}.parquet" for split in N_REVIEWS)
STAGES = {
    "tokenize": ["tokenize"],
    "embed": ["embed"],
    "classify-lstm_finetuned-1": ["classify", "lstm_finetuned", "1"],
}


def measure(tables: dict[str, pa.Table], times: int) -> dict[str, dict[str, float]]:
    """Run the stages on `times` as many reviews; return the seconds and MiB of each."""
    once = {"embed.epochs": 1, "embed.min_words": 0, "classify.epochs": 1, "classify.min_steps": 0}
    with sandbox({**once, "embed.min_count": 5 * times}) as folder:
        (folder / "data").mkdir()
        for split, n_reviews in N_REVIEWS.items():
            pq.write_table(tables[split].take(list(range(times * n_reviews))), folder / f"data/{split}.parquet")
        for arguments in STAGES.values():
            run_stage(folder, *arguments)
        return {stage: read_json(folder / f"metrics/seconds/{stage}.json") for stage in STAGES}


def figures() -> Iterator[dict[str, Any]]:
    """Measure the growth."""
    # Spread over the table, for reviews of both labels, of train and of validation.
    tables = {}
    for split, n_reviews in N_REVIEWS.items():
        table = pq.read_table(ROOT / f"data/{split}.parquet")
        tables[split] = table.take([(i * 7919) % len(table) for i in range(max(TIMES) * n_reviews)])
    runs = {times: measure(tables, times) for times in TIMES}
    for stage in STAGES:
        name = stage.partition("-")[0]
        seconds, memory = ([runs[times][stage][key] for times in TIMES] for key in ("seconds", "peak_memory_mib"))
        for i, times in enumerate(TIMES[1:], 1):
            what = f"{name}, {times} times the reviews"
            unit = f"of linear time, {seconds[i]:.1f} s"
            yield figure(what, seconds[i] / seconds[0] / times, unit, f"{seconds[0]:.1f} s, at most", 1.1, 1)
            unit = f"times the memory, {memory[i]:.0f} MiB"
            yield figure(what, memory[i] / memory[0], unit, f"{memory[0]:.0f} MiB", None, 1)
