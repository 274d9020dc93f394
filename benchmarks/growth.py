"""How time and memory grow: tokenize, embed and one epoch of classify on 1, 2 and 4 times as many reviews.

Each stage runs as DVC would run it, in a folder of its own. `min_count` grows with the corpus, so that the vocabulary,
and with it the size of the vectors, stays about the same.
"""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.measure import figure
from experiments.elsewhere import ROOT, folder, missing, run_stage
from pipeline.core.files import read_json

TIMES = (1, 2, 4)
N_REVIEWS = {"train": 1500, "unsup": 3000}
STAGES = {
    "tokenize": ["tokenize"],
    "embed": ["embed"],
    "classify-lstm_finetuned-1": ["classify", "lstm_finetuned", "1"],
}


def measure(tables: dict[str, pa.Table], times: int) -> dict[str, dict[str, float]]:
    """Run the stages on `times` as many reviews; return the seconds and MiB of each."""
    with folder({"embed.epochs": 1, "embed.min_count": 5 * times, "classify.epochs": 1}) as where:
        (where / "data").mkdir()
        for split, n_reviews in N_REVIEWS.items():
            pq.write_table(tables[split].take(list(range(times * n_reviews))), where / f"data/{split}.parquet")
        for arguments in STAGES.values():
            run_stage(where, *arguments)
        return {stage: read_json(where / f"metrics/seconds/{stage}.json") for stage in STAGES}


def figures() -> Iterator[dict[str, Any]]:
    """Measure the rows about growth; needs data/ as `dvc repro` makes it."""
    if lacking := missing(*(f"data/{split}.parquet" for split in N_REVIEWS)):
        print(f"skipped: growth; {lacking}")
        return
    # Every so many, for reviews of both labels, of train and of validation.
    tables = {}
    for split, n_reviews in N_REVIEWS.items():
        table = pq.read_table(ROOT / f"data/{split}.parquet")
        tables[split] = table.take([(i * 7919) % len(table) for i in range(max(TIMES) * n_reviews)])
    found = {times: measure(tables, times) for times in TIMES}
    for stage in STAGES:
        name = stage.partition("-")[0]
        seconds, memory = ([found[times][stage][key] for times in TIMES] for key in ("seconds", "peak_memory_mib"))
        for i, times in enumerate(TIMES[1:], 1):
            what = f"{name}, {times} times the reviews"
            unit = f"of linear time, {seconds[i]:.1f} s"
            yield figure(what, seconds[i] / seconds[0] / times, unit, f"{seconds[0]:.1f} s, at most", 1.1, 1)
            unit = f"times the memory, {memory[i]:.0f} MiB"
            yield figure(what, memory[i] / memory[0], unit, f"{memory[0]:.0f} MiB", None, 1)
