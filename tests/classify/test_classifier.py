"""The folder of a classifier: read back, the same bytes each time, errors that name what is broken."""

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from pipeline.baseline.logistic import Linear, save_linear
from pipeline.classify.classifier import Classifier
from pipeline.core.errors import InputError
from tests.classify.networks import network_of
from tests.rows import ragged


@pytest.fixture
def classifier() -> Classifier:
    words = [f"w{i}" for i in range(11)]
    return Classifier(network_of(), words, np.arange(11)[::-1].copy(), {"name": "regex"}, {"model": "lstm_frozen"})


def test_a_classifier_is_read_back_and_its_files_are_the_same_each_time(classifier: Classifier, tmp_path: Path) -> None:
    for name in ("a", "b"):
        classifier.save(tmp_path / name)
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()
    read = Classifier.load(tmp_path / "a")
    reviews = ragged([[1, 2], [3]])
    np.testing.assert_array_equal(read.probabilities(reviews), classifier.probabilities(reviews))
    assert read.words == classifier.words
    assert read.tokenizer == {"name": "regex"}


def break_it(folder: Path, kind: str) -> None:
    weights = load_file(folder / "model.safetensors")
    config = json.loads((folder / "config.json").read_text())
    if kind in ("model.safetensors", "vocab.tsv", "config.json", "tokenizer.json"):
        (folder / kind).unlink()
    elif kind == "cut":
        (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:-4])
    elif kind == "shape":
        save_file(
            {**weights, "output.weight": weights["output.weight"][:, 1:].contiguous()}, folder / "model.safetensors"
        )
    elif kind == "dtype":
        save_file({**weights, "output.bias": weights["output.bias"].half()}, folder / "model.safetensors")
    elif kind == "weight":
        del weights["output.bias"]
        save_file(weights, folder / "model.safetensors")
    elif kind == "words":
        (folder / "vocab.tsv").write_text("w0\t1\n")
    elif kind == "version":
        (folder / "config.json").write_text(json.dumps({**config, "format": 7}))
    elif kind.startswith("del "):
        del config["shape"][kind.removeprefix("del ")]
        (folder / "config.json").write_text(json.dumps(config))
    elif kind == "infinite":
        save_file({**weights, "output.bias": weights["output.bias"] * torch.inf}, folder / "model.safetensors")
    elif kind == "header":
        (folder / "model.safetensors").write_bytes((1 << 31).to_bytes(8, "little") + bytes(100))
    elif kind == "declared":
        header = b'{"output.bias": {"dtype": "F32", "shape": [1000000000000], "data_offsets": [0, 4000000000000]}}'
        (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    else:
        key, _, value = kind.partition("=")
        if key == "training":
            config["training"] = json.loads(value)
        else:
            config["shape"][key] = json.loads(value)
        (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("model.safetensors", r"model\.safetensors is missing"),
        ("vocab.tsv", r"vocab\.tsv is missing"),
        ("config.json", r"config\.json is missing"),
        ("tokenizer.json", r"tokenizer\.json is missing"),
        ("cut", r"not a whole safetensors file"),
        ("shape", r"output\.weight is \(\(1, 23\), torch\.float32\), expected \(\(1, 24\), torch\.float32\)"),
        ("dtype", r"output\.bias is .*torch\.float16"),
        ("weight", r"output\.bias is missing"),
        ("words", r"vocab\.tsv has 1 words, config\.json 11"),
        ("version", r"format 7, but this code reads format 1"),
        ("infinite", r"output\.bias has NaN or infinite values"),
        ("header", r"not a whole safetensors file"),
        ("declared", r"not a whole safetensors file"),
        ('hidden_size="many"', r"config\.json: no network has this shape \(hidden_size: "),
        ("hidden_size=0", r"no network has this shape \(hidden_size: "),
        ("hidden_size=true", r"no network has this shape \(hidden_size: "),
        ("n_words=-1", r"no network has this shape \(n_words: "),
        ('pooling=["foo"]', r"no network has this shape \(pooling\.0: "),
        ("pooling=[]", r"no network has this shape \(pooling: "),
        ("del head_tokens", r"no network has this shape \(.*missing 1 required .*'head_tokens'"),
        ("unknown=1", r"no network has this shape \(unknown: "),
        ("num_layers=10000", r"model\.safetensors has \d+ weights, too few for 10000 layers"),
        ("num_layers=3", r"layers\.2\..* is missing, expected"),
        ("vector_size=1000000000000", r"embedding\.weight is .* expected \(\(12, 1000000000000\)"),
        ("hidden_size=100000000", r"expected \(\(400000000,"),
        ("hidden_size=9223372036854775807", r"config\.json has a shape that no network has"),
        ("training=[]", r"config\.json: training is \[\], expected an object"),
    ],
)
def test_a_broken_folder_is_named(classifier: Classifier, tmp_path: Path, kind: str, said: str) -> None:
    classifier.save(tmp_path / "c")
    break_it(tmp_path / "c", kind)
    tracemalloc.start()
    with pytest.raises(InputError, match=said) as caught:
        Classifier.load(tmp_path / "c")
    assert tracemalloc.get_traced_memory()[1] < 1 << 24
    tracemalloc.stop()
    assert "dvc" in str(caught.value)


def test_a_linear_model_is_no_lstm_and_nobody_is_told_to_delete_it(tmp_path: Path) -> None:
    save_linear(tmp_path / "nbsvm", "nbsvm", Linear(np.zeros(2), 0.0, 1.0, {1.0: 0.7}, {1.0: 0.5}), weights=np.zeros(2))
    with pytest.raises(InputError, match=r"nbsvm is a linear model, not an LSTM") as caught:
        Classifier.load(tmp_path / "nbsvm")
    assert "delete" not in str(caught.value)
