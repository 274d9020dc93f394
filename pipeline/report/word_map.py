"""The map of words as a Vega-Lite specification: a dot per word, and its name beside it if there is room."""

from collections.abc import Sequence

from pipeline.report.charts import Spec, chart, tooltip

Label = tuple[float, float, str]  # a place and the alignment there
Box = tuple[float, float, float, float]  # middle, half the width and height, in shares of the picture
WIDTH, HEIGHT = 960, 640
X_DOMAIN, Y_DOMAIN = (-0.06, 1.06), (-0.03, 1.03)
DOT = (0.0036, 0.005)
LETTER, LINE = 0.0041, 0.0125  # half a letter's width and half a line's height, for a font of 12 pixels


def _overlap(a: Box, b: Box) -> bool:
    return abs(a[0] - b[0]) < a[2] + b[2] and abs(a[1] - b[1]) < a[3] + b[3]


def place_labels(words: Sequence[tuple[str, float, float]]) -> list[Label | None]:
    """Place a label right, left, above or below each dot where it hides neither a dot nor another label.

    Args:
        words: each with its place, from 0 to 1 on both axes; the first ones get a label first.

    Returns: the end or middle of each label and its alignment there, None if there is no room.
    """
    dots: list[Box] = [(x, y, *DOT) for _, x, y in words]
    taken: list[Box] = []
    labels: list[Label | None] = []
    for (word, x, y), own in zip(words, dots, strict=True):
        others, half = [dot for dot in dots if dot is not own], LETTER * len(word)
        aside, above = 2 * DOT[0], LINE + DOT[1]
        choices: list[tuple[float, Label]] = [
            (x + aside + half, (x + aside, y, "left")),
            (x - aside - half, (x - aside, y, "right")),
            (x, (x, y + above, "center")),
            (x, (x, y - above, "center")),
        ]
        label = None
        for middle, choice in choices:
            box = (middle, choice[1], half, LINE)
            inside = X_DOMAIN[0] < middle - half and middle + half < X_DOMAIN[1]
            if inside and not any(_overlap(box, other) for other in (*others, *taken)):
                taken.append(box)
                label = choice
                break
        labels.append(label)
    return labels


def word_map(words: Sequence[tuple[str, float, float, float]], name: str) -> Spec:
    """Draw words where a map puts them: green for words of positive reviews, orange for those of negative ones.

    Args:
        words: rows `word, x, y, log odds`.
        name: of the vectors.
    """
    left, right = min(row[1] for row in words), max(row[1] for row in words)
    low, high = min(row[2] for row in words), max(row[2] for row in words)
    placed = [(word, (x - left) / ((right - left) or 1), (y - low) / ((high - low) or 1)) for word, x, y, _ in words]
    values = []
    for (word, x, y), (*_, log_odds), label in zip(placed, words, place_labels(placed), strict=True):
        color = "var(--positive)" if log_odds > 0 else "var(--negative)"
        value = {"word": word, "x": round(x, 4), "y": round(y, 4), "log_odds": log_odds, "color": color}
        if label:
            value |= {"text_x": round(label[0], 4), "text_y": round(label[1], 4), "align": label[2]}
        values.append(value)
    shared = {
        "color": {"field": "color", "type": "nominal", "scale": None},
        "tooltip": tooltip(("word", "word", ""), ("log_odds", "log odds", "+.2f")),
    }

    def at(x: str, y: str) -> Spec:
        return {
            "x": {"field": x, "type": "quantitative", "axis": None, "scale": {"domain": list(X_DOMAIN)}},
            "y": {"field": y, "type": "quantitative", "axis": None, "scale": {"domain": list(Y_DOMAIN)}},
        }

    layers: list[Spec] = [
        {
            "mark": {"type": "point", "filled": True, "size": 22, "opacity": 0.75},
            "encoding": {**shared, **at("x", "y")},
        },
        {
            "transform": [{"filter": "isValid(datum.align)"}],
            "mark": {"type": "text", "fontSize": 12, "align": {"expr": "datum.align"}},
            "encoding": {**shared, **at("text_x", "text_y"), "text": {"field": "word"}},
        },
    ]
    # As wide as labels of twelve pixels need, whatever the screen: the map scrolls sideways in its place.
    return {**chart(f"Map of the most polar words by the vectors of {name}.", layers, values, HEIGHT), "width": WIDTH}
