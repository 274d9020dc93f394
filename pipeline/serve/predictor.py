"""What all models of a run say about a text, in detail."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.baseline.bag_of_vectors import mean_vectors
from pipeline.classify.classifier import Classifier
from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError
from pipeline.core.models import BASELINES, LEAD, NETWORKS, first_seed
from pipeline.core.ragged import Ragged
from pipeline.ensemble.trained_models import load_lstm
from pipeline.evaluate.prefixes import prefix_probabilities
from pipeline.evaluate.spans import cut, spans
from pipeline.serve.similar import SimilarReviews
from pipeline.serve.text_model import Predict, load_baseline
from pipeline.tokenize.tokenizer import Tokenizer, clean

N_EXACT = 250  # tokens up to which each prefix is computed; the time grows with their square, so then every second etc.


@dataclass(frozen=True)
class Predictor:
    """Every model of a run, the LSTMs with their first seed.

    Attributes:
        embeddings: the word vectors, whose vocabulary all models share.
        tokenizer: that of the embeddings.
        baselines: the linear models, by name.
        lstms: by name.
        similar: the training reviews; None without them.
    """

    embeddings: Embeddings
    tokenizer: Tokenizer
    baselines: Mapping[str, Predict]
    lstms: Mapping[str, Classifier]
    similar: SimilarReviews | None

    @classmethod
    def load(cls, artifacts: Path, data: Path) -> "Predictor":
        """Read the models of a run, and the training reviews if `data` has them.

        Raises:
            InputError: an artifact is missing or broken, or comes from another run.
        """
        for name in ("embeddings", *BASELINES, *NETWORKS):
            if not (artifacts / name).is_dir():
                raise InputError(f"{artifacts / name} is missing; `dvc repro` makes it, `dvc pull` fetches it")
        embeddings = Embeddings.load(artifacts / "embeddings")
        predictor = cls(
            embeddings,
            Tokenizer.from_config(embeddings.tokenizer),
            {name: load_baseline(artifacts / name, name, embeddings) for name in BASELINES},
            {name: load_lstm(first_seed(artifacts / name), embeddings) for name in NETWORKS},
            SimilarReviews.load(data, embeddings) if (data / "tokens").is_dir() else None,
        )
        predictor.predict("The first review takes longer than the following ones.")
        return predictor

    def predict(self, text: str) -> dict[str, Any]:
        """Return what the models say about a review, for JSON.

        Returns:
            models: the probability that the review is positive, by model.
            before: the lead LSTM's logit before the first token.
            pieces: the text after `clean`, in order, as pieces with `text`. A token that the LSTM reads has `step`, the
                number of its step from 0 on; one that it does not read has `left_out`: "unknown" or "middle".
            steps: the LSTM's logit after each step. A step is one token; in a long review it is `stride` tokens.
            stride: tokens in a step; the last step may have fewer.
            n_words, n_tokens, n_known, n_read: words between white space, tokens, those of them in the vocabulary, and
                those that the LSTM reads.
            nearest: the most similar training reviews, see SimilarReviews.of; None without training reviews.
        """
        chunk = self.tokenizer.chunk([text])
        tokens = chunk.text.split()
        ids = np.array([self.embeddings.index.get(token, -1) for token in tokens], np.int32)
        known = np.flatnonzero(ids >= 0)
        review = Ragged(ids[known], np.array([0, len(known)]))
        config = self.lstms[LEAD].network.config
        n_read = min(len(known), config.head_tokens + config.tail_tokens)
        stride = max(1, math.ceil((n_read / N_EXACT) ** 2))
        prefixes = prefix_probabilities(self.lstms[LEAD], review.values, stride)
        models = {name: float(model([chunk])[0]) for name, model in self.baselines.items()}
        for name, classifier in self.lstms.items():
            if name == LEAD and n_read:
                models[name] = float(prefixes.probabilities[-1])
            else:
                models[name] = float(classifier.probabilities(review)[0])
        facts: list[dict[str, Any]] = [{"left_out": "middle" if i >= 0 else "unknown"} for i in ids.tolist()]
        for step, token in enumerate(known[prefixes.places].tolist()):
            facts[token] = {"step": step // stride}
        mean = mean_vectors(review, self.embeddings.vectors)[0]
        cleaned = clean(text)
        return {
            "models": models,
            "before": logit(prefixes.before),
            "pieces": [
                {"text": piece, **({} if i is None else facts[i])} for piece, i in cut(cleaned, spans(cleaned, tokens))
            ],
            "steps": [logit(p) for p in prefixes.probabilities[prefixes.ends - 1]],
            "stride": stride,
            "n_words": len(cleaned.split()),
            "n_tokens": len(tokens),
            "n_known": len(known),
            "n_read": n_read,
            "nearest": None if self.similar is None else self.similar.of(mean),
        }


def logit(probability: float) -> float:
    """Return the logit of a probability, rounded to three decimals."""
    p = min(max(float(probability), 1e-9), 1 - 1e-9)
    return round(math.log(p / (1 - p)), 3)
