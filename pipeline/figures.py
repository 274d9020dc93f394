"""The report's figures, as SVG that stands in the page; the same input gives the same bytes."""

from collections.abc import Iterable, Mapping, Sequence
from io import StringIO

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

Rows = Sequence[Mapping[str, str]]  # of a CSV file

# Okabe and Ito's colours, which colour-blind readers can tell apart; references are dashed.
STYLES = {
    "bag_of_vectors": ("#000000", "--"),
    "tfidf": ("#E69F00", "--"),
    "nbsvm": ("#CC79A7", "--"),
    "lstm_random": ("#56B4E9", "-"),
    "lstm_frozen": ("#009E73", "-"),
    "lstm_finetuned": ("#D55E00", "-"),
}


def _svg(figure: Figure) -> str:
    """Return the figure as an <svg> element: text as text, ids and bytes fixed."""
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "report"}):
        file = StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    return file.getvalue()[file.getvalue().index("<svg") :]


def _axes(x: str, y: str, *, width: float = 5.2, height: float = 4.0) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _of_models(rows: Rows) -> Iterable[tuple[str, str, str, Rows]]:
    for model in dict.fromkeys(row["model"] for row in rows):
        color, style = STYLES.get(model, ("#777777", "-"))
        yield model, color, style, [row for row in rows if row["model"] == model]


def roc(rows: Rows) -> str:
    """Draw the ROC curves of rows `model, fpr, tpr`, the corner that tells the models apart."""
    figure, axes = _axes("false positive rate", "true positive rate")
    for model, color, style, points in _of_models(rows):
        x, y = ([float(point[key]) for point in points] for key in ("fpr", "tpr"))
        axes.plot(x, y, style, color=color, label=model, linewidth=1.4)
    axes.set(xlim=(0, 0.4), ylim=(0.6, 1.005))
    axes.legend(loc="lower right", frameon=False, fontsize=9)
    return _svg(figure)


def calibration(rows: Rows) -> str:
    """Draw the observed share of positive reviews over the predicted one, of rows `model, predicted, positive, n`.

    A bin of fewer than 20 reviews tells more of chance than of the model, and is left out.
    """
    rows = [row for row in rows if float(row["n"]) >= 20]
    figure, axes = _axes("predicted probability", "share of positive reviews")
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=0.8)
    for model, color, style, points in _of_models(rows):
        x, y = ([float(point[key]) for point in points] for key in ("predicted", "positive"))
        axes.plot(x, y, style, marker=".", color=color, label=model, linewidth=1.2)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.legend(loc="upper left", frameon=False, fontsize=9)
    return _svg(figure)


def history(runs: Mapping[str, Rows], column: str, label: str) -> str:
    """Draw a column of the training histories, rows of `epoch, train_loss, ...` by `<model>-<seed>`."""
    figure, axes = _axes("epoch", label)
    named = set[str]()
    for run, rows in runs.items():
        model = run.rpartition("-")[0]
        color, style = STYLES.get(model, ("#777777", "-"))
        x, y = [int(row["epoch"]) for row in rows], [float(row[column]) for row in rows]
        axes.plot(x, y, style, marker=".", color=color, label=None if model in named else model, linewidth=1.4)
        named.add(model)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, fontsize=9)
    return _svg(figure)


def differences(comparisons: Mapping[str, Mapping[str, Mapping[str, float]]], model: str) -> str:
    """Draw how far `model` is ahead of each reference, in points of accuracy, with the paired interval."""
    found = comparisons[model]
    figure, axes = _axes(f"points of accuracy that {model} is ahead", "", height=0.5 + 0.38 * len(found))
    for place, one in enumerate(found.values()):
        low, middle, high = (100 * one[key] for key in ("low", "difference", "high"))
        axes.plot([low, high], [place, place], color=STYLES.get(model, ("#777777", "-"))[0], linewidth=2.4)
        axes.plot([middle], [place], "o", color="black", markersize=4.5)
    axes.axvline(0, color="#777777", linewidth=1)
    axes.set_yticks(range(len(found)), list(found))
    axes.set_ylim(len(found) - 0.4, -0.6)
    return _svg(figure)


def word_map(words: Sequence[tuple[str, float, float, float]]) -> str:
    """Draw words where a map puts them, `word, x, y, log odds`: green for positive reviews' words, red for negative.

    A word that would stand on one drawn before it is a dot.
    """
    figure = Figure(figsize=(8, 6.4), layout="constrained")
    axes = figure.add_subplot()
    axes.set_axis_off()
    left, right = min(row[1] for row in words), max(row[1] for row in words)
    low, high = min(row[2] for row in words), max(row[2] for row in words)
    axes.set(xlim=(left - 0.06 * (right - left), right + 0.06 * (right - left)), ylim=(low, high))
    taken: list[tuple[float, float, float]] = []  # middle and half the width, in shares of the axes
    for word, x, y, odds in words:
        color = STYLES["lstm_frozen" if odds > 0 else "lstm_finetuned"][0]
        across, up = (x - left) / ((right - left) or 1), (y - low) / ((high - low) or 1)
        half = 0.0065 * len(word) + 0.004
        if any(abs(across - u) < half + w and abs(up - v) < 0.026 for u, v, w in taken):
            axes.plot([x], [y], ".", color=color, markersize=3)
            continue
        taken.append((across, up, half))
        axes.text(x, y, word.replace("$", r"\$"), color=color, fontsize=8.5, ha="center", va="center")
    return _svg(figure)
