"""The section `fetch` of params.yaml."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.core.params import Section, Seed


class Fetch(Section):
    """Where the reviews come from and how they are split."""

    source: Literal["imdb", "sample", "corpus"]
    valid_frac: Annotated[float, Field(gt=0, le=0.5)]
    test_frac: Annotated[float, Field(gt=0, le=0.5)]
    seed: Seed
