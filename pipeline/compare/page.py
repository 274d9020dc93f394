"""The comparison of two revisions as one HTML page that opens offline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jinja2 import PackageLoader

from pipeline.compare import figures
from pipeline.compare.comparison import Comparison
from pipeline.compare.reviews import ChangedReview
from pipeline.compare.text import SAID, conclusions, p_value, shown_value
from pipeline.report.page import SPARK, STEPS
from pipeline.report.template import render


@dataclass(frozen=True)
class ModelReviews:
    """The reviews that changed side in one model.

    Attributes:
        changed: all of them, the largest moves first.
        n_shown: how many of them the page shows.
        texts: of those shown, by id; empty without the table of reviews.
        words: by side, A or B, and id: the review as that side's network reads it, see `annotate`.
        seeds: by side, of that network.
        notes: why words are not shaded.
    """

    changed: Sequence[ChangedReview]
    n_shown: int
    texts: Mapping[str, str]
    words: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    seeds: Mapping[str, int] = field(default_factory=dict)
    notes: Sequence[str] = ()


def page(comparison: Comparison, level: float, reviews: Mapping[str, ModelReviews]) -> str:
    """Render the page: one HTML file with its scripts and styles, which loads nothing. Texts and names are escaped.

    Args:
        comparison: of two revisions.
        level: of the tests and intervals.
        reviews: by model; none leaves that section out.
    """
    headline, *further = conclusions(comparison, level)
    return render(
        "compare.html.j2",
        PackageLoader("pipeline.compare"),
        comparison=comparison,
        level=level,
        headline=headline,
        further=further,
        notes=[*comparison.a.notes, *comparison.b.notes, *comparison.notes],
        said=SAID,
        p_value=p_value,
        shown_value=shown_value,
        reviews=reviews,
        steps=STEPS,
        spark=SPARK,
        charts={"accuracies": figures.accuracies(comparison), "differences": figures.differences(comparison)},
    )
