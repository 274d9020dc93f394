"""The report's figures as Vega-Lite specifications: plain dictionaries, the same for the same input."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from pipeline.report.charts import OTHER, STYLES, Rows, Spec, axis, chart, models, numbers, tooltip
from pipeline.report.findings import PairedDifference


def differences(pairs: Sequence[PairedDifference]) -> Spec:
    """Draw how far one model is ahead of each reference, in points of accuracy, with the paired interval."""
    model = pairs[0].model if pairs else ""
    values = [
        {"reference": one.reference, **{key: round(getattr(one, key), 3) for key in ("low", "difference", "high")}}
        for one in pairs
    ]
    y = {"field": "reference", "type": "nominal", "sort": None, "title": None, "axis": {"labelColor": "var(--ink)"}}
    shown = tooltip(
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
        layer["encoding"] |= {"y": y, "tooltip": shown}
    listed = "; ".join(f"{one.reference} {one.difference:+.2f} ({one.low:+.2f} to {one.high:+.2f})" for one in pairs)
    return chart(
        f"Points of accuracy that {model} is ahead of each reference: {listed}.", layers, values, 54 + 34 * len(values)
    )


def roc_window(rows: Rows) -> float:
    """Return the side of the corner of the ROC square, in tenths, in which every curve shows its bend."""
    models = dict.fromkeys(row["model"] for row in rows)
    bends = [
        min(max(float(row["fpr"]), 1 - float(row["tpr"])) for row in rows if row["model"] == model) for model in models
    ]
    return min(10, max(1, ceil(25 * max(bends, default=1)))) / 10


def roc(rows: Rows) -> Spec:
    """Draw the ROC curves of rows `model, fpr, tpr`, enlarged to the corner where they bend."""
    side = roc_window(rows)
    picked, channels = models(row["model"] for row in rows)
    layer = {
        "params": picked,
        "mark": {"type": "line", "clip": True, "point": {"size": 12, "opacity": 0.01}},
        "encoding": {
            "x": axis("fpr", "false positive rate", domain=[0, side]),
            "y": axis("tpr", "true positive rate", domain=[round(1 - side, 1), 1]),
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

    Bins of fewer than 20 reviews, which show chance rather than the model, are left out.
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
    return chart(f"{label} by epoch, one line per training run.", [layer], values)


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
            "labelOverlap": False,
            "labelFontSize": 10.5,
            "labelExpr": "split(replace(datum.label, ' to ', '\u2013|'), '|')",  # in two lines, so that all fit
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


def sparkline(probabilities: Sequence[float], width: int, height: int) -> str:
    """Return the points of a small line of probabilities, for an SVG polyline, at most one per unit of width."""
    n = len(probabilities)
    kept = sorted({round(i * (n - 1) / (min(n, width) - 1)) for i in range(min(n, width))}) if n > 1 else range(n)
    return " ".join(f"{width * i / max(n - 1, 1):.0f},{1 + (height - 2) * (1 - probabilities[i]):.1f}" for i in kept)
