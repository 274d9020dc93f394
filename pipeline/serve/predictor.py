"""What every model says of one review, fast: all that can be prepared is prepared when they are loaded."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.baseline.bag_of_vectors import BagOfVectors, mean_vectors
from pipeline.baseline.ngrams import NGrams
from pipeline.classify.classifier import Classifier
from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError
from pipeline.core.models import LSTMS, first_seed
from pipeline.core.ragged import Ragged
from pipeline.evaluate.prefixes import prefix_probabilities
from pipeline.evaluate.trained_models import load_lstm
from pipeline.serve.similar import NearestReviews
from pipeline.tokenize.spans import spans
from pipeline.tokenize.tokenizer import Tokenizer, clean

READER = "lstm_finetuned"
N_EXACT = 250  # words up to which each is computed; the work grows with the square, so then every second and so on


class OneReview:
    """An n-gram model for one review at a time: NGrams without building its vocabulary again for each."""

    def __init__(self, model: NGrams, index: Mapping[str, int]) -> None:
        self._model, self._index = model, index

    def probability(self, tokens: Sequence[str]) -> float:
        """Return the probability of a review of these tokens being positive, as NGrams does."""
        counts: Counter[int] = Counter()
        for term in (*tokens, *(f"{a} {b}" for a, b in pairwise(tokens))):
            if (place := self._index.get(term)) is not None:
                counts[place] += 1
        places = np.fromiter(counts, np.int64, len(counts))
        values = self._model.weights[places]
        if self._model.kind == "tfidf":
            values = values * (1 + np.log(np.fromiter(counts.values(), np.float64, len(counts))))
            values = values / (np.linalg.norm(values) or 1)
        linear = self._model.linear
        return float(1 / (1 + np.exp(-(values @ linear.coef[places] + linear.intercept))))


@dataclass(frozen=True)
class Models:
    """Every model of a run: the linear ones and the LSTMs of one seed.

    Attributes:
        embeddings: the word vectors and the tokenizer that all models share.
        bag: the bag of vectors.
        ngrams: tfidf and nbsvm, by name.
        lstms: by name.
        nearest: the training reviews; None where they are not at hand.
    """

    embeddings: Embeddings
    tokenizer: Tokenizer
    bag: BagOfVectors
    ngrams: Mapping[str, OneReview]
    lstms: Mapping[str, Classifier]
    nearest: NearestReviews | None

    @classmethod
    def load(cls, artifacts: Path, data: Path) -> "Models":
        """Read the artifacts of a run, and of `data` the training reviews where there are any.

        Raises:
            InputError: an artifact is missing or broken, or was not made with the others.
        """
        for name in ("embeddings", "bag_of_vectors", "tfidf", "nbsvm", *LSTMS):
            if not (artifacts / name).is_dir():
                raise InputError(f"{artifacts / name} is missing; `dvc repro` makes it, `dvc pull` fetches it")
        embeddings = Embeddings.load(artifacts / "embeddings")
        lstms = {name: load_lstm(first_seed(artifacts / name), embeddings) for name in LSTMS}
        ngrams = {name: NGrams.load(artifacts / name, name) for name in ("tfidf", "nbsvm")}
        indices: list[tuple[list[str], dict[str, int]]] = []  # the same for both, as a rule
        for model in ngrams.values():
            if not any(terms == model.terms for terms, _ in indices):
                indices.append((model.terms, {term: i for i, term in enumerate(model.terms)}))
        found = cls(
            embeddings,
            Tokenizer.from_config(embeddings.tokenizer),
            BagOfVectors.load(artifacts / "bag_of_vectors", embeddings.vectors),
            {
                name: OneReview(model, next(index for terms, index in indices if terms == model.terms))
                for name, model in ngrams.items()
            },
            lstms,
            NearestReviews.load(data, embeddings) if (data / "tokens").is_dir() else None,
        )
        found.opinion("A first review, which takes longer than those after it .")
        return found

    def opinion(self, text: str) -> dict[str, Any]:
        """Say what the models think of a review.

        Returns, for JSON:
            models: the probability of the review being positive, by model.
            before: the fine-tuned LSTM's logit before the first word.
            pieces: the text, as the models get it, in pieces: `text`, and for a word that the LSTM reads its logit
                after that word, `logit`, or for one that it does not, why: `left_out`, "unknown" or "middle".
            stride: each how many of the LSTM's words was computed; the others are interpolated.
            n_words, n_known, n_read: words, those in the vocabulary, those that the LSTM reads.
            nearest: training reviews, see NearestReviews.of; None where they are not at hand.
        """
        text = clean(text)
        tokens = self.tokenizer.chunk([text]).text.split()
        ids = np.array([self.embeddings.index.get(token, -1) for token in tokens], np.int32)
        known = np.flatnonzero(ids >= 0)
        review = Ragged(ids[known], np.array([0, len(known)]))
        shape = self.lstms[READER].network.config
        n_read = min(len(known), shape.head_tokens + shape.tail_tokens)
        stride = max(1, math.ceil((n_read / N_EXACT) ** 2))
        reading = prefix_probabilities(self.lstms[READER], review.values, stride)
        after = dict(zip(known[reading.places].tolist(), map(logit, reading.probabilities), strict=True))
        models = {"bag_of_vectors": float(self.bag.probabilities(review)[0])}
        models |= {name: model.probability(tokens) for name, model in self.ngrams.items()}
        for name, classifier in self.lstms.items():
            if name != READER or not n_read:
                models[name] = float(classifier.probabilities(review)[0])
            else:
                models[name] = float(reading.probabilities[-1])
        vector = mean_vectors(review, self.embeddings.vectors)[0]
        return {
            "models": models,
            "before": logit(reading.before),
            "pieces": _pieces(text, tokens, after, set(known.tolist())),
            "stride": stride,
            "n_words": len(tokens),
            "n_known": len(known),
            "n_read": n_read,
            "nearest": None if self.nearest is None else self.nearest.of(vector),
        }


def logit(probability: float) -> float:
    """Return the logit of a probability, to three digits."""
    p = min(max(probability, 1e-9), 1 - 1e-9)
    return round(math.log(p / (1 - p)), 3)


def _pieces(text: str, tokens: list[str], after: Mapping[int, float], known: set[int]) -> list[dict[str, Any]]:
    """Cut the text at its tokens; white space, and what is no token, are pieces of their own."""
    pieces: list[dict[str, Any]] = []
    end = 0
    for i, span in enumerate(spans(text, tokens)):
        if span is None:
            continue
        if span[0] > end:
            pieces.append({"text": text[end : span[0]]})
        piece: dict[str, Any] = {"text": text[span[0] : span[1]]}
        if i in after:
            piece["logit"] = after[i]
        else:
            piece["left_out"] = "middle" if i in known else "unknown"
        pieces.append(piece)
        end = span[1]
    return [*pieces, {"text": text[end:]}] if end < len(text) else pieces
