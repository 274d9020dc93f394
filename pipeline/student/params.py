"""The section `student` of params.yaml."""

from pipeline.core.params import Count, Fraction, Positive, Section


class Student(Section):
    """What differs from the section `classify`, under the same names; an epoch has the unlabelled reviews, too."""

    hidden_size: Count
    epochs: Count
    ema_decay: Fraction
    perturbation_norm: Positive
