"""The charts of the page as Vega-Lite specifications."""

from collections.abc import Mapping, Sequence
from typing import Any

from experiments.long_lags.summary import Runs, at_lags, bands, by_cell, n_solved, sequences, share, wrong
from experiments.long_lags.tasks.sinusoids import POWER
from experiments.long_lags.tasks.table import LAGS, TASKS
from experiments.record import Figures
from pipeline.report.charts import OTHER, Spec, Style, axis, chart, styled, tooltip

# As in the report; the plain network is black.
STYLES: Mapping[str, Style] = {
    "lstm": ("var(--red)", [1, 0]),
    "lstm1997": ("var(--orange)", [1, 0]),
    "vanilla": ("var(--purple)", [5, 3]),
    "gru": ("var(--blue)", [1, 0]),
    "mut1": ("var(--green)", [1, 0]),
    "rnn": ("var(--ink)", [1, 0]),
    "irnn": ("var(--ink)", [5, 3]),
    "clockwork": ("var(--sky)", [5, 3]),
}
FAMILIES = ("latch", "recall")  # the tasks at several lags
SMALLEST = 1e-12  # a norm below is drawn there: the axis is logarithmic


def colors(cells: Sequence[str]) -> Spec:
    """Return the channels that color and dash by cell."""
    return styled("cell", {cell: STYLES.get(cell, OTHER) for cell in cells}, {"symbolType": "stroke"})


def short(number: float | None) -> str:
    """Format a number of sequences for a small field: `5.6k`, `48k`; nothing for None."""
    if number is None:
        return ""
    return f"{number / 1000:.1f}k" if number < 10_000 else f"{number / 1000:.0f}k"


def grid(rows: Mapping[str, Mapping[str, Figures]], description: str) -> Spec:
    """Draw a field for each row and cell: the fuller, the larger the share of seeds that succeed."""
    values = [
        {
            "row": row,
            "cell": cell,
            "share": share(run),
            "seeds": f"{n_solved(run)} of {len(run['seeds'])}",
            "needed": short(sequences(run)),
        }
        for row, runs in rows.items()
        for cell, run in runs.items()
    ]
    names = list(dict.fromkeys(value["cell"] for value in values))
    look: Spec = {"title": None, "type": "nominal"}
    across = {
        "labelAngle": -35,
        "orient": "top",
        "labelColor": "var(--ink)",
        "labelOverlap": False,
        "labelFontSize": 10,
    }
    places = {
        "x": {"field": "cell", "sort": names, "axis": across, **look},
        "y": {"field": "row", "sort": list(rows), "axis": {"labelColor": "var(--ink)", "labelLimit": 220}, **look},
    }
    shown = tooltip(("row", "task", ""), ("cell", "cell", ""), ("seeds", "succeed", ""), ("needed", "sequences", ""))
    opacity = {"field": "share", "type": "quantitative", "scale": {"domain": [0, 1], "range": [0.05, 0.7]}}
    layers: list[Spec] = [
        {
            "mark": {"type": "rect", "color": "var(--green)", "stroke": "var(--paper)", "strokeWidth": 2},
            "encoding": {**places, "opacity": {**opacity, "legend": None}, "tooltip": shown},
        },
        {
            "mark": {"type": "text", "color": "var(--ink)", "fontSize": 11},
            "encoding": {**places, "text": {"field": "needed", "type": "nominal"}},
        },
    ]
    return chart(description, layers, values, 40 + 26 * len(rows))


def by_lag(runs: Runs, family: str, cells: Sequence[str]) -> Spec:
    """Draw the share of wrong answers after training over the lag of the `latch` or the `recall`."""
    values = [
        {"cell": cell, "lag": lag, "wrong": wrong(run)}
        for lag, row in at_lags(runs, family).items()
        for cell, run in row.items()
    ]
    x = {**axis("lag", "lag in steps", type="log", nice=False), "axis": {"values": list(LAGS), "grid": False}}
    layer = {
        "mark": {"type": "line", "point": {"size": 36}},
        "encoding": {
            "x": x,
            "y": {**axis("wrong", "share of wrong answers", domain=[0, 1])},
            "tooltip": tooltip(("cell", "cell", ""), ("lag", "lag", ",d"), ("wrong", "wrong", ".1%")),
            **colors(cells),
        },
    }
    return chart("Share of wrong answers after training over the lag, by cell.", [layer], values)


def gradient(runs: Runs, cells: Sequence[str], when: str) -> Spec:
    """Draw the norm of dh_T / ds_t over the steps back from T, `untrained` or `trained`, on a logarithmic axis."""
    values = [
        {"cell": cell, "back": back, "norm": max(norm, SMALLEST)}
        for cell, run in by_cell(runs).get("latch_100", {}).items()
        for back, norm in zip(
            run.get("gradients", {}).get("steps_back", []), run.get("gradients", {}).get(when, []), strict=False
        )
        if norm is not None
    ]
    y: dict[str, Any] = {**axis("norm", "norm of dh_T / ds_t", type="log"), "axis": {"format": ".0e", "tickCount": 6}}
    layer = {
        "mark": {"type": "line", "point": {"size": 12, "opacity": 0.01}},
        "encoding": {
            "x": {**axis("back", "steps back from the end, T - t"), "axis": {"grid": False}},
            "y": y,
            "tooltip": tooltip(("cell", "cell", ""), ("back", "steps back", "d"), ("norm", "norm", ".2e")),
            **colors(cells),
        },
    }
    return chart(f"Norm of the gradient over the steps back from the end, {when}, by cell.", [layer], values)


def band_errors(runs: Runs) -> Spec:
    """Draw the error in each band of the sinusoids, by cell."""
    values = bands(runs, POWER)
    names = list(dict.fromkeys(value["cell"] for value in values))
    scale = {"domain": list(TASKS["sinusoids"].bands), "range": ["var(--blue)", "var(--orange)"]}
    layer = {
        "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1},
        "encoding": {
            "x": axis("error", "squared error as a share of the band's power", zero=True, nice=True),
            "y": {"field": "cell", "type": "nominal", "sort": names, "title": None, "axis": {"grid": True}},
            "color": {"field": "band", "type": "nominal", "scale": scale, "legend": {"symbolType": "circle"}},
            "tooltip": tooltip(("cell", "cell", ""), ("band", "band", ""), ("error", "error", ".3f")),
        },
    }
    return chart("Error in the slow and the fast band, by cell.", [layer], values, 70 + 28 * len(names))


def charts(runs: Runs, cells: Sequence[str]) -> dict[str, Spec]:
    """Return the charts of the page by the id of their place."""
    table = by_cell(runs)
    tasks = {TASKS[task].title: row for task, row in table.items() if not task.startswith(("latch_", "recall_"))}
    families = {name: {f"lag {lag:,}": row for lag, row in at_lags(runs, name).items()} for name in FAMILIES}
    every: dict[str, tuple[object, Spec]] = {
        "tasks": (tasks, grid(tasks, "Share of seeds that succeed and training sequences needed, by task and cell.")),
        "untrained": (table.get("latch_100"), gradient(runs, cells, "untrained")),
        "trained": (table.get("latch_100"), gradient(runs, cells, "trained")),
        "bands": (table.get("sinusoids"), band_errors(runs)),
    }
    for name, lags in families.items():
        every[name] = (lags, grid(lags, f"Share of seeds that succeed on the {name}, by lag and cell."))
        every[f"{name}-errors"] = (lags, by_lag(runs, name, cells))
    return {name: spec for name, (data, spec) in every.items() if data}
