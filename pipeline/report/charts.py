"""What the charts of the report share: colors, axes, tooltips and legends, in the terms of Vega-Lite.

Colors are custom properties of the page's style sheet, such as `var(--ink)`: a chart follows light, dark and print.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, str]]  # of a CSV file
Spec = dict[str, Any]
Style = tuple[str, list[int]]  # color and dashes

# Okabe and Ito's colors, which color-blind readers can distinguish, by their name in the style sheet; baselines and
# the ensemble are dashed. `ink` is their black, white in the dark.
STYLES = {
    "bag_of_vectors": ("var(--ink)", [5, 3]),
    "tfidf": ("var(--orange)", [5, 3]),
    "nbsvm": ("var(--purple)", [5, 3]),
    "lstm_random": ("var(--sky)", [1, 0]),
    "lstm_frozen": ("var(--green)", [1, 0]),
    "lstm_finetuned": ("var(--red)", [1, 0]),
    "lstm_student": ("var(--blue)", [1, 0]),
    "ensemble": ("var(--quiet)", [6, 2]),
}
OTHER = ("var(--quiet)", [2, 2])
HEIGHT = 320

# What all charts share.
CONFIG: Spec = {
    "background": "transparent",
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--quiet)",
        "titleColor": "var(--quiet)",
        "titleFontWeight": "normal",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titlePadding": 10,
        "labelPadding": 6,
        "labelSeparation": 8,
        "gridColor": "var(--line)",
        "domain": False,
        "ticks": False,
    },
    "legend": {
        "orient": "top",
        "columns": 3,
        "title": None,
        "labelColor": "var(--ink)",
        "labelFontSize": 12,
        "symbolStrokeWidth": 2.5,
        "symbolSize": 120,
        "rowPadding": 4,
        "columnPadding": 14,
        "offset": 12,
    },
    "line": {"strokeWidth": 2},
    "rule": {"color": "var(--quiet)"},
}


def chart(description: str, layers: list[Spec], values: Iterable[Mapping[str, Any]], height: int = HEIGHT) -> Spec:
    """Return a chart of layers over the same data, as wide as its place."""
    return {
        "description": description,
        "width": "container",
        "height": height,
        "autosize": {"type": "fit", "contains": "padding"},
        "data": {"values": list(values)},
        "layer": layers,
    }


def axis(field: str, title: str | None, **scale: Any) -> Spec:
    """Return a channel of numbers whose axis need not start at 0."""
    return {"field": field, "type": "quantitative", "title": title, "scale": {"zero": False, "nice": False, **scale}}


def tooltip(*columns: tuple[str, str, str]) -> list[Spec]:
    """Return a tooltip of `field, title, format`, the format "" for text."""
    return [
        {"field": field, "title": title, **({"type": "quantitative", "format": form} if form else {"type": "nominal"})}
        for field, title, form in columns
    ]


def styled(field: str, styles: Mapping[str, Style], legend: Spec) -> Spec:
    """Return the channels that color and dash by the values of a field, in the order of their styles."""
    channel: Spec = {"field": field, "type": "nominal"}
    colors, dashes = ([style[i] for style in styles.values()] for i in (0, 1))
    return {
        "color": {**channel, "scale": {"domain": list(styles), "range": colors}, "legend": legend},
        "strokeDash": {**channel, "scale": {"domain": list(styles), "range": dashes}},
    }


def models(names: Iterable[str], symbol: str = "stroke") -> tuple[list[Spec], Spec]:
    """Return the parameter and the channels that color by model; a click on the legend shows one model alone."""
    styles = {name: STYLES.get(name, OTHER) for name in names}
    return [{"name": "picked", "select": {"type": "point", "fields": ["model"]}, "bind": "legend"}], {
        **styled("model", styles, {"symbolType": symbol}),
        "opacity": {"condition": {"param": "picked", "value": 1}, "value": 0.12},
    }


def numbers(rows: Rows, *columns: str) -> list[dict[str, Any]]:
    """Return rows with some columns as numbers."""
    return [{**row, **{column: float(row[column]) for column in columns}} for row in rows]
