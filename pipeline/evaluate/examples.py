"""Example reviews for the report: where one model alone is right, where it is sure and wrong, word by word."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.classify.classifier import Classifier
from pipeline.core.progress import Progress
from pipeline.ensemble.predictions import Labels, Probabilities, correct
from pipeline.ensemble.trained_models import TokenizedReviews
from pipeline.evaluate.prefixes import PrefixProbabilities, prefix_probabilities
from pipeline.evaluate.spans import cut, spans
from pipeline.tokenize.tokenizer import BREAK, unescape

N_EXAMPLES = 20
DECIMALS = 4


def make_examples(
    test: pa.Table,
    reviews: TokenizedReviews,
    probabilities: Mapping[str, Probabilities],
    classifier: Classifier,
    *,
    reference: str,
    progress: Progress,
) -> dict[str, Any]:
    """Choose reviews by two models, with the prefix probabilities of one run of the first.

    Args:
        test: columns id, label, text and rating.
        reviews: the same reviews, tokenized.
        probabilities: [n_runs, n_reviews] by model.
        classifier: a run of the first model, whose name and seed are in `training`.
        reference: the name of the second model.
        progress: shows a bar over the chosen reviews.

    Returns: for JSON: `model`, `reference`, `seed`, `groups` of ids by kind, and `reviews` by id.
    """
    model, seed = classifier.training["model"], classifier.training["seed"]
    labels: Labels = test["label"].to_numpy()
    groups = choose(labels, probabilities[model], probabilities[reference])
    lines = list(reviews.lines)
    ids, texts, ratings = (test[name] for name in ("id", "text", "rating"))
    index = {word: i for i, word in enumerate(classifier.words)}
    rows = sorted({row for group in groups for row in group["rows"]})
    described = {}
    with progress.bar("examples", len(rows), " reviews") as advance:
        for row in rows:
            prefixes = prefix_probabilities(classifier, reviews.ids[row])
            text = readable(texts[row].as_py())
            described[ids[row].as_py()] = {
                **describe(row, labels, ratings[row].as_py(), probabilities),
                "before": round(prefixes.before, DECIMALS),
                "pieces": pieces(text, lines[row].split(" "), index, prefixes),
            }
            advance(1)
    kinds = [{"kind": g["kind"], "n": g["n"], "ids": [ids[row].as_py() for row in g["rows"]]} for g in groups]
    return {"model": model, "reference": reference, "seed": seed, "groups": kinds, "reviews": described}


def choose(labels: Labels, model: Probabilities, reference: Probabilities, n: int = N_EXAMPLES) -> list[dict[str, Any]]:
    """Choose the most confident predictions of three kinds: only the model is right, only the reference, model wrong.

    Returns: for each kind `kind`, `n` (how many reviews are of it) and `rows`, up to `n` of them by falling confidence.
    """
    p, p_reference = model.mean(0), reference.mean(0)
    right, reference_right = correct(labels, p[None])[0], correct(labels, p_reference[None])[0]
    kinds = {
        "model_alone": (right & ~reference_right, np.abs(p - 0.5)),
        "reference_alone": (~right & reference_right, np.abs(p_reference - 0.5)),
        "mistakes": (~right, np.abs(p - 0.5)),
    }
    groups = []
    for kind, (wanted, confidence) in kinds.items():
        rows = [i for i in np.argsort(-confidence, kind="stable").tolist() if wanted[i]]
        groups.append({"kind": kind, "n": len(rows), "rows": rows[:n]})
    return groups


def describe(
    row: int, labels: Labels, rating: int | None, probabilities: Mapping[str, Probabilities]
) -> dict[str, Any]:
    """Return the label and stars of a review and each model's probability, the mean over its runs."""
    return {
        "label": int(labels[row]),
        "rating": rating,
        "probabilities": {model: round(float(p[:, row].mean()), DECIMALS) for model, p in probabilities.items()},
    }


def readable(text: str) -> str:
    """Unescape HTML entities and turn each `<br />` into a newline."""
    return BREAK.sub("\n", unescape(text)).strip()


def pieces(
    text: str, tokens: Sequence[str], index: Mapping[str, int], prefixes: PrefixProbabilities
) -> list[tuple[str, Any]]:
    """Cut a text at the words that the network reads; a token that does not occur in the text gets no piece.

    Args:
        text: a review, as `readable` returns it.
        tokens: all tokens of the review, in order.
        index: the vocabulary.
        prefixes: of the ids of those tokens that are in the vocabulary.

    Returns: the pieces of the text, each with the probability after it, None if the network reads nothing of it.
    """
    known = [i for i, token in enumerate(tokens) if token in index]
    after = {known[place]: p for place, p in zip(prefixes.places, prefixes.probabilities.tolist(), strict=True)}
    read = (span if i in after else None for i, span in enumerate(spans(text, tokens)))
    return [(piece, None if i is None else round(after[i], DECIMALS)) for piece, i in cut(text, read)]
