"""The section `tokenize` of params.yaml."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.core.params import Section


class Tokenize(Section):
    """How a text becomes tokens."""

    tokenizer: Literal["tweet", "treebank", "regex"]
    lowercase: bool
    drop_test_duplicates: bool
    scheduler: Annotated[str, Field(pattern=r"^(tcp|tls)://[^/\s]+:\d+$")] | None
