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
from dataclasses import dataclass
from pathlib import Path

from tabulate import tabulate

from pipeline.core.errors import InputError
from pipeline.core.files import check_file, read_json
from pipeline.core.vocabulary import read_types
from pipeline.core.yaml import parse_yaml
from pipeline.params import Params
from pipeline.report.markers import write_between_markers
from stages.runner import errors_in_one_line, read_params

SIZES = {"50 k": 50_000, "5 M": 5_000_000, "500 M": 500_000_000, "50 G": 50_000_000_000}
IMDB, CORES = 100_000, 2
PRICE = 0.05  # dollars, an assumption
DOCUMENT = Path("docs/scaling.md")
ALL = ("data/train.parquet", "data/unsup.parquet", "data/test.parquet", "data/corpus.txt", "data/tokens")
COUNT = 8  # bytes of a type's count


@dataclass(frozen=True)
class CommittedRun:
    """What the other sizes are computed from.

    Attributes:
        seconds: by stage.
        n_bytes: of the outputs in ALL.
        n_types: of the corpus.
        growth: the exponent with which the number of types grows.
        bytes_per_type: in the memory of `tokenize`.
        n_words: in the vocabulary.
    """

    seconds: Mapping[str, float]
    n_bytes: int
    n_types: int
    growth: float
    bytes_per_type: float
    n_words: int


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


def table(run: CommittedRun, params: Params, price: float) -> str:
    """Return a column per size, a row per quantity; `price` is in dollars per hour of a core."""
    rows: dict[str, list[str]] = {}

    def add(name: str, text: str) -> None:
        rows.setdefault(name, []).append(text)

    for n in SIZES.values():
        of_stages = hours(run.seconds, params, n)
        for name, value in of_stages.items():
            add(f"time: {name}", duration(value))
        *_, whole, least = of_stages.values()
        for name, value in (("all stages", whole), ("the least", least)):
            add(f"price: {name}", f"${rounded(value * CORES * price)}")
        add("machines that do the least in a day", f"{math.ceil(least / 24):,}")
        add("disk", amount(run.n_bytes * n / IMDB))
        types = (n / IMDB) ** run.growth
        add("types", rounded(run.n_types * types))
        add("memory of `tokenize` for them", amount(run.n_types * types * run.bytes_per_type))
        vectors = run.n_words * types * params.embed.vector_size * 4 * 2  # of words and of contexts, float32
        add("memory of `embed` for the vectors", amount(vectors))
    cells = [[name, *texts] for name, texts in rows.items()]
    return str(tabulate(cells, ["reviews", *SIZES], "pipe", disable_numparse=True, colalign=("left",) + ("right",) * 4))


def dollars(price: str) -> float:
    """Read a price.

    Raises:
        InputError: it is not a number, or below 0.
    """
    try:
        value = float(price)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise InputError(f"PRICE = {price!r} is no price; give dollars per hour of a core, such as {PRICE}")
    return value


def main(price: str = str(PRICE)) -> None:
    """Write the table.

    Raises:
        InputError: a file is missing or broken, or the price is none.
    """
    of_core = dollars(price)
    lock = Path("dvc.lock")
    check_file(lock)
    stages = parse_yaml(lock.read_bytes(), lock)["stages"]
    sizes = {out["path"]: out["size"] for stage in stages.values() for out in stage.get("outs", [])}
    measured = {path.stem: read_json(path) for path in sorted(Path("metrics/seconds").glob("*.json"))}
    n_types = read_json(Path("metrics/tokens.json"))["n_types"]
    params = read_params()
    run = CommittedRun(
        seconds={name: one["seconds"] for name, one in measured.items()},
        n_bytes=sum(sizes[path] for path in ALL),
        n_types=n_types,
        growth=growth(Path("data/corpus.txt"), n_types),
        bytes_per_type=bytes_per_type(read_types(Path("data/tokens/types.tsv"))[0]),
        n_words=read_json(Path("metrics/embeddings.json"))["n_words"],
    )
    hardware = ", ".join(sorted({one["hardware"] for one in measured.values()}))
    note = (
        f"Computed, not measured, from the committed run on {hardware} and ${of_core:g} per hour of a core;"
        f" the number of types grows with the power {run.growth:.2f} of the text. A worker of `embed` reads"
        f" {params.embed.epochs * IMDB / run.seconds['embed'] * 0.0864:.0f} million reviews a day, each once."
        f" A type takes {run.bytes_per_type:.0f} bytes in `tokenize`."
    )
    write_between_markers(DOCUMENT, "sizes", f"{table(run, params, of_core)}\n\n{note}")


if __name__ == "__main__":
    with errors_in_one_line("sizes"):
        main(*sys.argv[1:])
