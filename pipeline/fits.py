"""Every fit of a run on the same reviews: that of each linear model, and of each LSTM one a seed."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from pipeline.bag_of_vectors import BagOfVectors
from pipeline.classifier import Classifier
from pipeline.embeddings import Embeddings
from pipeline.ngrams import NGrams
from pipeline.params import LSTMS
from pipeline.tokenizer import Tokenizer, tokenize
from pipeline.tokens import Int64, Ragged, encode


class Reviews(NamedTuple):
    """Reviews as the models take them."""

    lines: list[str]  # the tokens of each, joined by spaces
    ids: Ragged  # of the tokens that have a vector
    lengths: Int64  # [n_reviews], tokens of each, with a vector or without

    @classmethod
    def of(cls, texts: Sequence[str], embeddings: Embeddings) -> "Reviews":
        """Tokenize texts as the corpus of the embeddings was."""
        chunks = list(tokenize(texts, Tokenizer.from_config(embeddings.tokenizer)))
        lines = "".join(chunk.text for chunk in chunks).split("\n")[:-1]
        lengths = encode(chunks, {token: 0 for chunk in chunks for token in chunk.types}).lengths
        return cls(lines, encode(chunks, embeddings.index), lengths)


def fits_of(
    artifacts: Path, reviews: Reviews, embeddings: Embeddings, seeds: Sequence[int]
) -> Iterator[tuple[str, NDArray[Any]]]:
    """Load one fit after the other and yield the name of its column of predictions and its probabilities [n_reviews].

    Raises:
        InputError: an artifact is missing or broken.
    """
    bag = BagOfVectors.load(artifacts / "bag_of_vectors", embeddings.vectors)
    yield "bag_of_vectors", bag.probabilities(reviews.ids)
    for name in ("tfidf", "nbsvm"):
        yield name, NGrams.load(artifacts / name, name).probabilities(reviews.lines)
    for model in LSTMS:
        for seed in seeds:
            yield f"{model}_{seed}", Classifier.load(artifacts / model / str(seed)).probabilities(reviews.ids)


def strays(artifacts: Path, seeds: Sequence[int]) -> list[str]:
    """Return the folders of LSTMs of other seeds, which an earlier run has left."""
    wanted = {str(seed) for seed in seeds}
    return [str(path) for model in LSTMS for path in sorted((artifacts / model).glob("*")) if path.name not in wanted]
