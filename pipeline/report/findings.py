"""What the comparison shows, in words that follow the paired tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.classify.history import still_falling
from pipeline.core.models import NETWORKS
from pipeline.evaluate.significance import verdict

Scores = Mapping[str, Mapping[str, float]]  # by model, or by reference, and by name
LEVEL = 0.05  # of the intervals in metrics/paired.json
FEW_KNOWN = 0.95  # share of the tokens that have a vector, below which the vocabulary is small
FAR = 3.0  # points of accuracy that are far ahead
WORDS = {
    "better": "ahead of",
    "worse": "behind",
    "within noise": "statistically indistinguishable from",
    "same answers": "identical to",
}


@dataclass(frozen=True)
class PairedDifference:
    """One model against another on the same reviews, in points of accuracy, with the paired 95 % interval."""

    model: str
    reference: str
    difference: float
    low: float
    high: float
    verdict: str  # a key of WORDS

    @property
    def clear(self) -> bool:
        """Whether the difference exceeds noise."""
        return self.verdict in ("better", "worse")

    @property
    def words(self) -> str:
        """What the model is to the reference: `ahead of`, say."""
        return WORDS[self.verdict]


def paired_difference(paired: Mapping[str, Scores], model: str, reference: str) -> PairedDifference | None:
    """Return how `model` differs from `reference`, whichever of the two was the reference; None if never compared."""
    if one := paired.get(model, {}).get(reference):
        ends = [one["difference"], one["low"], one["high"]]
    elif one := paired.get(reference, {}).get(model):
        ends = [-one["difference"], -one["high"], -one["low"]]
    else:
        return None
    difference, low, high = (100 * end for end in ends)
    same = one["n_gained"] == one["n_lost"] == 0
    return PairedDifference(model, reference, difference, low, high, verdict(difference, one["p"], LEVEL, same=same))


def ranking(test: Scores) -> list[str]:
    """Return the models by falling test accuracy; equal ones keep their order."""
    return sorted(test, key=lambda model: -test[model]["accuracy"])


def leads(test: Scores, paired: Mapping[str, Scores]) -> list[PairedDifference]:
    """Return how the most accurate model differs from each of the others, the closest first."""
    best, *others = ranking(test)
    return [one for other in others if (one := paired_difference(paired, best, other)) is not None]


def tied(test: Scores, paired: Mapping[str, Scores]) -> list[str]:
    """Return the models that are statistically indistinguishable from the most accurate one."""
    return [one.reference for one in leads(test, paired) if not one.clear]


def far_ahead(test: Scores, paired: Mapping[str, Scores], reference: str = "nbsvm") -> PairedDifference | None:
    """Return how `reference` differs from the best LSTM if it is far ahead of it, which a short training causes."""
    best = next((model for model in ranking(test) if model in NETWORKS), None)
    one = paired_difference(paired, reference, best) if best else None
    return one if one and one.clear and one.difference >= FAR else None


def stopped_early(history: Mapping[str, Sequence[Mapping[str, str]]]) -> dict[str, float]:
    """Return the trainings whose last epoch still lowered the validation loss by much, with the share.

    Args:
        history: the rows of each training, with `valid_loss`.
    """
    fell = {run: still_falling([float(epoch["valid_loss"]) for epoch in epochs]) for run, epochs in history.items()}
    return {run: share for run, share in fell.items() if share}


def strongest_words(pieces: Sequence[tuple[str, float | None]], before: float, n: int = 3) -> list[tuple[str, float]]:
    """Return the `n` words that changed the prefix probability most, each with its change, the largest first.

    Args:
        pieces: of a review, each with the probability after it, None where it is no word of the network.
        before: the probability before the first word.
        n: how many; a word counts once, with its largest change.
    """
    read = [("", before), *((text, p) for text, p in pieces if p is not None)]
    changes: dict[str, float] = {}
    for (_, earlier), (word, later) in pairwise(read):
        if word.isalpha() and abs(later - earlier) > abs(changes.get(word.lower(), 0)):
            changes[word.lower()] = later - earlier
    return sorted(changes.items(), key=lambda change: -abs(change[1]))[:n]
