"""How a figure of benchmarks/results.json is measured and shown."""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

from tabulate import tabulate
from tqdm import tqdm

from experiments.sandbox import ROOT

Rate = Callable[[], float]


def seconds_of(work: Callable[[], object]) -> float:
    """Work once; return the seconds."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def median_seconds(work: Callable[[], object], n_runs: int, n_warm: int = 1) -> float:
    """Return the median of several runs, after some to warm up."""
    return statistics.median([seconds_of(work) for _ in range(n_warm + n_runs)][n_warm:])


def per_second(n: int, work: Callable[[], object]) -> Rate:
    """Return a function that works once, on n things, and returns the things per second."""
    return lambda: n / seconds_of(work)


def side_by_side(
    name: str, unit: str, ours: Rate, theirs: Rate, against: str, bar: float | None, n_runs: int = 5
) -> dict[str, Any]:
    """Measure two rates in turns, after one turn to warm up; return the figure, whose value is the median ratio.

    Args:
        name: what is measured.
        unit: of both rates; higher is better.
        ours: does some work and returns its rate.
        theirs: the same for what a user would use instead.
        against: the name of that.
        bar: the ratio to reach, or None.
        n_runs: turns after the first.
    """
    mine, other = [], []
    for turn in tqdm(range(n_runs + 1), desc=name, leave=False):
        pair = ours(), theirs()
        if turn:
            mine.append(pair[0])
            other.append(pair[1])
    ratio = statistics.median(a / b for a, b in zip(mine, other, strict=True))
    return {
        **figure(name, ratio, f"times the {unit}", against, bar, n_runs),
        "rate": round(statistics.median(mine), 1),
        "rate_against": round(statistics.median(other), 1),
    }


def figure(name: str, value: float, unit: str, against: str, bar: float | None, n_runs: int) -> dict[str, Any]:
    """Return an entry of results.json."""
    return {"name": name, "value": round(value, 3), "unit": unit, "against": against, "bar": bar, "n_runs": n_runs}


def line(entry: Mapping[str, Any]) -> str:
    """Format an entry as one line."""
    rates = f" ({entry['rate']:,.0f} against {entry['rate_against']:,.0f})" if "rate" in entry else ""
    bar = "" if entry["bar"] is None else f", bar {entry['bar']}"
    return f"{entry['name']}: {entry['value']:.2f} {entry['unit']}{rates}, against {entry['against']}{bar}"


def table(results: Mapping[str, Any]) -> str:
    """Format results.json in Markdown: a table per group of rows, with the machine that measured it."""
    tables = []
    for group, measured in results.items():
        rows = []
        for entry in measured["figures"]:
            rates = f" ({entry['rate']:,.0f} and {entry['rate_against']:,.0f})" if "rate" in entry else ""
            value = f"**{entry['value']:.2f}** {entry['unit']}{rates}"
            rows.append((entry["name"], value, entry["against"], entry["bar"] or ""))
        machine = measured["environment"]
        where = f"{machine['hardware']} ({machine['instructions']}), torch {machine['torch']}, {machine['reviews']}"
        text = tabulate(rows, ("what", "figure", "against", "bar"), "pipe", disable_numparse=True)
        tables.append(f"### `{group}`\n\n{text}\n\nMeasured on {where}.")
    return "\n\n".join(tables)


def missing(*inputs: str) -> str:
    """Return which inputs of the real run are missing, with the remedy, or an empty string."""
    lacking = [entry for entry in inputs if not (ROOT / entry).exists()]
    return f"{', '.join(lacking)} missing; run `dvc repro`, or `dvc checkout` to restore" if lacking else ""
