"""The section `student` of params.yaml."""

from pipeline.core.params import Count, Section


class Student(Section):
    """What differs from the section `classify`; an epoch has the unlabelled reviews, too."""

    epochs: Count
