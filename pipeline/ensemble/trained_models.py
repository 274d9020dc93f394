"""All trained models of a run on the same reviews: each linear model once, each LSTM once per seed."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.baseline.bag_of_vectors import BagOfVectors
from pipeline.baseline.ngrams import NGrams
from pipeline.classify.classifier import Classifier
from pipeline.core.corpus import CorpusLines
from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError
from pipeline.core.models import BASELINES, NETWORKS
from pipeline.core.ragged import Int64, Ragged
from pipeline.tokenize.chunks import encode, lines_of
from pipeline.tokenize.tokenizer import Tokenizer, tokenize


class TokenizedReviews(NamedTuple):
    """Reviews in the forms that the models take."""

    lines: Iterable[str]  # the tokens of each, joined by spaces
    ids: Ragged  # of the tokens; those without a vector may be missing
    lengths: Int64  # [n_reviews], all tokens

    @classmethod
    def of(cls, texts: Sequence[str], embeddings: Embeddings) -> "TokenizedReviews":
        """Tokenize texts as the corpus of the embeddings was."""
        chunks = list(tokenize(texts, Tokenizer.from_config(embeddings.tokenizer)))
        lengths = np.concatenate([np.empty(0, np.int64), *(chunk.lengths for chunk in chunks)])
        return cls(lines_of(chunks), encode(chunks, embeddings.index), lengths)

    @classmethod
    def stored(cls, ids: Ragged, corpus: Path, chosen: Int64) -> "TokenizedReviews":
        """Take tokenized reviews, which are read when they are needed.

        Args:
            ids: of their tokens.
            corpus: corpus.txt.
            chosen: int64 [n_reviews], their lines in it.
        """
        return cls(CorpusLines(corpus, chosen), ids, ids.lengths)


def load_lstm(folder: Path, embeddings: Embeddings) -> Classifier:
    """Read an LSTM that has the vocabulary of the embeddings.

    Raises:
        InputError: a file is missing or broken, or the vocabulary is another.
    """
    classifier = Classifier.load(folder)
    if classifier.words != embeddings.words:
        raise InputError(f"{folder} has another vocabulary than the embeddings of this run; run `dvc repro`")
    return classifier


def predict_all(
    artifacts: Path,
    reviews: TokenizedReviews,
    embeddings: Embeddings,
    seeds: Sequence[int],
    models: Sequence[str] = (*BASELINES, *NETWORKS),
) -> Iterator[tuple[str, NDArray[Any]]]:
    """Load one model after the other; yield the name of its column of predictions and its probabilities [n_reviews].

    Raises:
        InputError: an artifact is missing or broken, or an LSTM has another vocabulary than the embeddings.
    """
    for model in models:
        if model == "bag_of_vectors":
            yield model, BagOfVectors.load(artifacts / model, embeddings.vectors).probabilities(reviews.ids)
        elif model in BASELINES:
            yield model, NGrams.load(artifacts / model, model).probabilities(reviews.lines)
        else:
            for seed in seeds:
                classifier = load_lstm(artifacts / model / str(seed), embeddings)
                yield f"{model}_{seed}", classifier.probabilities(reviews.ids)


def unlisted_seeds(artifacts: Path, seeds: Sequence[int]) -> list[str]:
    """Return the folders of LSTMs with other seeds, from earlier runs."""
    wanted = {str(seed) for seed in seeds}
    return [
        str(path) for model in NETWORKS for path in sorted((artifacts / model).glob("[!.]*")) if path.name not in wanted
    ]
