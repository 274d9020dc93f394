"""What the comparison found, in words that follow the intervals."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

Scores = Mapping[str, Mapping[str, float]]
TOLD = {1: "ahead of", -1: "behind", 0: "not to be told from"}


@dataclass(frozen=True)
class Verdict:
    """One model against another on the same reviews, in points of accuracy, with the paired interval of 95 %."""

    model: str
    reference: str
    difference: float
    low: float
    high: float

    @property
    def sign(self) -> int:
        """1 or -1 where the interval lies on one side of 0, else 0."""
        return (self.low > 0) - (self.high < 0)

    @property
    def words(self) -> str:
        """`ahead of`, `behind`, or `not to be told from` where the interval spans 0."""
        return TOLD[self.sign]


def verdict(paired: Mapping[str, Scores], model: str, reference: str) -> Verdict | None:
    """Return how `model` compares with `reference`, whichever way round they were compared; None if they were not."""
    if one := paired.get(model, {}).get(reference):
        ends = (one["difference"], one["low"], one["high"])
    elif one := paired.get(reference, {}).get(model):
        ends = (-one["difference"], -one["high"], -one["low"])
    else:
        return None
    return Verdict(model, reference, *(100 * end for end in ends))


def ranking(test: Scores) -> list[str]:
    """Return the models by falling accuracy on test; of equal ones the first stays first."""
    return sorted(test, key=lambda model: -test[model]["accuracy"])


def verdicts(test: Scores, paired: Mapping[str, Scores]) -> list[Verdict]:
    """Return how the most accurate model compares with each of the others, the closest first."""
    best, *others = ranking(test)
    return [found for other in others if (found := verdict(paired, best, other)) is not None]


def tied(test: Scores, paired: Mapping[str, Scores]) -> list[str]:
    """Return the models that the most accurate one is not to be told from."""
    return [found.reference for found in verdicts(test, paired) if found.sign == 0]


def turning_words(pieces: list[tuple[str, float | None]], before: float, n: int = 3) -> list[tuple[str, float]]:
    """Return the `n` words of a reading that moved the probability most, each with the move, the largest first.

    A word counts once, with its largest move.
    """
    read = [("", before), *((text, p) for text, p in pieces if p is not None)]
    moves: dict[str, float] = {}
    for (_, earlier), (word, later) in pairwise(read):
        if word.isalpha() and abs(later - earlier) > abs(moves.get(word.lower(), 0)):
            moves[word.lower()] = later - earlier
    return sorted(moves.items(), key=lambda move: -abs(move[1]))[:n]
