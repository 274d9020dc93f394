"""The section `classify` of params.yaml."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.core.params import Count, Fraction, NotNegative, Positive, Section


class Classify(Section):
    """The LSTM and its training, in torch's names."""

    hidden_size: Count
    num_layers: Count
    bidirectional: bool
    pooling: Annotated[list[Literal["max", "mean", "last"]], Field(min_length=1)]
    head_tokens: Annotated[int, Field(ge=0)]
    tail_tokens: Annotated[int, Field(ge=0)]
    embedding_dropout: Fraction
    word_dropout: Fraction
    batch_size: Count
    epochs: Count
    min_steps: Annotated[int, Field(ge=0)]
    patience: Count
    lr: Positive
    embedding_lr: Positive
    warmup_frac: Fraction
    weight_decay: NotNegative
    clip_norm: Positive
    ema_decay: Fraction
    adversarial_weight: NotNegative
    virtual_adversarial_weight: NotNegative
    entropy_weight: NotNegative
    perturbation_norm: Positive
    device: Literal["auto", "cpu", "cuda"]
    precision: Literal["auto", "float32", "bfloat16"]
    num_threads: Count
    tensorboard: bool
