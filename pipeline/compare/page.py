"""The comparison of two revisions as one HTML page that opens offline."""

from collections.abc import Mapping

from jinja2 import PackageLoader

from pipeline.compare import figures
from pipeline.compare.comparison import Comparison
from pipeline.compare.reviews import ModelReviews
from pipeline.compare.text import SAID, conclusions, p_value, shown_value
from pipeline.report.page import SPARK, STEPS
from pipeline.report.template import render


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
