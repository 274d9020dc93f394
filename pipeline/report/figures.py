"""The report's figures as Vega-Lite specifications: plain dictionaries, the same for the same input."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.report.charts import OTHER, STYLES, Rows, Spec, axis, chart, models, numbers, tooltip


def differences(paired: Mapping[str, Mapping[str, float]], model: str) -> Spec:
    """Draw how far `model` is ahead of each reference, in points of accuracy, with the paired interval."""
    values = [
        {"reference": reference, **{key: round(100 * one[key], 3) for key in ("low", "difference", "high")}}
        for reference, one in paired.items()
    ]
    y = {"field": "reference", "type": "nominal", "sort": None, "title": None, "axis": {"labelColor": "var(--ink)"}}
    told_on_hovering = tooltip(
        ("reference", "against", ""),
        ("difference", "points ahead", "+.2f"),
        ("low", "from", "+.2f"),
        ("high", "to", "+.2f"),
    )
    ticks = {"tickCount": 10, "labelFlush": False}  # 0 belongs under its line
    x = {**axis("difference", "points of accuracy ahead", nice=True), "axis": ticks}
    color = STYLES.get(model, OTHER)[0]
    bar = {"type": "rule", "strokeWidth": 7, "strokeCap": "round", "color": color, "opacity": 0.4}
    layers: list[Spec] = [
        {"mark": {"type": "rule", "strokeWidth": 1.5}, "encoding": {"x": {"datum": 0}}},
        {"mark": bar, "encoding": {"x": {"field": "low", "type": "quantitative"}, "x2": {"field": "high"}}},
        {
            "mark": {"type": "point", "filled": True, "size": 70, "color": color, "opacity": 1},
            "encoding": {"x": x},
        },
    ]
    for layer in layers[1:]:
        layer["encoding"] |= {"y": y, "tooltip": told_on_hovering}
    told = "; ".join(f"{v['reference']} {v['difference']:+.2f} ({v['low']:+.2f} to {v['high']:+.2f})" for v in values)
    return chart(
        f"Points of accuracy that {model} is ahead of each reference: {told}.", layers, values, 54 + 34 * len(values)
    )


def roc(rows: Rows) -> Spec:
    """Draw the ROC curves of rows `model, fpr, tpr`, the corner that tells the models apart."""
    picked, channels = models(row["model"] for row in rows)
    layer = {
        "params": picked,
        "mark": {"type": "line", "clip": True, "point": {"size": 12, "opacity": 0.01}},
        "encoding": {
            "x": axis("fpr", "false positive rate", domain=[0, 0.4]),
            "y": axis("tpr", "true positive rate", domain=[0.6, 1]),
            "order": {"field": "tpr", "type": "quantitative"},
            "tooltip": tooltip(
                ("model", "model", ""), ("fpr", "false positives", ".1%"), ("tpr", "true positives", ".1%")
            ),
            **channels,
        },
    }
    return chart("ROC curve of each model.", [layer], numbers(rows, "fpr", "tpr"))


def calibration(rows: Rows) -> Spec:
    """Draw the observed share of positive reviews over the predicted one, of rows `model, predicted, positive, n`.

    A bin of fewer than 20 reviews tells more of chance than of the model, and is left out.
    """
    values = [row for row in numbers(rows, "predicted", "positive", "n") if row["n"] >= 20]
    picked, channels = models(row["model"] for row in rows)
    ends = {"x": {"datum": 0}, "y": {"datum": 0}, "x2": {"datum": 1}, "y2": {"datum": 1}}
    layers: list[Spec] = [
        {"mark": {"type": "rule", "opacity": 0.6}, "encoding": ends},
        {
            "params": picked,
            "mark": {"type": "line", "point": {"size": 22}},
            "encoding": {
                "x": axis("predicted", "predicted probability", domain=[0, 1]),
                "y": axis("positive", "share of positive reviews", domain=[0, 1]),
                "tooltip": tooltip(
                    ("model", "model", ""),
                    ("predicted", "predicted", ".3f"),
                    ("positive", "observed", ".3f"),
                    ("n", "reviews", ",.0f"),
                ),
                **channels,
            },
        },
    ]
    return chart(
        "Calibration: observed share of positive reviews over the predicted probability, by model.", layers, values
    )


def history(runs: Mapping[str, Rows], column: str, label: str, form: str) -> Spec:
    """Draw a column of the training histories, rows of `epoch, train_loss, ...` by `<model>-<seed>`."""
    values: list[dict[str, Any]] = [
        {"run": run, "model": run.rpartition("-")[0], "epoch": int(row["epoch"]), "value": float(row[column])}
        for run, rows in runs.items()
        for row in rows
    ]
    last = max((value["epoch"] for value in values), default=1)
    picked, channels = models(value["model"] for value in values)
    ticks = list(range(1, last + 1, max(1, last // 8)))
    layer = {
        "params": picked,
        "mark": {"type": "line", "point": {"size": 30}},
        "encoding": {
            "x": {**axis("epoch", "epoch"), "axis": {"values": ticks, "format": "d", "grid": False}},
            "y": axis("value", label, nice=True),
            "detail": {"field": "run"},
            "tooltip": tooltip(("run", "run", ""), ("epoch", "epoch", "d"), ("value", label, form)),
            **channels,
        },
    }
    return chart(f"{label} by epoch, a line a training.", [layer], values)


def slices(rows: Rows, kind: str, label: str) -> Spec:
    """Draw the accuracy of each model on groups of reviews, of rows `slice, group, n, model, accuracy, low, high`."""
    values = numbers([row for row in rows if row["slice"] == kind], "n", "accuracy", "low", "high")
    picked, channels = models((row["model"] for row in values), "circle")
    del channels["strokeDash"]
    x = {
        "field": "group",
        "type": "ordinal",
        "sort": None,
        "title": label,
        "scale": {"paddingInner": 0.3, "paddingOuter": 0.1},
        "axis": {
            "labelAngle": 0,
            "labelOverlap": "greedy",
            "labelSeparation": 2,
            "labelFontSize": 10.5,
            "labelExpr": "replace(datum.label, ' to ', '\u2013')",
        },
    }
    shared = {
        "x": x,
        "xOffset": {"field": "model", "sort": None},
        "tooltip": tooltip(
            ("model", "model", ""),
            ("group", label, ""),
            ("accuracy", "accuracy", ".4f"),
            ("low", "from", ".4f"),
            ("high", "to", ".4f"),
            ("n", "reviews", ",.0f"),
        ),
        **channels,
    }
    layers: list[Spec] = [
        {
            "params": picked,
            "mark": {"type": "rule", "strokeWidth": 2, "strokeCap": "round"},
            "encoding": {"y": axis("low", "accuracy", nice=True), "y2": {"field": "high"}, **shared},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 34},
            "encoding": {"y": {"field": "accuracy", "type": "quantitative"}, **shared},
        },
    ]
    return chart(f"Accuracy by {label}, with intervals of 95 %, by model.", layers, values)


def word_map(words: Sequence[tuple[str, float, float, float]], name: str) -> Spec:
    """Draw words where a map puts them, `word, x, y, log odds`: green for positive reviews' words, red for negative.

    A word that would stand on one drawn before it is a dot, which tells its word on hovering.
    """
    left, right = min(row[1] for row in words), max(row[1] for row in words)
    low, high = min(row[2] for row in words), max(row[2] for row in words)
    taken: list[tuple[float, float, float]] = []  # middle and half the width, in shares of the picture
    values = []
    for word, x, y, odds in words:
        across, up = (x - left) / ((right - left) or 1), (y - low) / ((high - low) or 1)
        half = 0.0046 * len(word) + 0.004
        free = not any(abs(across - u) < half + w and abs(up - v) < 0.024 for u, v, w in taken)
        if free:
            taken.append((across, up, half))
        color = "var(--positive)" if odds > 0 else "var(--negative)"
        values.append(
            {"word": word, "x": round(across, 4), "y": round(up, 4), "odds": odds, "color": color, "free": free}
        )
    place = {
        "x": {"field": "x", "type": "quantitative", "axis": None, "scale": {"domain": [-0.05, 1.05]}},
        "y": {"field": "y", "type": "quantitative", "axis": None, "scale": {"domain": [-0.02, 1.02]}},
        "color": {"field": "color", "type": "nominal", "scale": None},
        "tooltip": tooltip(("word", "word", ""), ("odds", "log odds", "+.2f")),
    }
    layers: list[Spec] = [
        {
            "transform": [{"filter": "!datum.free"}],
            "mark": {"type": "point", "filled": True, "size": 26, "opacity": 0.7},
            "encoding": place,
        },
        {
            "transform": [{"filter": "datum.free"}],
            "mark": {"type": "text", "fontSize": 12},
            "encoding": {**place, "text": {"field": "word"}},
        },
    ]
    # As wide as words of twelve pixels need to be read, whatever the screen: it scrolls in its place.
    return {**chart(f"Map of the most polar words by the vectors of {name}.", layers, values, 640), "width": 960}


def sparkline(probabilities: Sequence[float], width: int, height: int) -> str:
    """Return the points of a small line of probabilities, for an SVG polyline; at most a point a unit of width."""
    n = len(probabilities)
    kept = sorted({round(i * (n - 1) / (min(n, width) - 1)) for i in range(min(n, width))}) if n > 1 else range(n)
    return " ".join(f"{width * i / max(n - 1, 1):.0f},{1 + (height - 2) * (1 - probabilities[i]):.1f}" for i in kept)
