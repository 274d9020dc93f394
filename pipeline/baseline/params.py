"""The section `baseline` of params.yaml."""

from typing import Annotated

from pydantic import Field

from pipeline.core.params import Count, Positive, Section


class Baseline(Section):
    """The linear models, in scikit-learn's names."""

    C: Annotated[list[Positive], Field(min_length=1)]
    max_ngram: Count
    min_df: Count
    nbsvm_alpha: Positive
    max_reviews: Count
