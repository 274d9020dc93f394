"""Reviews that show what a model does: where it alone is right, where it is sure and wrong, and how it read them."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.predictions import Labels, Probabilities, correct
from pipeline.evaluate.prefixes import PrefixProbabilities
from pipeline.evaluate.spans import spans
from pipeline.tokenize.tokenizer import BREAK

N_EXAMPLES = 20
DECIMALS = 4


def choose(labels: Labels, model: Probabilities, reference: Probabilities, n: int = N_EXAMPLES) -> list[dict[str, Any]]:
    """Choose the surest reviews of three kinds: the model alone is right, the reference alone is, the model is wrong.

    Returns: for each kind `kind`, `n` (all reviews of it) and `rows`, of which the first `n` by falling surety.
    """
    mine, theirs = model.mean(0), reference.mean(0)
    right, reference_right = correct(labels, mine[None])[0], correct(labels, theirs[None])[0]
    kinds = {
        "model_alone": (right & ~reference_right, np.abs(mine - 0.5)),
        "reference_alone": (~right & reference_right, np.abs(theirs - 0.5)),
        "mistakes": (~right, np.abs(mine - 0.5)),
    }
    found = []
    for kind, (wanted, surety) in kinds.items():
        rows = [i for i in np.argsort(-surety, kind="stable").tolist() if wanted[i]]
        found.append({"kind": kind, "n": len(rows), "rows": rows[:n]})
    return found


def readable(text: str) -> str:
    """Unescape html entities and turn each `<br />` into a new line: the text as its writer saw it."""
    return BREAK.sub("\n", html.unescape(text)).strip()


def pieces(
    text: str, tokens: Sequence[str], index: Mapping[str, int], reading: PrefixProbabilities
) -> list[tuple[str, Any]]:
    """Part a text at the words that the network read; a token that is not found in it takes no part of the text.

    Args:
        text: what `readable` makes of a review.
        tokens: all tokens of the review, in order.
        index: the words that have a vector.
        reading: of the ids of those tokens that have one.

    Returns: strings that make up the text, each with the probability after it, None where the network read nothing.
    """
    read = dict(zip(reading.places.tolist(), reading.probabilities.tolist(), strict=True))
    found: list[tuple[str, Any]] = []
    written = known = 0
    for token, span in zip(tokens, spans(text, tokens), strict=True):
        probability = read.get(known) if token in index else None
        known += token in index
        if span is None or probability is None:
            continue
        start, end = span
        if start > written:
            found.append((text[written:start], None))
        found.append((text[start:end], round(probability, DECIMALS)))
        written = end
    return [*found, (text[written:], None)] if written < len(text) else found


def describe(
    row: int, labels: NDArray[np.int8], rating: int | None, found: Mapping[str, Probabilities]
) -> dict[str, Any]:
    """Return the label and stars of a review and what each model says of it, the mean over its fits."""
    return {
        "label": int(labels[row]),
        "rating": rating,
        "probabilities": {model: round(float(p[:, row].mean()), DECIMALS) for model, p in found.items()},
    }
