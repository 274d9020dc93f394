"""What other sizes of corpus would take, computed from the committed run: `python -m benchmarks.sizes [PRICE]`.

A corpus of n reviews is taken to be like IMDB's: a quarter for train, half for unsup, a quarter for test. Stages that
read all reviews take n / 100,000 times the seconds and bytes of the committed run, others as many times as they read
more reviews. The number of types grows as over the last half of IMDB's text. PRICE is in dollars per hour of a core.

Reads:  metrics/, dvc.lock, params.yaml, data/corpus.txt, data/tokens/types.tsv
Writes: the part of docs/scaling.md between the markers `sizes`
"""

import math
import sys
import tracemalloc
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tabulate import tabulate

from pipeline.core.files import read_json
from pipeline.core.vocabulary import read_types
from pipeline.core.yaml import parse_yaml
from pipeline.params import Params
from pipeline.report.markers import write_between_markers
from stages.runner import read_params

SIZES = {"50 k": 50_000, "5 M": 5_000_000, "500 M": 500_000_000, "50 G": 50_000_000_000}
IMDB, CORES = 100_000, 2
PRICE = 0.05  # dollars, an assumption
DOCUMENT = Path("docs/scaling.md")
ALL = ("data/train.parquet", "data/unsup.parquet", "data/test.parquet", "data/corpus.txt", "data/tokens")
COUNT = 8  # bytes of a type's count


def growth(corpus: Path, n_types: int) -> float:
    """Return the exponent with which the number of types grows, from half of a corpus to all of its `n_types`."""
    lines = corpus.read_text("utf-8").splitlines()
    half = {token for line in lines[: len(lines) // 2] for token in line.split()}
    return math.log2(n_types / len(half))


def bytes_per_type(types: Iterable[str]) -> float:
    """Return what a type takes in the memory of `tokenize`: a string with its number in a dictionary, and a count."""
    encoded = [token.encode() for token in types]
    tracemalloc.start()
    index = {token.decode(): i for i, token in enumerate(encoded)}
    n_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return n_bytes / len(index) + COUNT


def hours(seconds: Mapping[str, float], params: Params, n: int) -> dict[str, float]:
    """Return the hours of the stages for a corpus of n reviews, two sums included."""
    times = n / IMDB

    def capped(most: int, share: float) -> float:
        return min(times, most / (share * IMDB))

    part = {
        "`fetch`": seconds["fetch"] * times,
        "`tokenize`": seconds["tokenize"] * times,
        f"`embed`, {params.embed.epochs} epochs": seconds["embed"] * times,
        f"an LSTM, {params.classify.epochs} epochs": seconds["classify-lstm_finetuned-1"] * times,
    }
    others = sum(value for name, value in seconds.items() if name.startswith(("classify", "ensemble", "student")))
    others *= times
    others += seconds["baseline"] * capped(params.baseline.max_reviews, 0.25)
    others += seconds["polarity"] * capped(params.baseline.max_reviews, 0.25)
    others += seconds["maas"] * capped(params.maas.max_reviews, 0.75)
    others += seconds["evaluate"] * capped(params.evaluate.max_reviews, 0.25)
    fetch, tokenize, embed, lstm = part.values()
    part["all stages, as they are"] = fetch + tokenize + embed + others
    least = fetch + tokenize + embed / params.embed.epochs + lstm / params.classify.epochs
    part["`embed` and one LSTM for an epoch each, nothing else"] = least
    return {name: value / 3600 for name, value in part.items()}


def duration(value: float) -> str:
    """Format hours as minutes, hours, days or years, with two digits."""
    for unit, size in (("years", 24 * 365), ("days", 24), ("h", 1)):
        if value >= 2 * size:
            return f"{rounded(value / size)} {unit}"
    return f"{rounded(value * 60)} min"


def amount(n_bytes: float) -> str:
    """Format bytes with two digits."""
    for unit, size in (("PB", 1e15), ("TB", 1e12), ("GB", 1e9)):
        if n_bytes >= size:
            return f"{rounded(n_bytes / size)} {unit}"
    return f"{rounded(n_bytes / 1e6)} MB"


def rounded(value: float) -> str:
    """Format a number with two digits."""
    if value < 1:
        return f"{value:.1g}"
    return f"{float(f'{value:.2g}'):,.0f}" if value >= 10 else f"{value:.1f}"


def table(facts: Mapping[str, Any], params: Params, price: float) -> str:
    """Return a column per size, a row per quantity.

    Args:
        facts: `seconds` by stage, `bytes` of the outputs in ALL, `n_types`, `n_words`, `bytes_per_type` in memory, and
            the `growth` of the types.
        params: of the run.
        price: dollars per hour of a core.
    """
    rows: dict[str, list[str]] = {}

    def add(name: str, text: str) -> None:
        rows.setdefault(name, []).append(text)

    for n in SIZES.values():
        of_stages = hours(facts["seconds"], params, n)
        for name, value in of_stages.items():
            add(f"time: {name}", duration(value))
        *_, whole, least = of_stages.values()
        for name, value in (("all stages", whole), ("the least", least)):
            add(f"price: {name}", f"${rounded(value * CORES * price)}")
        add("machines that do the least in a day", f"{math.ceil(least / 24):,}")
        add("disk", amount(facts["bytes"] * n / IMDB))
        types = (n / IMDB) ** facts["growth"]
        add("types", rounded(facts["n_types"] * types))
        add("memory of `tokenize` for them", amount(facts["n_types"] * types * facts["bytes_per_type"]))
        vectors = facts["n_words"] * types * params.embed.vector_size * 4 * 2  # of words and of contexts, float32
        add("memory of `embed` for the vectors", amount(vectors))
    cells = [[name, *texts] for name, texts in rows.items()]
    return str(tabulate(cells, ["reviews", *SIZES], "pipe", disable_numparse=True, colalign=("left",) + ("right",) * 4))


def main(price: str = str(PRICE)) -> None:
    """Write the table.

    Raises:
        InputError: a file is missing or broken.
    """
    lock = parse_yaml(Path("dvc.lock").read_bytes(), "dvc.lock")["stages"]
    sizes = {out["path"]: out["size"] for stage in lock.values() for out in stage.get("outs", [])}
    runs = {path.stem: read_json(path) for path in sorted(Path("metrics/seconds").glob("*.json"))}
    tokens, vectors = read_json(Path("metrics/tokens.json")), read_json(Path("metrics/embeddings.json"))
    params = read_params()
    facts: dict[str, Any] = {
        "seconds": {name: run["seconds"] for name, run in runs.items()},
        "bytes": sum(sizes[path] for path in ALL),
        "n_types": tokens["n_types"],
        "n_words": vectors["n_words"],
        "bytes_per_type": bytes_per_type(read_types(Path("data/tokens/types.tsv"))[0]),
        "growth": growth(Path("data/corpus.txt"), tokens["n_types"]),
    }
    hardware = ", ".join(sorted({run["hardware"] for run in runs.values()}))
    note = (
        f"Computed, not measured, from the committed run on {hardware} and ${float(price):g} per hour of a core;"
        f" the number of types grows with the power {facts['growth']:.2f} of the text. A worker of `embed` reads"
        f" {params.embed.epochs * IMDB / facts['seconds']['embed'] * 0.0864:.0f} million reviews a day, each once."
        f" A type takes {facts['bytes_per_type']:.0f} bytes in `tokenize`."
    )
    write_between_markers(DOCUMENT, "sizes", f"{table(facts, params, float(price))}\n\n{note}")


if __name__ == "__main__":
    main(*sys.argv[1:])
