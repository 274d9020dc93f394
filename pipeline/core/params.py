"""The base class of the sections of params.yaml, and the types of values that several sections use."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Fraction = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
External = Annotated[str, Field(pattern=r"^[^./\\][^/\\]*$")]  # the name of a file in external/, not a path


class Section(BaseModel):
    """A section of params.yaml: frozen, strictly typed, no unknown keys.

    Fields have no defaults: every key is in params.yaml, so dvc.lock records every value.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


def flatten(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield nested parameters by their dotted names: `classify.lr` and its value."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value
