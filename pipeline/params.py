"""All of params.yaml: one section per stage, defined in that stage's package."""

from collections.abc import Mapping
from math import isfinite
from typing import Annotated, Any

from pydantic import Field, ValidationError

from pipeline.baseline.params import Baseline
from pipeline.cells.table import check_cell
from pipeline.classify.params import Classify
from pipeline.core.errors import InputError
from pipeline.core.params import Section, Seed, flatten
from pipeline.embed.params import Embed
from pipeline.ensemble.params import Ensemble
from pipeline.evaluate.params import Evaluate
from pipeline.fetch.params import Fetch
from pipeline.maas.params import Maas
from pipeline.polarity.params import Polarity
from pipeline.student.params import Student
from pipeline.tokenize.params import Tokenize

KEY_PROBLEMS = {"missing": "is required", "extra_forbidden": "is no parameter; correct or remove the key"}


class Params(Section):
    """All of params.yaml."""

    seeds: Annotated[list[Seed], Field(min_length=1)]
    fetch: Fetch
    tokenize: Tokenize
    embed: Embed
    baseline: Baseline
    classify: Classify
    maas: Maas
    polarity: Polarity
    ensemble: Ensemble
    student: Student
    evaluate: Evaluate


def parse(values: Mapping[str, Any]) -> Params:
    """Check the values of params.yaml.

    Raises:
        InputError: a key is unknown or missing, or a value has the wrong type or is out of range; names each.
    """
    try:
        params = Params.model_validate(values)
    except ValidationError as error:
        problems = []
        for item in error.errors():
            name = ".".join(map(str, item["loc"]))
            problem = KEY_PROBLEMS.get(item["type"])
            problems.append(f"{name} {problem}" if problem else f"{name} = {item['input']!r}: {item['msg']}")
        raise InputError("params.yaml: " + "; ".join(problems)) from None
    infinite = [
        name for name, value in flatten(params.model_dump()) if isinstance(value, float) and not isfinite(value)
    ]
    if infinite:
        raise InputError(f"params.yaml: {', '.join(infinite)}: not a finite number; correct it")
    if len(set(params.seeds)) != len(params.seeds):
        raise InputError(f"params.yaml: seeds = {params.seeds}: a seed occurs twice; list each once")
    models = params.ensemble.models
    if len(set(models)) != len(models):  # each has one weight
        raise InputError(f"params.yaml: ensemble.models = {models}: a model occurs twice; list each once")
    if params.classify.head_tokens + params.classify.tail_tokens == 0:
        raise InputError("params.yaml: classify.head_tokens and classify.tail_tokens are both 0; keep some tokens")
    cell = params.classify.cell
    for where, hidden_size in (("", params.classify.hidden_size), (", in the student", params.student.hidden_size)):
        try:
            check_cell(cell, hidden_size, params.classify.num_layers, params.classify.periods)
        except InputError as error:
            raise InputError(f"params.yaml: classify.cell = {cell!r}{where}: {error}") from None
    if params.embed.min_alpha > params.embed.alpha:
        raise InputError(
            f"params.yaml: embed.min_alpha = {params.embed.min_alpha} is above embed.alpha = {params.embed.alpha};"
            " lower it, or raise embed.alpha"
        )
    if params.embed.pretrained and params.embed.continue_from:
        raise InputError(
            f"params.yaml: embed.pretrained = {params.embed.pretrained!r} keeps vectors as they are and"
            f" embed.continue_from = {params.embed.continue_from!r} goes on training them; set one of the two to null"
        )
    return params
