"""The charts of the studies as Vega-Lite specifications, in the colors of the report."""

import statistics
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from scipy.special import stdtrit

from experiments.cells.comparison import Compared
from experiments.record import Figures
from pipeline.report.charts import STYLES, Spec, axis, chart, styled

RunsBySeed: TypeAlias = Mapping[str, Mapping[str, Figures]]  # by the name of the run and its seed
WIDTH = 680
TOO_WIDE = 10  # times the median width of the intervals: such an interval would shrink all others to dots
INK = {"labelColor": "var(--ink)", "labelLimit": 240}
DOT: Spec = {"type": "point", "filled": True, "size": 60, "opacity": 1}


def _forest(title: str, description: str, rows: list[dict[str, Any]], points: Iterable[Mapping[str, Any]] = ()) -> Spec:
    """Draw a difference with its interval for each row, in the order of the rows, and single differences as small dots.

    Args:
        title: of the horizontal axis.
        description: for whoever does not see the chart.
        rows: `name`, `difference`, `low`, `high`, and `clear`, whether the difference exceeds noise.
        points: `name`, `point`.
    """
    y = {"field": "name", "type": "nominal", "sort": [row["name"] for row in rows], "title": None, "axis": INK}
    color = {"condition": {"test": "datum.clear", "value": "var(--blue)"}, "value": "var(--quiet)"}
    low = {**axis("low", title, nice=True), "axis": {"labelFlush": False}}
    layers: list[Spec] = [
        {"mark": {"type": "rule", "strokeWidth": 1.5}, "encoding": {"x": {"datum": 0}}},
        {
            "mark": {"type": "rule", "strokeWidth": 7, "opacity": 0.35},
            "encoding": {"y": y, "x": low, "x2": {"field": "high"}, "color": color},
        },
        {
            "data": {"values": list(points)},
            "mark": {"type": "point", "size": 26, "strokeWidth": 1, "color": "var(--ink)", "opacity": 0.7},
            "encoding": {"y": y, "x": {"field": "point", "type": "quantitative"}},
        },
        {"mark": DOT, "encoding": {"y": y, "x": {"field": "difference", "type": "quantitative"}, "color": color}},
    ]
    return {**chart(description, layers, rows, 60 + 26 * len(rows)), "width": WIDTH}


def ablation(runs: RunsBySeed) -> Spec:
    """Draw how much the log loss rises without each technique, paired by seed, with 95 % intervals.

    The variance between seeds is the mean over the techniques: three seeds of one are too few to estimate it.
    """
    full = runs["nothing"]
    rises = {
        name.replace("_", " "): [
            run["log_loss"] - full[seed]["log_loss"] for seed, run in by_seed.items() if seed in full
        ]
        for name, by_seed in runs.items()
        if name != "nothing"
    }
    several = [differences for differences in rises.values() if len(differences) > 1]
    df = sum(len(differences) - 1 for differences in several)
    variance = sum(statistics.variance(one) * (len(one) - 1) for one in several) / df if df else 0.0
    t = float(stdtrit(df, 0.975)) if df else 0.0
    rows, points = [], []
    for name, differences in sorted(rises.items(), key=lambda item: -statistics.mean(item[1])):
        mean, half = statistics.mean(differences), t * (variance / len(differences)) ** 0.5
        ends = {"low": mean - half, "high": mean + half}
        rows.append({"name": name, "difference": mean, **ends, "clear": abs(mean) > half > 0})
        points += [{"name": name, "point": one} for one in differences]
    listed = "; ".join(f"{row['name']} {row['difference']:+.4f}" for row in rows)
    return _forest(
        "rise of the validation log loss without it, in nats", f"Rise of the log loss: {listed}.", rows, points
    )


def cells(tests: Mapping[str, Compared], reference: str, level: float) -> Spec:
    """Draw how far each cell is ahead of the reference in points of accuracy.

    An interval too wide for the axis is in its title only.

    Args:
        tests: of each cell against the reference, corrected for their number.
        reference: its name.
        level: of the tests, by which a difference exceeds noise.
    """
    widest = TOO_WIDE * statistics.median(test.half for test in tests.values())
    ordered = sorted(tests.items(), key=lambda item: -item[1].difference)
    rows = [
        {
            "name": cell,
            "difference": 100 * test.difference,
            "low": 100 * (test.difference - test.half),
            "high": 100 * (test.difference + test.half),
            "clear": test.p < level,
        }
        for cell, test in ordered
        if test.half <= widest
    ]
    hidden = [
        f"{cell} {100 * test.difference:+.1f} ± {100 * test.half:.1f}" for cell, test in ordered if test.half > widest
    ]
    listed = "; ".join(f"{cell} {100 * test.difference:+.2f}" for cell, test in ordered)
    title = f"points of validation accuracy ahead of {reference}"
    if hidden:
        title += f" (not shown: {', '.join(hidden)})"
    return _forest(title, f"Points of accuracy ahead of {reference}: {listed}.", rows)


def labels(runs: RunsBySeed) -> Spec:
    """Draw the validation accuracy of each model over the number of labels."""
    values = [
        {"model": model, "labels": number if number == "all" else f"{int(number):,}", "accuracy": 100 * run[model]}
        for name, by_seed in runs.items()
        for kind, _, number in [name.partition("-")]
        for model in (("bag_of_vectors", "nbsvm") if kind == "linear" else (kind,))
        for run in by_seed.values()
    ]
    numbers = sorted({value["labels"] for value in values}, key=lambda n: (n == "all", len(n), n))
    styles = {model: style for model, style in STYLES.items() if model in {value["model"] for value in values}}
    channels = styled("model", styles, {"symbolType": "stroke", "columns": len(styles)})
    x = {"field": "labels", "type": "ordinal", "sort": numbers, "title": "labelled reviews", "axis": {"labelAngle": 0}}
    mean = {**axis("accuracy", "validation accuracy in percent", nice=True), "aggregate": "mean"}
    layers: list[Spec] = [
        {"mark": {"type": "line", "point": {"size": 40}}, "encoding": {"x": x, "y": mean, **channels}},
    ]
    description = "Validation accuracy over the number of labelled reviews, by model."
    return {**chart(description, layers, values, 380), "width": WIDTH}


def parameters(runs: RunsBySeed, defaults: Mapping[str, Any]) -> Spec:
    """Draw the validation log loss of the frozen LSTM over the value of each parameter of the vectors.

    Args:
        runs: of the study.
        defaults: the parameters of the run in which none is changed.
    """
    changed = {name: name.rpartition("_") for name in runs if name != "default"}
    values = [
        {"parameter": key, "value": int(value), "seed": seed, "log_loss": run["lstm_frozen_log_loss"], "default": False}
        for name, (key, _, value) in changed.items()
        for seed, run in runs[name].items()
    ]
    values += [
        {
            "parameter": key,
            "value": defaults[key],
            "seed": seed,
            "log_loss": run["lstm_frozen_log_loss"],
            "default": True,
        }
        for key in dict.fromkeys(key for key, _, _ in changed.values())
        for seed, run in runs["default"].items()
    ]
    x = {"field": "value", "type": "ordinal", "title": None, "axis": {"labelAngle": 0, **INK}}
    y = axis("log_loss", "validation log loss in nats", nice=True)
    fill = {"condition": {"test": "datum.default", "value": "var(--red)"}, "value": "var(--green)"}
    layers: list[Spec] = [
        {"mark": {"type": "line", "color": "var(--green)"}, "encoding": {"x": x, "y": {**y, "aggregate": "mean"}}},
        {"mark": {**DOT, "size": 80}, "encoding": {"x": x, "y": y, "color": fill}},
    ]
    look = {"title": None, "labelColor": "var(--ink)", "labelFontSize": 13, "labelFont": "monospace"}
    return {
        "description": "Validation log loss of the frozen LSTM over the value of each parameter of the vectors.",
        "data": {"values": values},
        "facet": {"field": "parameter", "type": "nominal", "header": look},
        "columns": 4,
        "spacing": 24,
        "spec": {"width": 140, "height": 220, "layer": layers},
        "resolve": {"scale": {"x": "independent"}},
    }
