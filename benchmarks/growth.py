"""How time and memory grow: tokenize, embed and one epoch of classify on 1, 2 and 4 times as many reviews.

Each stage runs as DVC would run it, in a folder of its own. `min_count` grows with the corpus, so that the vocabulary,
and with it the size of the vectors, stays about the same.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from ruamel.yaml import YAML

from benchmarks.measure import figure
from pipeline.files import read_json

ROOT = Path(__file__).parent.parent
TIMES = (1, 2, 4)
N_REVIEWS = {"train": 1500, "unsup": 3000}
STAGES = {
    "tokenize": ["tokenize"],
    "embed": ["embed"],
    "classify-lstm_finetuned-1": ["classify", "lstm_finetuned", "1"],
}


def measure(tables: dict[str, pa.Table], times: int) -> dict[str, dict[str, float]]:
    """Run the stages on `times` as many reviews; return the seconds and MiB of each."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").mkdir()
        for split, n_reviews in N_REVIEWS.items():
            pq.write_table(tables[split].take(list(range(times * n_reviews))), folder / f"data/{split}.parquet")
        yaml = YAML()
        params = yaml.load(ROOT / "params.yaml")
        params["embed"] |= {"epochs": 1, "min_count": 5 * times}
        params["classify"] |= {"epochs": 1}
        yaml.dump(params, folder / "params.yaml")
        for arguments in STAGES.values():
            subprocess.run(
                [sys.executable, "-m", f"stages.{arguments[0]}", *arguments[1:]],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                check=True,
                capture_output=True,
            )
        return {stage: read_json(folder / f"metrics/seconds/{stage}.json") for stage in STAGES}


def figures() -> Iterator[dict[str, Any]]:
    """Measure the rows about growth; needs data/ as `dvc repro` makes it."""
    if not all((ROOT / f"data/{split}.parquet").exists() for split in N_REVIEWS):
        print("skipped: growth; data/ is missing, `dvc repro fetch` makes it")
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
            unit = f"of linear time (bar: at most), {seconds[i]} s against {seconds[0]} s"
            yield figure(f"{name}, {times} x the reviews", seconds[i] / seconds[0] / times, unit, "1 x", 1.1, 1)
            unit = f"of the memory, {memory[i]:.0f} MiB against {memory[0]:.0f} MiB"
            yield figure(f"{name}, {times} x the reviews", memory[i] / memory[0], unit, "1 x", None, 1)
