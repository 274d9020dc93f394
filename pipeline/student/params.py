"""The section `student` of params.yaml."""

from pipeline.core.params import Count, Fraction, NotNegative, Positive, Section


class Student(Section):
    """What differs from the section `classify`, under the same names; an epoch has the unlabelled reviews, too."""

    hidden_size: Count
    epochs: Count
    embedding_dropout: Fraction
    ema_decay: Fraction
    virtual_adversarial_weight: NotNegative
    perturbation_norm: Positive
