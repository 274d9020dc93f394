"""The network against its definition, and the folder that keeps it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch import Tensor

from pipeline.cells.lstm import reverse_rows
from pipeline.classify.batches import Reviews, head_and_tail
from pipeline.classify.classifier import Classifier, logits
from pipeline.classify.network import Dropout, Network, NetworkConfig, pool
from pipeline.core.errors import InputError
from pipeline.core.ragged import Ragged

CPU = torch.device("cpu")
SHAPE = NetworkConfig(
    n_words=11,
    vector_size=5,
    hidden_size=4,
    num_layers=2,
    bidirectional=True,
    pooling=("max", "mean", "last"),
    head_tokens=6,
    tail_tokens=9,
)


def network_of(**changes: Any) -> Network:
    torch.manual_seed(0)
    network = Network(NetworkConfig(**{**SHAPE.__dict__, **changes}), Dropout(0.2, 0.2, 0.2))
    with torch.no_grad():
        network.embedding.weight[-1] = 0
    return network.eval()


def reviews_of(rows: list[list[int]], shape: NetworkConfig = SHAPE) -> Reviews:
    offsets = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    return Reviews(Ragged(np.array([i for row in rows for i in row], np.int32), offsets), shape, CPU)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def lstm_states(weights: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """One direction by the equations, [T, H]. Source: Gers et al., 2000, as torch orders the gates: i, f, g, o."""
    h = c = np.zeros(weights["weight_hh_l0"].shape[1])
    states = []
    for token in x:
        z = (
            weights["weight_ih_l0"] @ token
            + weights["bias_ih_l0"]
            + weights["weight_hh_l0"] @ h
            + weights["bias_hh_l0"]
        )
        i, f, g, o = np.split(z, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        states.append(h)
    return np.array(states)


def logit_of(network: Network, row: list[int]) -> float:
    """The logit of one review, by the equations."""
    x = network.embedding.weight.detach().double().numpy()[row]
    for layer in network.layers:
        both = []
        for direction, lstm in enumerate(layer.lstms):  # type: ignore[arg-type, union-attr]
            weights = {name: value.detach().double().numpy() for name, value in lstm.named_parameters()}
            both.append(lstm_states(weights, x[::-1])[::-1] if direction else lstm_states(weights, x))
        x = np.concatenate(both, 1)
    hidden = network.config.hidden_size
    pooled = {"max": x.max(0), "mean": x.mean(0), "last": np.concatenate([x[-1, :hidden], x[0, hidden:]])}
    features = np.concatenate([pooled[kind] for kind in network.config.pooling])
    weight, bias = network.output.weight.detach().double().numpy(), network.output.bias.detach().double().numpy()
    return float((weight @ features + bias)[0])


@pytest.mark.parametrize(
    "changes",
    [{}, {"bidirectional": False}, {"num_layers": 1, "pooling": ("mean",)}, {"pooling": ("last",), "num_layers": 1}],
)
def test_the_logit_is_that_of_the_equations(changes: dict[str, Any]) -> None:
    network = network_of(**changes)
    rows = [[1, 2, 3, 4, 10], [7], [0, 0, 5]]
    found = logits(network, reviews_of(rows, network.config))
    assert found.tolist() == pytest.approx([logit_of(network, row) for row in rows], abs=1e-5)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.integers(0, 10), max_size=25), min_size=1, max_size=8), st.integers(1, 60))
def test_a_logit_is_the_same_alone_and_in_any_batch(rows: list[list[int]], tokens_per_batch: int) -> None:
    network = network_of()
    together = logits(network, reviews_of(rows), tokens_per_batch=tokens_per_batch)
    alone = [float(logits(network, reviews_of([row]))[0]) for row in rows]
    assert together.tolist() == pytest.approx(alone, abs=1e-5)


def test_an_empty_review_reads_as_one_zero_vector() -> None:
    network = network_of()
    ids, lengths = reviews_of([[], [3]]).batch(torch.tensor([0, 1]))
    assert ids.tolist() == [[11] * 32, [3] + [11] * 31]
    assert lengths.tolist() == [1, 1]
    assert logits(network, reviews_of([[]]))[0] == pytest.approx(logit_of(network, [11]), abs=1e-5)


def test_dropout_is_for_training_alone() -> None:
    network = network_of()
    reviews = reviews_of([[1, 2, 3, 4, 5, 6]])
    assert logits(network, reviews)[0] == logits(network, reviews)[0]
    batch = reviews.batch(torch.tensor([0]))
    assert network.train()(*batch) != network(*batch)


def test_word_dropout_leaves_out_its_share() -> None:
    network = Network(SHAPE, Dropout(0.25, 0, 0)).train()
    ids = torch.zeros(200, 200, dtype=torch.long)
    assert (network.word_dropout(ids) == SHAPE.n_words).double().mean() == pytest.approx(0.25, abs=0.01)


def test_forget_gates_start_open() -> None:
    for layer in network_of().layers:
        for lstm in layer.lstms:  # type: ignore[union-attr]
            assert (lstm.bias_ih_l0[4:8] + lstm.bias_hh_l0[4:8] == 1).all()


ROWS = st.lists(st.integers(1, 6), min_size=1, max_size=5)


@settings(deadline=None)
@given(ROWS)
def test_rows_are_reversed_within_their_length(lengths: list[int]) -> None:
    x = torch.arange(len(lengths) * 6 * 2.0).reshape(len(lengths), 6, 2)
    found = reverse_rows(x, torch.tensor(lengths))
    for row, n, original in zip(found, lengths, x, strict=True):
        assert torch.equal(row[:n], original[:n].flip(0))
        assert torch.equal(row[n:], original[n:])
    assert torch.equal(reverse_rows(found, torch.tensor(lengths)), x)


@settings(deadline=None)
@given(ROWS)
def test_padding_is_not_pooled(lengths: list[int]) -> None:
    torch.manual_seed(1)
    states = torch.randn(len(lengths), 6, 4)
    mask = torch.arange(6) < torch.tensor(lengths)[:, None]
    found: Tensor = pool(states.masked_fill(~mask[:, :, None], 99.0), mask, ("max", "mean", "last"), 2)
    for row, n, s in zip(found, lengths, states, strict=True):
        expected = torch.cat([s[:n].amax(0), s[:n].mean(0), s[n - 1, :2], s[0, 2:]])
        torch.testing.assert_close(row, expected)


@given(st.lists(st.lists(st.integers(0, 9), max_size=9), max_size=5), st.integers(0, 4), st.integers(0, 4))
def test_head_and_tail_of_long_reviews(rows: list[list[int]], head: int, tail: int) -> None:
    offsets = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    kept = head_and_tail(Ragged(np.array([i for row in rows for i in row], np.int32), offsets), head, tail)
    expected = [row if len(row) <= head + tail else row[:head] + row[len(row) - tail :] for row in rows]
    assert [kept[i].tolist() for i in range(len(kept))] == expected


@pytest.fixture
def classifier() -> Classifier:
    words = [f"w{i}" for i in range(11)]
    return Classifier(network_of(), words, np.arange(11)[::-1].copy(), {"name": "regex"}, {"model": "lstm_frozen"})


def test_a_classifier_comes_back_and_its_files_are_the_same_each_time(classifier: Classifier, tmp_path: Path) -> None:
    for name in ("a", "b"):
        classifier.save(tmp_path / name)
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()
    read = Classifier.load(tmp_path / "a")
    reviews = Ragged(np.array([1, 2, 3], np.int32), np.array([0, 2, 3], np.int64))
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
    else:
        config["shape"]["hidden_size"] = "many"
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
        ("config", r"config\.json: no network has this shape"),
    ],
)
def test_a_broken_folder_is_named(classifier: Classifier, tmp_path: Path, kind: str, said: str) -> None:
    classifier.save(tmp_path / "c")
    break_it(tmp_path / "c", kind)
    with pytest.raises(InputError, match=said) as caught:
        Classifier.load(tmp_path / "c")
    assert "dvc" in str(caught.value)
