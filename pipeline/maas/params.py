"""The section `maas` of params.yaml."""

from typing import Annotated

from pydantic import Field

from pipeline.core.params import Count, NotNegative, Positive, Section, Seed


class Maas(Section):
    """The word vectors of Maas et al. (2011)."""

    vector_size: Count
    n_words: Annotated[int, Field(ge=2)]
    n_skipped: Annotated[int, Field(ge=0)]
    max_reviews: Count
    sentiment_weight: NotNegative
    mixture_penalty: NotNegative
    vector_penalty: NotNegative
    epochs: Count
    batch_size: Count
    lr: Positive
    mixture_lr: Positive
    num_threads: Count
    seed: Seed
