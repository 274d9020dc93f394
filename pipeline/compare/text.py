"""A comparison of revisions as text for a terminal of 96 columns."""

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
    """Return a difference in points; 0.00 has no sign."""
    text = f"{100 * value:+.2f}"
    return " 0.00" if text in ("+0.00", "-0.00") else text


def _share(value: float) -> str:
    return f"{round(value, 5):.4f}"  # by way of the five decimals of metrics/test.json, to read as the table made of it


def _range(interval: Interval) -> str:
    return f"{_share(interval[0])} to {_share(interval[1])}"


def _percent(level: float) -> str:
    return f"{100 * (1 - level):g} %"


def _range_of_points(interval: Interval) -> str:
    return f"{_points(interval[0])} to {_points(interval[1]).strip()}"


def _p(p: float) -> str:
    return "< 1e-99" if p < 1e-99 else f"{p:.2f}" if p >= 0.1 else f"{p:.3f}" if p >= 0.001 else f"{p:.0e}"


def _count(n: float) -> str:
    return f"{n:,.0f}"


def _names(models: Sequence[str]) -> str:
    return models[0] if len(models) == 1 else f"{', '.join(models[:-1])} and {models[-1]}"


def _value(value: Any) -> str:
    return ABSENT if value == ABSENT else json.dumps(value, ensure_ascii=False)


def _table(rows: Sequence[Sequence[str]], gap: int = 2) -> list[str]:
    """Return rows as lines, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["".join(cell.ljust(w + gap) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _heading(sides: Iterable[tuple[str, RevisionResults]]) -> list[str]:
    rows, notes = [], []
    for letter, side in sides:
        revision = side.revision
        rows.append((letter, side.name, revision.short, revision.subject))
        notes += [line for note in side.notes for line in _wrapped(f"! {note}", "  ")]
    lines = [line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…" for line in _table(rows)]
    return [*lines, *notes]


def _sentences(comparison: Comparison, level: float) -> list[str]:
    """Say in words what can be told from noise."""
    if comparison.a.digest == comparison.b.digest:
        return ["Both have the same file of predictions."]
    by_verdict: dict[str, list[str]] = {verdict: [] for verdict in SAID}
    for name, change in comparison.models.items():
        by_verdict[change.verdict].append(name)
    found = []
    for verdict in ("better", "worse"):
        if named := by_verdict[verdict]:
            found.append(f"B is {verdict} in {_names(named)} by more than noise at level {level:g}.")
    if named := by_verdict["within noise"]:
        found.append(f"What changed in {_names(named)} cannot be told from noise at level {level:g}.")
    if named := by_verdict["same answers"]:
        found.append(f"All answers are the same in {_names(named)}.")
    return found


def _unknown_seeds(models: Mapping[str, ModelChange]) -> list[str]:
    named = [name for name, one in models.items() if one.change.seed_unknown and not one.change.same]
    if not named:
        return []
    return [
        f"{_names(named)}: a side has a single seed, so this is about these fits alone. What another seed would have"
        " given is not known, and may be more than the interval; several `seeds` on both sides tell."
    ]


def _seeds(models: Mapping[str, ModelChange]) -> list[str]:
    """Return the block of models with several seeds on both sides."""
    lines = []
    for name, one in models.items():
        both = one.change.both
        if both is None:
            continue
        seeds = sum(part.between for part in both.seeds) ** 0.5
        how = "paired by seed" if both.paired else "not the same seeds, so not paired by seed"
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
                    ("  these fits, other reviews", _range_of_points(one.change.fits_interval)),
                    ("  other seeds and other reviews", _range_of_points(one.change.interval)),
                ]
            ),
            *_wrapped(
                f"  standard error: {100 * both.reviews**0.5:.2f} points from the reviews, {100 * seeds:.2f} from the"
                f" seeds; a pair of single fits would have had McNemar's p from {_p(min(one.change.mcnemar))} to"
                f" {_p(max(one.change.mcnemar))}",
                "  ",
            ),
        ]
    return lines


def _params(comparison: Comparison) -> list[str]:
    if not comparison.params:
        return ["The parameters are the same."]
    rows = [(key, _value(a), _value(b)) for key, (a, b) in comparison.params.items()]
    return _table([("parameters that differ", "A", "B"), *rows])


def _left_out(comparison: Comparison) -> list[str]:
    return [f"Left out: {model}, which only {where} has." for model, where in comparison.left_out.items()]


def as_text(comparison: Comparison, level: float) -> str:
    """Return the comparison of two revisions: a model two lines, intervals beneath, then words and parameters."""
    rows = [("model", "A", "B", "B - A, points", "changed side", f"at level {level:g}")]
    for name, one in comparison.models.items():
        change, points = one.change, _points(one.change.difference)
        intervals = _range(one.a.interval), _range(one.b.interval)
        rows.append(
            (
                name,
                _share(one.a.accuracy),
                _share(one.b.accuracy),
                points,
                "none" if change.same else f"{_count(change.n_gained)} to right",
                SAID[one.verdict],
            )
        )
        if change.same:
            rows.append(("", *intervals, "", "", ""))
            continue
        p = "McNemar p" if change.test == "mcnemar" else "p"
        lost = f"{_count(change.n_lost)} to wrong"
        rows.append(("", *intervals, _range_of_points(change.interval), lost, f"{p} {_p(change.p)}"))
    table = _table(rows)
    models = comparison.models
    lines = [
        *_heading([("A", comparison.a), ("B", comparison.b)]),
        f"{comparison.n_reviews:,} test reviews, paired by id; accuracies and beneath them {_percent(level)} intervals",
        "",
        table[0],
        "-" * max(map(len, table)),
        *table[1:],
        "",
        *(line for text in _sentences(comparison, level) for line in _wrapped(text)),
        *(line for text in [*_unknown_seeds(models), *_left_out(comparison)] for line in _wrapped(text)),
        *_seeds(models),
        "",
        *_params(comparison),
    ]
    return "\n".join(lines)


def many_as_text(
    a: RevisionResults, comparisons: Sequence[Comparison], left_out: Mapping[str, str], level: float
) -> str:
    """Return several comparisons with one baseline: a block a revision, a line a model that changed."""
    changed = [[(name, one) for name, one in each.models.items() if not one.change.same] for each in comparisons]
    n_tests = sum(map(len, changed))
    lines = _heading([("A", a)])
    if comparisons:
        lines.append(
            f"{comparisons[0].n_reviews:,} test reviews, paired by id; {_percent(level)} intervals; p corrected after"
            f" Holm for {n_tests} test{'' if n_tests == 1 else 's'}"
        )
        baseline = {name: one.a for comparison in comparisons for name, one in comparison.models.items()}
        rows = [(name, _share(score.accuracy), _range(score.interval)) for name, score in baseline.items()]
        lines += ["", *_table([("model", "A", ""), *rows])]
    header = ("", "B", "B - A", "points", "to right", "to wrong", "p", f"at level {level:g}")
    rows_of_all = [
        (
            f"  {name}",
            _share(one.b.accuracy),
            _points(one.change.difference),
            _range_of_points(one.change.interval),
            _count(one.change.n_gained),
            _count(one.change.n_lost),
            _p(one.p),
            SAID[one.verdict],
        )
        for block in changed
        for name, one in block
    ]
    title, *table = _table([header, *rows_of_all])
    lines += ["", title, "-" * max(map(len, [title, *table]))] if n_tests else [""]
    for comparison, block in zip(comparisons, changed, strict=True):
        b = comparison.b
        changes = "; ".join(f"{key} {_value(old)} -> {_value(new)}" for key, (old, new) in comparison.params.items())
        lines += _wrapped(f"{b.name}  {b.revision.short}  {changes or 'the same parameters'}", "    ")
        lines += [line for note in b.notes for line in _wrapped(f"  ! {note}", "    ")]
        lines += [table.pop(0) for _ in block]
        if same := [name for name, one in comparison.models.items() if one.change.same]:
            lines += _wrapped(f"  same answers: {'all' if not block else ', '.join(same)}", "    ")
        lines += [f"  {text}" for text in _left_out(comparison)]
    notes = _unknown_seeds(dict(entry for block in changed for entry in block if entry[1].change.seed_unknown))
    notes += [f"Left out: {name}; {why}." for name, why in left_out.items()]
    return "\n".join([*lines, *([""] if notes else []), *(line for text in notes for line in _wrapped(text))])
