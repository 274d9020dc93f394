"""Rates side by side: how a figure of benchmarks/results.json is measured."""

import statistics
from collections.abc import Callable, Mapping
from typing import Any

from tqdm import tqdm

Rate = Callable[[], float]


def side_by_side(
    name: str, unit: str, ours: Rate, theirs: Rate, against: str, bar: float | None, n_runs: int = 5
) -> dict[str, Any]:
    """Measure two rates in turns, one turn to warm up; return the figure, `value` the median of their ratios.

    Args:
        name: what is measured.
        unit: of both rates, more is better.
        ours: does some work and returns its rate.
        theirs: the same for what a user would pick instead.
        against: names that.
        bar: the ratio to reach; None where there is none.
        n_runs: turns that count.
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
    """Return one entry of results.json."""
    return {"name": name, "value": round(value, 3), "unit": unit, "against": against, "bar": bar, "n_runs": n_runs}


def line(found: dict[str, Any]) -> str:
    """Return a figure as a line to read."""
    rates = f" ({found['rate']:,.0f} against {found['rate_against']:,.0f})" if "rate" in found else ""
    bar = "" if found["bar"] is None else f", bar {found['bar']}"
    return f"{found['name']}: {found['value']:.2f} {found['unit']}{rates}, against {found['against']}{bar}"


def table(results: Mapping[str, Any]) -> str:
    """Return what results.json holds as Markdown."""
    lines = ["| what | figure | against | bar |", "|---|---|---|---|"]
    for found in results["figures"]:
        rates = f" ({found['rate']:,.0f} and {found['rate_against']:,.0f})" if "rate" in found else ""
        value = f"**{found['value']:.2f}** {found['unit']}{rates}"
        lines.append(f"| {found['name']} | {value} | {found['against']} | {found['bar'] or ''} |")
    where = results["environment"]
    return (
        "\n".join(lines)
        + f"\n\n{where['hardware']} ({where['instructions']}), torch {where['torch']}; {where['reviews']}."
    )
