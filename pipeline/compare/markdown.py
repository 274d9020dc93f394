"""Comparisons as Markdown, for the page of a pull request."""

from collections.abc import Mapping, Sequence
from typing import Any

from tabulate import tabulate

from pipeline.compare.comparison import ABSENT, Comparison, ModelChange
from pipeline.compare.results import RevisionResults
from pipeline.compare.text import SAID, shown_value
from pipeline.core.errors import one_line
from pipeline.evaluate.significance import Interval

COLUMNS = ("model", "A", "B", "B - A, points", "gained", "lost", "p", "verdict")
ALIGNED = ("left", "right", "right", "right", "right", "right", "right", "left")


def as_markdown(comparisons: Sequence[Comparison], left_out: Mapping[str, str], level: float) -> str:
    """Format comparisons of several revisions with the same baseline A.

    Args:
        comparisons: one for each B.
        left_out: by name, why a revision could not be compared.
        level: of the tests and intervals.
    """
    blocks = [_block(comparison, level) for comparison in comparisons]
    return "\n\n".join([*blocks, *(f"Left out: {_code(name)}; {_plain(why)}." for name, why in left_out.items())])


def _block(comparison: Comparison, level: float) -> str:
    a, b = comparison.a, comparison.b
    rows = [_row(name, one) for name, one in comparison.models.items()]
    corrected = any(one.p_holm is not None for one in comparison.models.values())
    changed = [(_code(key), _value(old), _value(new)) for key, (old, new) in comparison.params.items()]
    notes = [*a.notes, *b.notes, *comparison.notes]
    notes += [f"{model} is only in {where}" for model, where in comparison.left_out.items()]
    if any(one.change.seed_unknown and not one.change.same for one in comparison.models.values()):
        notes.append("with a single seed the test is about these training runs; another seed could change the result")
    parts = [
        f"**{_revision(b)}** against **{_revision(a)}**, on {comparison.n_reviews:,} test reviews:",
        tabulate(rows, COLUMNS, "pipe", colalign=ALIGNED, disable_numparse=True),
        f"Accuracies; the intervals cover {100 * (1 - level):g} %, and p is tested at {level:g}"
        f"{', corrected after Holm' if corrected else ''}.",
        tabulate(changed, ("parameter", "A", "B"), "pipe", disable_numparse=True) if changed else "Same parameters.",
        "\n".join(f"- {_plain(note)}" for note in notes),
    ]
    return "\n\n".join(part for part in parts if part)


def _row(name: str, one: ModelChange) -> tuple[str, ...]:
    change = one.change
    scores = (_code(name), f"{one.a.accuracy:.4f}", f"{one.b.accuracy:.4f}")
    if change.same:
        return (*scores, "0.00", "", "", "", SAID[one.verdict])
    said = SAID[one.verdict]
    verdict = f"**{said}**" if one.verdict in ("better", "worse") else said
    points = f"{100 * change.difference:+.2f} ({_points(change.interval)})"
    return (*scores, points, f"{change.n_gained:,.0f}", f"{change.n_lost:,.0f}", f"{one.p:.2g}", verdict)


def _points(interval: Interval) -> str:
    return f"{100 * interval[0]:+.2f} to {100 * interval[1]:+.2f}"


def _revision(one: RevisionResults) -> str:
    named_by_commit = (one.revision.commit or "").startswith(one.name)
    return _plain(one.name) if named_by_commit else f"{_plain(one.name)} {one.revision.short}".strip()


def _value(value: Any) -> str:
    return ABSENT if value == ABSENT else _code(shown_value(value))


def _code(text: str) -> str:
    return f"`{one_line(text, len(text)).replace('`', '').replace('|', '/')}`"


def _plain(text: str) -> str:
    """Escape what Markdown or HTML would read: names and notes come from other people's commits."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>()#|@!" else c for c in text)
