"""The reviews on which two revisions of a model disagree, the largest moves first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.compare.results import RevisionResults, align
from pipeline.core.errors import one_line
from pipeline.core.parquet import read_reviews
from pipeline.ensemble.predictions import models_of, of_model

SHOWN = 60  # characters of a review's beginning and of its end


@dataclass(frozen=True)
class ChangedReview:
    """A review that is positive to one revision and negative to the other.

    Attributes:
        id: of the review.
        positive: its label.
        before: the probability of positive in A, the mean over the seeds.
        after: the same in B.
    """

    id: str
    positive: bool
    before: float
    after: float

    @property
    def gained(self) -> bool:
        """Whether B is right."""
        return (self.after >= 0.5) == self.positive


@dataclass(frozen=True)
class ModelReviews:
    """The reviews that changed side in one model.

    Attributes:
        changed: all of them, the largest moves first.
        n_shown: how many of them the page shows.
        texts: of those shown, by id; empty without the table of reviews.
        words: by side, A or B, and id: the review as that side's network reads it, see `report.page.annotate`.
        seeds: by side, of that network.
        notes: why words are not shaded.
    """

    changed: Sequence[ChangedReview]
    n_shown: int
    texts: Mapping[str, str]
    words: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    seeds: Mapping[str, int] = field(default_factory=dict)
    notes: Sequence[str] = ()


def changed_reviews(a: RevisionResults, b: RevisionResults, model: str) -> list[ChangedReview]:
    """Return the reviews that changed side from A to B, those whose probability moved furthest first.

    Args:
        a: a revision with predictions of `model`.
        b: another, of the same reviews.
        model: the name.
    """
    after = align(a, b)
    p, q = (of_model(table, model, models_of(table)[model]).mean(0) for table in (a.table, after))
    rows = np.flatnonzero((p >= 0.5) != (q >= 0.5))
    ids, labels = a.table["id"].to_pylist(), a.table["label"].to_pylist()
    changed = [ChangedReview(ids[i], labels[i] == 1, float(p[i]), float(q[i])) for i in rows.tolist()]
    return sorted(changed, key=lambda review: (-abs(review.after - review.before), review.id))


def read_texts(path: Path, ids: Sequence[str]) -> dict[str, str]:
    """Return the texts of some reviews by id; none if the table of reviews is not there.

    Raises:
        InputError: the table is broken.
    """
    if not path.exists():
        return {}
    wanted = set(ids)
    table = read_reviews(path, ["id", "text"])
    pairs = zip(table["id"].to_pylist(), table["text"].to_pylist(), strict=True)
    return {review: text for review, text in pairs if review in wanted}


def reviews_as_text(model: str, changed: Sequence[ChangedReview], n: int, texts: Mapping[str, str]) -> str:
    """Format the first `n` reviews, a line each, and the beginning and end of those whose text is known."""
    if not changed:
        return f"{model}: no review changed side."
    lines = [f"{model}: {len(changed):,} reviews changed side; A -> B, the probability of positive"]
    for review in changed[:n]:
        label, what = "positive" if review.positive else "negative", "gained" if review.gained else "lost"
        lines.append(f"  {review.before:.2f} -> {review.after:.2f}  {label}  {what:6}  {review.id}")
        if review.id in texts:
            lines.append(f"      {one_line(_shortened(texts[review.id]), 4 * SHOWN)}")
    return "\n".join(lines)


def _shortened(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 2 * SHOWN else f"{words[:SHOWN]} ... {words[-SHOWN:]}"
