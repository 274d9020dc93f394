"""The section `ensemble` of params.yaml."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.core.params import Section

# Not the student, which learns from it.
Model = Literal["bag_of_vectors", "tfidf", "nbsvm", "lstm_random", "lstm_frozen", "lstm_finetuned"]


class Ensemble(Section):
    """The members of the ensemble."""

    models: Annotated[list[Model], Field(min_length=1)]
