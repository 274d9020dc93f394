"""Seconds and memory of the stages against the number of reviews, from synthetic ones.

Reviews have a statement of the embedded corpus each, and made-up words with the frequencies of a natural language: the
next word is a new one ever more rarely, but always may be (Zipf's law). Where a row says so, the rarest are left out.
Each stage runs in a process of its own. Those after `tokenize` run with little work per review and with small samples,
up to a million reviews: their memory is measured, not their time. `make bench ROWS=scale SIZES="0.1 1 10"` names the
sizes, in millions of reviews; a quarter is for train, half for unsup, and a quarter for test, as of IMDB's.

Writes: docs/scaling.svg
"""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.measure import figure
from experiments.draw import draw
from experiments.sandbox import ROOT, run_stage, sandbox
from pipeline.core.errors import InputError
from pipeline.core.files import atomic, read_json
from pipeline.fetch.synthetic import sample_tables

SIZES = "0.1 1"  # millions of reviews
ZIPF = 1.37  # of a word's frequency by its rank; the number of types then grows like that of IMDB
FEW_WORDS = 10_000
MOST_OF_ALL = 1_000_000  # reviews for the stages after tokenize
STAGES = (
    ("fetch",),
    ("tokenize",),
    ("embed",),
    ("baseline",),
    *(("classify", model, "1") for model in ("lstm_random", "lstm_frozen", "lstm_finetuned")),
    ("maas",),
    ("polarity",),
    ("ensemble",),
    ("student", "1"),
    ("evaluate",),
    ("report",),
)
LITTLE = {
    "fetch.source": "corpus",
    "embed.vector_size": 16,
    "embed.window": 2,
    "embed.epochs": 1,
    "embed.min_words": 0,
    "baseline.C": [0.3],
    "baseline.max_ngram": 1,
    "baseline.max_reviews": 10_000,
    "classify.hidden_size": 8,
    "classify.head_tokens": 16,
    "classify.tail_tokens": 16,
    "classify.batch_size": 512,
    "classify.epochs": 1,
    "classify.min_steps": 0,
    "classify.adversarial_weight": 0.0,
    "maas.epochs": 1,
    "maas.max_reviews": 10_000,
    "student.hidden_size": 8,
    "student.epochs": 1,
    "evaluate.n_resamples": 10,
    "evaluate.max_reviews": 2_500,
}
N_WORDS = (60, 240)  # made-up words of a review, the fewest and the most
N_STATEMENTS = 2_000  # different ones
AT_ONCE = 10_000  # reviews
SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]
PICTURE = ROOT / "docs/scaling.svg"


class Words(dict[int, str]):
    """Made-up words by their rank from 1; the frequent ones are kept."""

    def __missing__(self, rank: int) -> str:
        syllables, left = [], rank + len(SYLLABLES)  # two syllables at least
        while left:
            left, syllable = divmod(left, len(SYLLABLES))
            syllables.append(SYLLABLES[syllable])
        word = "".join(syllables)
        if rank < 1 << 20:
            self[rank] = word
        return word


def write_reviews(path: Path, n_reviews: int, most_words: int | None, seed: int = 0) -> None:
    """Write a table of reviews.

    Args:
        path: a parquet file.
        n_reviews: its rows.
        most_words: the number of made-up words; without an end if None.
        seed: of the words.
    """
    rng = np.random.default_rng(seed)
    statements = sample_tables(n_train=N_STATEMENTS, n_unsup=1, n_test=1)["train"]
    opinions, labels = statements["text"].to_pylist(), statements["label"].to_pylist()
    words = Words()
    splits = ("train", "unsup", "unsup", "test")
    schema = pa.schema([(name, pa.string()) for name in ("split", "movie", "text")] + [("label", pa.int8())])
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, n_reviews, AT_ONCE):
            rows = range(start, min(start + AT_ONCE, n_reviews))
            lengths = rng.integers(*N_WORDS, len(rows))
            ranks = rng.zipf(ZIPF, lengths.sum())
            if most_words is not None:
                ranks = ranks % most_words + 1
            filler = list(map(words.__getitem__, ranks.tolist()))
            ends = np.cumsum(lengths).tolist()
            texts = [
                f"{opinions[row // 4 % N_STATEMENTS]} {' '.join(filler[end - n : end])} ."
                for row, n, end in zip(rows, lengths.tolist(), ends, strict=True)
            ]
            of = [splits[row % 4] for row in rows]
            movies = [f"{split}-{row // 40}" for split, row in zip(of, rows, strict=True)]
            label = [labels[row // 4 % N_STATEMENTS] for row in rows]
            writer.write_table(pa.table([of, movies, texts, pa.array(label, pa.int8())], schema))


def memory() -> float:
    """Return the MiB that the processes started by this one use alone; pages of files are not counted."""
    total = 0
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # it has just ended
            of_child = child.memory_info()
            total += of_child.rss - of_child.shared
    return total / 2**20


def run(folder: Path, *stage: str) -> dict[str, float]:
    """Run a stage; return its seconds and the most MiB that it had at a time."""
    most = 0.0
    with ThreadPoolExecutor(1) as executor:
        start = time.perf_counter()
        done = executor.submit(run_stage, folder, *stage)
        while not done.done():
            most = max(most, memory())
            time.sleep(0.05)
        done.result()
    return {"seconds": time.perf_counter() - start, "MiB": most}


def measure(n_reviews: int, most_words: int | None, stages: Sequence[Sequence[str]]) -> dict[str, dict[str, float]]:
    """Run stages one after the other; return seconds and MiB of each, and the types of the corpus, by its words."""
    with sandbox(LITTLE) as folder:
        (folder / "corpus").mkdir()
        write_reviews(folder / "corpus/reviews.parquet", n_reviews, most_words)
        runs = {" ".join(stage): run(folder, *stage) for stage in stages}
        n_types = read_json(folder / "metrics/tokens.json")["n_types"]
        return {stage: {**one, "types": n_types} for stage, one in runs.items()}


def chart(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the picture in the terms of Vega-Lite; rows have the keys stage, reviews, seconds and MiB."""

    def axis(field: str, **ticks: Any) -> dict[str, Any]:
        ticks = {"format": "~s", "tickCount": 4, **ticks}
        return {"field": field, "type": "quantitative", "scale": {"type": "log"}, "axis": ticks}

    def panel(field: str) -> dict[str, Any]:
        return {
            "width": 300,
            "height": 240,
            "mark": {"type": "line", "point": True},
            "encoding": {
                "x": axis("reviews", values=sorted({row["reviews"] for row in rows})),
                "y": axis(field),
                "color": {
                    "field": "stage",
                    "type": "nominal",
                    "scale": {"domain": ["fetch", "tokenize"], "range": ["var(--orange)", "var(--blue)"]},
                },
            },
        }

    return {"data": {"values": rows}, "hconcat": [panel("seconds"), panel("MiB")]}


def sizes(text: str) -> list[int]:
    """Return numbers of reviews, in millions in the text, ascending."""
    try:
        return sorted({round(float(size) * 1e6) for size in text.split()})
    except ValueError:
        sys.exit(f"error: SIZES={text!r} are no numbers; use millions of reviews, such as {SIZES!r}")


def figures() -> Iterator[dict[str, Any]]:
    """Measure fetch and tokenize at each size, and draw them; compare the memory of each stage at two sizes."""
    rows = []
    counts = sizes(os.environ.get("SIZES") or SIZES)
    for n_reviews in counts:
        for stage, one in measure(n_reviews, None, STAGES[:2]).items():
            rows.append({"stage": stage, "reviews": n_reviews, "seconds": one["seconds"], "MiB": one["MiB"]})
            what = f"{one['types']:,} types"
            yield figure(f"{stage}, {n_reviews:,} reviews", one["seconds"], f"s, {one['MiB']:.0f} MiB", what, None, 1)
    try:
        (svg,) = draw([chart(rows)])
    except InputError as error:
        print(f"skipped: the picture; {error}")
    else:
        with atomic(PICTURE) as temporary:
            temporary.write_text(svg, "utf-8")
    few, many = counts[0], max(n for n in counts if n <= MOST_OF_ALL or n == counts[0])
    if few < many:
        less, more = (measure(n, FEW_WORDS, STAGES) for n in (few, many))
        for stage, one in more.items():
            name, ratio = f"{stage}, {many:,} reviews, {FEW_WORDS:,} words", one["MiB"] / less[stage]["MiB"]
            unit = f"times the memory, {one['MiB']:.0f} MiB, {one['seconds']:.0f} s"
            yield figure(name, ratio, unit, f"{few:,} reviews, at most", 1.3, 1)
