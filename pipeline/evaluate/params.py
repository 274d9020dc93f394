"""The section `evaluate` of params.yaml."""

from pipeline.core.params import Count, Section, Seed


class Evaluate(Section):
    """The comparison on test."""

    n_resamples: Count
    max_reviews: Count
    seed: Seed
