"""The parameters: one frozen, strict model per section of params.yaml.

No field has a default: params.yaml names every key, so that dvc.lock holds every value. For the same reason
this module is no dependency of a stage; what it does to a run stands in the lock as values.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import InputError

Fraction = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
External = Annotated[str, Field(pattern=r"^[^/\\\\]+$")]  # a name in the folder external/, no path

BASELINES = ("bag_of_vectors", "tfidf", "nbsvm")
LSTMS = ("lstm_random", "lstm_frozen", "lstm_finetuned")


class Section(BaseModel):
    """A section of params.yaml: frozen, strict, without unknown keys."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Fetch(Section):
    """Where the reviews come from and how they are split."""

    source: Literal["imdb", "sample", "corpus"]
    valid_frac: Annotated[float, Field(gt=0, le=0.5)]
    test_frac: Annotated[float, Field(gt=0, le=0.5)]
    seed: Seed


class Tokenize(Section):
    """How a text becomes tokens."""

    tokenizer: Literal["tweet", "treebank", "toktok", "regex"]
    lowercase: bool
    drop_in_test: bool


class Embed(Section):
    """word2vec, in gensim's names; and vectors from elsewhere."""

    architecture: Literal["skipgram", "cbow"]
    loss: Literal["negative_sampling", "hierarchical_softmax"]
    vector_size: Count
    window: Count
    negative: Count
    ns_exponent: float
    sample: Annotated[float, Field(ge=0, lt=1)]
    min_count: Count
    epochs: Count
    alpha: Positive
    min_alpha: Positive
    heldout_frac: Annotated[float, Field(gt=0, le=0.5)]
    seed: Seed
    workers: Count
    pretrained: External | None
    missing_words: Literal["train", "mean", "random"]
    continue_from: External | None


class Baseline(Section):
    """The linear models, in scikit-learn's names."""

    C: Annotated[list[Positive], Field(min_length=1)]
    min_df: Count
    nbsvm_alpha: Positive


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
    dropout: Fraction
    batch_size: Count
    epochs: Count
    patience: Count
    lr: Positive
    embedding_lr: Positive
    warmup_frac: Fraction
    weight_decay: NotNegative
    clip_norm: Positive
    ema_decay: Fraction
    adversarial: NotNegative
    virtual_adversarial: NotNegative
    entropy: NotNegative
    perturbation_norm: Positive
    device: Literal["auto", "cpu", "cuda"]
    precision: Literal["auto", "float32", "bfloat16"]
    num_threads: Count
    tensorboard: bool


class Maas(Section):
    """The vectors of Maas et al. (2011)."""

    vector_size: Count
    n_words: Annotated[int, Field(ge=2)]
    n_skipped: Annotated[int, Field(ge=0)]
    sentiment_weight: NotNegative
    mixture_penalty: NotNegative
    vector_penalty: NotNegative
    epochs: Count
    batch_size: Count
    lr: Positive
    mixture_lr: Positive
    num_threads: Count
    seed: Seed


class Polarity(Section):
    """The comparison of the kinds of vectors."""

    words: Annotated[list[str], Field(min_length=1)]
    n_neighbors: Count
    min_reviews: Count
    n_probes: Annotated[int, Field(ge=2)]
    n_map: Annotated[int, Field(ge=4)]
    perplexity: Positive
    seed: Seed


class Evaluate(Section):
    """The comparison on test."""

    n_resamples: Count
    seed: Seed


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
    evaluate: Evaluate


def parse(values: Mapping[str, Any]) -> Params:
    """Check the values of params.yaml.

    Raises:
        InputError: a key is unknown or missing, or a value has the wrong type or is out of range; names each.
    """
    try:
        params = Params.model_validate(values)
    except ValidationError as error:
        found = []
        for item in error.errors():
            name = ".".join(map(str, item["loc"]))
            missing = item["type"] == "missing"
            found.append(f"{name} is required" if missing else f"{name} = {item['input']!r}: {item['msg']}")
        raise InputError("params.yaml: " + "; ".join(found)) from None
    if len(set(params.seeds)) != len(params.seeds):
        raise InputError(f"params.yaml: seeds = {params.seeds}: a seed stands there twice; list each once")
    if params.classify.head_tokens + params.classify.tail_tokens == 0:
        raise InputError("params.yaml: classify.head_tokens and classify.tail_tokens are both 0; keep some tokens")
    if params.embed.min_alpha > params.embed.alpha:
        raise InputError(
            f"params.yaml: embed.min_alpha = {params.embed.min_alpha} is above embed.alpha = {params.embed.alpha}"
        )
    if params.embed.pretrained and params.embed.continue_from:
        raise InputError(
            f"params.yaml: embed.pretrained = {params.embed.pretrained!r} keeps vectors as they are and"
            f" embed.continue_from = {params.embed.continue_from!r} goes on training them; set one of the two to null"
        )
    return params
