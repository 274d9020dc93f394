"""The charts of a comparison as Vega-Lite specifications."""

from pipeline.compare.comparison import Comparison
from pipeline.report.charts import Spec, axis, chart, tooltip

SIDES = {"A": "var(--orange)", "B": "var(--blue)"}
VERDICTS = {"better": "var(--positive)", "worse": "var(--negative)"}
ROW = 40  # pixels for a model
BAR: Spec = {"type": "rule", "strokeWidth": 7, "strokeCap": "round", "opacity": 0.4}
DOT: Spec = {"type": "point", "filled": True, "size": 70, "opacity": 1}


def _models(comparison: Comparison) -> Spec:
    look = {"labelColor": "var(--ink)", "labelLimit": 220}
    return {"field": "model", "type": "nominal", "sort": list(comparison.models), "title": None, "axis": look}


def accuracies(comparison: Comparison) -> Spec:
    """Draw the accuracy of each model in A and in B, in percent, with its interval."""
    values = [
        {
            "model": model,
            "revision": side,
            "accuracy": round(100 * one.accuracy, 3),
            "low": round(100 * one.interval[0], 3),
            "high": round(100 * one.interval[1], 3),
        }
        for model, change in comparison.models.items()
        for side, one in (("A", change.a), ("B", change.b))
    ]
    shared = {
        "y": _models(comparison),
        "yOffset": {"field": "revision", "sort": list(SIDES), "scale": {"paddingOuter": 0.6}},
        "color": {
            "field": "revision",
            "type": "nominal",
            "scale": {"domain": list(SIDES), "range": list(SIDES.values())},
            "legend": {"symbolType": "circle"},
        },
        "tooltip": tooltip(
            ("model", "model", ""),
            ("revision", "revision", ""),
            ("accuracy", "accuracy %", ".2f"),
            ("low", "from", ".2f"),
            ("high", "to", ".2f"),
        ),
    }
    low = {**axis("low", "accuracy in percent", nice=True), "axis": {"tickCount": 8}}
    layers: list[Spec] = [
        {"mark": BAR, "encoding": {**shared, "x": low, "x2": {"field": "high"}}},
        {"mark": DOT, "encoding": {**shared, "x": {"field": "accuracy", "type": "quantitative"}}},
    ]
    listed = "; ".join(
        f"{model} {100 * one.a.accuracy:.2f} and {100 * one.b.accuracy:.2f}" for model, one in comparison.models.items()
    )
    return chart(
        f"Accuracy in percent of each model in A and B: {listed}.", layers, values, 80 + ROW * len(comparison.models)
    )


def differences(comparison: Comparison) -> Spec:
    """Draw B - A of each model in points of accuracy with its paired interval, colored by the verdict."""
    values = [
        {
            "model": model,
            "difference": round(100 * one.change.difference, 3),
            "low": round(100 * one.change.interval[0], 3),
            "high": round(100 * one.change.interval[1], 3),
            "verdict": one.verdict,
            "color": VERDICTS.get(one.verdict, "var(--quiet)"),
        }
        for model, one in comparison.models.items()
    ]
    shared = {
        "y": _models(comparison),
        "color": {"field": "color", "type": "nominal", "scale": None},
        "tooltip": tooltip(
            ("model", "model", ""),
            ("difference", "B - A, points", "+.2f"),
            ("low", "from", "+.2f"),
            ("high", "to", "+.2f"),
            ("verdict", "B is", ""),
        ),
    }
    ticks = {"tickCount": 8, "labelFlush": False}
    low = {**axis("low", "B - A in points of accuracy", nice=True), "axis": ticks}
    layers: list[Spec] = [
        {"mark": {"type": "rule", "strokeWidth": 1.5}, "encoding": {"x": {"datum": 0}}},
        {"mark": BAR, "encoding": {**shared, "x": low, "x2": {"field": "high"}}},
        {"mark": DOT, "encoding": {**shared, "x": {"field": "difference", "type": "quantitative"}}},
    ]
    listed = "; ".join(
        f"{one['model']} {one['difference']:+.2f} ({one['low']:+.2f} to {one['high']:+.2f})" for one in values
    )
    return chart(f"B - A in points of accuracy: {listed}.", layers, values, 54 + ROW * len(values))
