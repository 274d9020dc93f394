"""The section `polarity` of params.yaml."""

from typing import Annotated

from pydantic import Field

from pipeline.core.params import Count, Positive, Section, Seed


class Polarity(Section):
    """The comparison of the three kinds of word vectors."""

    words: Annotated[list[str], Field(min_length=1)]
    n_neighbors: Count
    min_reviews: Count
    n_probes: Annotated[int, Field(ge=2)]
    n_map: Annotated[int, Field(ge=4)]
    perplexity: Positive
    seed: Seed
