"""A trained model and the tokenizer that prepares texts for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipeline.baseline.bag_of_vectors import BagOfVectors
from pipeline.baseline.ngrams import NGrams
from pipeline.classify.classifier import Classifier
from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError
from pipeline.core.files import read_json
from pipeline.core.models import BASELINES, ENSEMBLE, MODELS, first_seed
from pipeline.ensemble.weighted import WeightedLogits
from pipeline.tokenize.chunks import Chunk, encode, lines_of
from pipeline.tokenize.tokenizer import Tokenizer, tokenize

N_PARALLEL = 2000  # texts from which on starting more processes to tokenize them saves time
Predict: TypeAlias = Callable[[Sequence[Chunk]], NDArray[np.float64]]


def load_baseline(folder: Path, kind: str, embeddings: Embeddings) -> Predict:
    """Read a linear model; return what gives the probability of each tokenized review.

    Raises:
        InputError: a file is missing or broken, or belongs to another model or other embeddings.
    """
    if kind == "bag_of_vectors":
        bag = BagOfVectors.load(folder, embeddings.vectors)
        return lambda chunks: bag.probabilities(encode(chunks, embeddings.index))
    ngrams = NGrams.load(folder, kind)
    return lambda chunks: ngrams.probabilities(lines_of(chunks))


@dataclass(frozen=True)
class TextModel:
    """One trained model, with the tokenizer that prepares texts for it."""

    tokenizer: Tokenizer
    predict: Predict

    @classmethod
    def load(cls, folder: Path) -> "TextModel":
        """Read a linear model, an LSTM, the first seed of an LSTM, or the ensemble.

        An LSTM needs its own folder only. A linear model needs `embeddings` beside its folder, an ensemble its members.

        Raises:
            InputError: the folder has no model, or a file is missing or broken.
        """
        folder = first_seed(folder)
        config = read_json(folder / "config.json")
        kind = config.get("model") if isinstance(config, dict) else None
        if kind in BASELINES:
            embeddings = Embeddings.load(folder.parent / "embeddings")
            return cls(Tokenizer.from_config(embeddings.tokenizer), load_baseline(folder, kind, embeddings))
        if kind == ENSEMBLE:
            return cls._of_ensemble(folder)
        if (folder / "vectors.npy").exists():
            models = ", ".join(MODELS)
            raise InputError(f"{folder} has word vectors, not a model; take the folder of one of the models {models}")
        classifier = Classifier.load(folder)
        index = {word: i for i, word in enumerate(classifier.words)}
        return cls(
            Tokenizer.from_config(classifier.tokenizer),
            lambda chunks: classifier.probabilities(encode(chunks, index)),
        )

    @classmethod
    def _of_ensemble(cls, folder: Path) -> "TextModel":
        """Read an ensemble, whose members are beside its folder, the LSTMs with all their seeds."""
        weighted = WeightedLogits.load(folder)
        members = {name: [cls.load(run) for run in _runs(folder.parent / name)] for name in weighted.weights}

        def probabilities(chunks: Sequence[Chunk]) -> NDArray[np.float64]:
            every = {name: np.stack([run.predict(chunks) for run in runs]) for name, runs in members.items()}
            return weighted.probabilities(every)

        return cls(next(iter(members.values()))[0].tokenizer, probabilities)

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the probability that each text is positive, [n_texts]."""
        return self.predict(list(tokenize(texts, self.tokenizer, n_jobs=None if len(texts) >= N_PARALLEL else 1)))


def _runs(folder: Path) -> list[Path]:
    """Return the folders of a model's seeds, or its only folder."""
    seeds = sorted(path.parent for path in folder.glob("[!.]*/config.json"))
    return seeds or [folder]
