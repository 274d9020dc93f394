"""Comparisons as text for a terminal of 96 columns."""

import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline.compare.comparison import ABSENT, Comparison, ModelChange
from pipeline.compare.results import RevisionResults
from pipeline.evaluate.significance import Interval

WIDTH = 96
SAID = {
    "better": "B is better",
    "worse": "B is worse",
    "within noise": "within noise",
    "same answers": "same answers",
}


def _points(value: float) -> str:
    """Format a difference in points; 0.00 has no sign."""
    text = f"{100 * value:+.2f}"
    return " 0.00" if text in ("+0.00", "-0.00") else text


def _share(value: float) -> str:
    return f"{round(value, 5):.4f}"  # through the five decimals of metrics/test.json, to round as its table does


def _range(interval: Interval) -> str:
    return f"{_share(interval[0])} to {_share(interval[1])}"


def _percent(level: float) -> str:
    return f"{100 * (1 - level):g} %"


def _range_of_points(interval: Interval) -> str:
    return f"{_points(interval[0])} to {_points(interval[1]).strip()}"


def p_value(p: float) -> str:
    """Format a p value."""
    return "< 1e-99" if p < 1e-99 else f"{p:.2f}" if p >= 0.1 else f"{p:.3f}" if p >= 0.001 else f"{p:.0e}"


def _count(n: float) -> str:
    return f"{n:,.0f}"


def _names(models: Sequence[str]) -> str:
    return models[0] if len(models) == 1 else f"{', '.join(models[:-1])} and {models[-1]}"


def shown_value(value: Any) -> str:
    """Format the value of a parameter as JSON."""
    return ABSENT if value == ABSENT else json.dumps(value, ensure_ascii=False, default=str)


def _table(rows: Sequence[Sequence[str]], gap: int = 2) -> list[str]:
    """Format rows as lines, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["".join(cell.ljust(w + gap) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _notes(notes: Iterable[str], indent: str = "") -> list[str]:
    return [line for note in notes for line in _wrapped(f"{indent}! {note}", f"{indent}  ")]


def _heading(revisions: Iterable[tuple[str, RevisionResults]]) -> list[str]:
    rows, notes = [], []
    for letter, one in revisions:
        rows.append((letter, one.name, one.revision.short, one.revision.subject))
        notes += _notes(one.notes)
    lines = [line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…" for line in _table(rows)]
    return [*lines, *notes]


def _sentences(comparison: Comparison, level: float) -> list[str]:
    """Say which differences exceed noise."""
    if comparison.a.digest == comparison.b.digest:
        return ["The files of predictions are identical."]
    by_verdict: dict[str, list[str]] = {verdict: [] for verdict in SAID}
    for name, change in comparison.models.items():
        by_verdict[change.verdict].append(name)
    sentences = []
    for verdict in ("better", "worse"):
        if models := by_verdict[verdict]:
            sentences.append(f"B is significantly {verdict} in {_names(models)} at level {level:g}.")
    if models := by_verdict["within noise"]:
        changes = "change in" if len(models) == 1 else "changes in"
        verb = "is" if len(models) == 1 else "are"
        sentences.append(f"The {changes} {_names(models)} {verb} within noise at level {level:g}.")
    if models := by_verdict["same answers"]:
        sentences.append(f"All answers are the same in {_names(models)}.")
    return sentences


def _unknown_seeds(models: Mapping[str, ModelChange]) -> list[str]:
    names = [name for name, one in models.items() if one.change.seed_unknown and not one.change.same]
    if not names:
        return []
    return [
        f"{_names(names)}: not both revisions have several seeds, so the test is about these training runs only."
        " Another seed could change the result by more than the interval; train with several `seeds` in both to see."
    ]


def _seeds(models: Mapping[str, ModelChange]) -> list[str]:
    """Return the block about models with several seeds in both revisions."""
    lines = []
    for name, one in models.items():
        variance = one.change.variance
        if variance is None:
            continue
        how = "paired by seed" if variance.paired else "with different seeds, so not paired by seed"
        lines += [
            "",
            f"{name}, {how}",
            *_table(
                [
                    (f"  {letter}", f"seeds {', '.join(map(str, s.seeds))}", f"{s.accuracy:.4f} ± {s.sd or 0:.4f}")
                    for letter, s in (("A", one.a), ("B", one.b))
                ]
            ),
            *_table(
                [
                    ("  interval over reviews", _range_of_points(one.change.bootstrap_interval)),
                    ("  interval over reviews and seeds", _range_of_points(one.change.interval)),
                ]
            ),
            *_wrapped(
                f"  standard error: {100 * variance.reviews**0.5:.2f} points from the reviews,"
                f" {100 * variance.between_seeds**0.5:.2f} from the seeds; McNemar's p for single pairs of runs:"
                f" {p_value(min(one.change.mcnemar))} to {p_value(max(one.change.mcnemar))}",
                "  ",
            ),
        ]
    return lines


def _params(comparison: Comparison) -> list[str]:
    if not comparison.params:
        return ["The parameters are the same."]
    rows = [(key, shown_value(a), shown_value(b)) for key, (a, b) in comparison.params.items()]
    return _table([("parameters that differ", "A", "B"), *rows])


def _left_out(comparison: Comparison) -> list[str]:
    return [f"Left out: {model}, which is only in {where}." for model, where in comparison.left_out.items()]


def conclusions(comparison: Comparison, level: float) -> list[str]:
    """Return sentences: which differences exceed noise, what is unknown about seeds, and which models are left out."""
    return [*_sentences(comparison, level), *_unknown_seeds(comparison.models), *_left_out(comparison)]


def as_text(comparison: Comparison, level: float) -> str:
    """Format the comparison of two revisions: two lines per model, then the verdicts and the parameters."""
    rows = [("model", "A", "B", "B - A, points", "answers", f"at level {level:g}")]
    for name, one in comparison.models.items():
        change, points = one.change, _points(one.change.difference)
        intervals = _range(one.a.interval), _range(one.b.interval)
        rows.append(
            (
                name,
                _share(one.a.accuracy),
                _share(one.b.accuracy),
                points,
                "none" if change.same else f"{_count(change.n_gained)} gained",
                SAID[one.verdict],
            )
        )
        if change.same:
            rows.append(("", *intervals, "", "", ""))
            continue
        p = "McNemar p" if change.test == "mcnemar" else "p"
        lost = f"{_count(change.n_lost)} lost"
        rows.append(("", *intervals, _range_of_points(change.interval), lost, f"{p} {p_value(change.p)}"))
    table = _table(rows)
    sentences = conclusions(comparison, level)
    lines = [
        *_heading([("A", comparison.a), ("B", comparison.b)]),
        *_notes(comparison.notes),
        f"{comparison.n_reviews:,} test reviews, paired by id; accuracies, with {_percent(level)} intervals below",
        "",
        table[0],
        "-" * max(map(len, table)),
        *table[1:],
        "",
        *(line for sentence in sentences for line in _wrapped(sentence)),
        *_seeds(comparison.models),
        "",
        *_params(comparison),
    ]
    return "\n".join(lines)


def many_as_text(
    a: RevisionResults, comparisons: Sequence[Comparison], left_out: Mapping[str, str], level: float
) -> str:
    """Format comparisons with one baseline: a block per revision, a line per model that changed."""
    changed = [[(name, one) for name, one in each.models.items() if not one.change.same] for each in comparisons]
    n_tests = sum(map(len, changed))
    lines = _heading([("A", a)])
    if comparisons:
        lines.append(
            f"{comparisons[0].n_reviews:,} test reviews, paired by id; {_percent(level)} intervals"
            + (f"; p corrected after Holm for {n_tests} test{'' if n_tests == 1 else 's'}" if n_tests else "")
        )
        baseline = {name: one.a for comparison in comparisons for name, one in comparison.models.items()}
        rows = [(name, _share(score.accuracy), _range(score.interval)) for name, score in baseline.items()]
        lines += ["", *_table([("model", "A", ""), *rows])]
    header = ("", "B", "B - A", "points", "gained", "lost", "p", f"at level {level:g}")
    rows_of_all = [
        (
            f"  {name}",
            _share(one.b.accuracy),
            _points(one.change.difference),
            _range_of_points(one.change.interval),
            _count(one.change.n_gained),
            _count(one.change.n_lost),
            p_value(one.p),
            SAID[one.verdict],
        )
        for block in changed
        for name, one in block
    ]
    title, *table = _table([header, *rows_of_all])
    lines += ["", title, "-" * max(map(len, [title, *table]))] if n_tests else [""]
    for comparison, block in zip(comparisons, changed, strict=True):
        b = comparison.b
        changes = "; ".join(
            f"{key} {shown_value(old)} -> {shown_value(new)}" for key, (old, new) in comparison.params.items()
        )
        lines += _wrapped(f"{b.name}  {b.revision.short}  {changes or 'the same parameters'}", "    ")
        lines += _notes([*b.notes, *comparison.notes], "  ")
        lines += [table.pop(0) for _ in block]
        if same := [name for name, one in comparison.models.items() if one.change.same]:
            lines += _wrapped(f"  same answers: {'all' if not block else ', '.join(same)}", "    ")
        lines += [f"  {text}" for text in _left_out(comparison)]
    notes = _unknown_seeds(dict(entry for block in changed for entry in block if entry[1].change.seed_unknown))
    notes += [f"Left out: {name}; {why}." for name, why in left_out.items()]
    return "\n".join([*lines, *([""] if notes else []), *(line for text in notes for line in _wrapped(text))])
