"""The section `classify` of params.yaml."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pipeline.cells.table import CELLS
from pipeline.core.params import Count, Fraction, NotNegative, Positive, Section


def known(cell: str) -> str:
    """Return the cell's name if there is such a cell."""
    if cell not in CELLS:
        raise ValueError(f"no such cell; the cells are {', '.join(CELLS)}")
    return cell


class Classify(Section):
    """The recurrent network and its training, in torch's names."""

    cell: Annotated[str, AfterValidator(known)]
    forget_bias: Annotated[float, Field(allow_inf_nan=False)]
    periods: Annotated[list[Count], Field(min_length=1)]
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
    n_processes: Count
    tensorboard: bool
