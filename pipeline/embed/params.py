"""The section `embed` of params.yaml."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.core.params import Count, External, Positive, Section, Seed


class Embed(Section):
    """word2vec, in gensim's names, and vectors from other sources."""

    architecture: Literal["skipgram", "cbow"]
    loss: Literal["negative_sampling", "hierarchical_softmax"]
    vector_size: Count
    window: Count
    negative: Count
    ns_exponent: float
    sample: Annotated[float, Field(ge=0, lt=1)]
    min_count: Count
    epochs: Count
    min_words: Annotated[int, Field(ge=0)]
    alpha: Positive
    min_alpha: Positive
    reviews: Literal["all_but_validation", "all"]
    seed: Seed
    workers: Count
    pretrained: External | None
    missing_words: Literal["train", "mean", "random"]
    continue_from: External | None
