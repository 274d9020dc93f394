"""params.yaml: every wrong value is named."""

import pytest
from ruamel.yaml import YAML

from pipeline.core.errors import InputError
from pipeline.params import parse
from tests.conftest import ROOT


@pytest.fixture
def values():
    return YAML(typ="safe", pure=True).load((ROOT / "params.yaml").read_text())


@pytest.mark.parametrize(
    ("section", "key", "value", "message"),
    [
        ("classify", "hiden_size", 64, "classify.hiden_size is no parameter; correct or remove the key"),
        ("classify", "hidden_size", 0, "classify.hidden_size = 0"),
        ("classify", "hidden_size", "64", "classify.hidden_size = '64'"),
        ("classify", "embedding_dropout", 1.0, "classify.embedding_dropout = 1.0"),
        ("classify", "lr", float("nan"), "classify.lr = nan"),
        ("classify", "cell", "lsmt", "classify.cell = 'lsmt': Value error, no such cell; the cells are lstm, gru, "),
        ("classify", "cell", "depth_gated", "classify.cell = 'depth_gated': depth_gated gates what passes from layer"),
        ("classify", "periods", [], "classify.periods = []"),
        ("classify", "periods", [0, 1], "classify.periods.0 = 0"),
        ("classify", "forget_bias", float("inf"), "classify.forget_bias = inf"),
        ("embed", "window", -1, "embed.window = -1"),
        ("embed", "ns_exponent", float("nan"), "embed.ns_exponent: not a finite number"),
        ("ensemble", "models", ["nbsvm", "tfidf", "nbsvm"], "ensemble.models = ['nbsvm', 'tfidf', 'nbsvm']: a model"),
        ("tokenize", "tokenizer", "spacy", "tokenize.tokenizer = 'spacy'"),
        ("tokenize", "tokenizer", "toktok", "tokenize.tokenizer = 'toktok'"),
        ("embed", "pretrained", "../vectors.txt", "embed.pretrained = '../vectors.txt'"),
        ("embed", "pretrained", "..", "embed.pretrained = '..'"),
        ("fetch", "valid_frac", 0.9, "fetch.valid_frac = 0.9"),
        ("embed", "min_alpha", 0.5, "embed.min_alpha = 0.5 is above embed.alpha"),
    ],
)
def test_a_bad_value_is_named(values, section, key, value, message):
    values[section][key] = value
    with pytest.raises(InputError) as caught:
        parse(values)
    assert message in str(caught.value)


def test_every_key_is_required(values):
    del values["classify"]["lr"]
    with pytest.raises(InputError, match=r"classify\.lr.*required"):
        parse(values)


def test_a_seed_occurs_once(values):
    values["seeds"] = [1, 2, 1]
    with pytest.raises(InputError, match=r"seeds = \[1, 2, 1\]"):
        parse(values)


def test_the_modules_of_a_clockwork_have_one_width(values):
    values["classify"] |= {"cell": "clockwork", "periods": [1, 2, 4]}
    with pytest.raises(InputError, match=r"hidden_size = 128 cannot be divided by 3; set hidden_size to 126 or 129"):
        parse(values)


def test_the_student_has_a_width_that_its_cell_can_have(values):
    values["classify"] |= {"cell": "clockwork", "periods": [1, 2, 4], "hidden_size": 126}
    with pytest.raises(InputError, match=r"'clockwork', in the student: .* hidden_size = 256 cannot be divided"):
        parse(values)


def test_a_review_keeps_some_tokens(values):
    values["classify"] |= {"head_tokens": 0, "tail_tokens": 0}
    with pytest.raises(InputError, match="both 0"):
        parse(values)
