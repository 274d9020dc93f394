"""The ONNX graph against the network, in ONNX Runtime."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from pipeline.cells.table import CELLS
from pipeline.classify.network import Network
from pipeline.core.errors import InputError
from tests.classify.networks import CONFIG, network_of

onnx = pytest.importorskip("onnx", reason="onnx is not installed; `make test` installs it")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed; `make test` installs it")

from pipeline.deploy import graph  # noqa: E402
from pipeline.deploy.graph import OPERATORS, onnx_model  # noqa: E402

LENGTHS = [[7], [1], [9, 1, 4], [3, 3], [40, 12, 1, 39]]


def runtime(network: Network) -> Callable[[Any, Any], Any]:
    model = onnx_model(network)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return lambda ids, lengths: session.run(None, {"ids": ids, "lengths": lengths})[0]


def randomized(**changes: Any) -> Network:
    """A network whose every weight is random: biases and peepholes start at zero."""
    network = network_of(**changes)
    with torch.no_grad():
        for weight in network.layers.parameters():
            weight.normal_(std=0.7)
        network.output.bias.normal_()
    return network


def check(network: Network, rng: np.random.Generator, padding: int = CONFIG.n_words) -> None:
    predict = runtime(network)
    for lengths in LENGTHS:
        ids = rng.integers(0, CONFIG.n_words, (len(lengths), max(lengths)))
        for row, length in enumerate(lengths):
            ids[row, length:] = padding
        with torch.inference_mode():
            expected = network(torch.from_numpy(ids), torch.tensor(lengths)).sigmoid().numpy()
        said = predict(ids, np.array(lengths))
        assert said.dtype == np.float32
        np.testing.assert_allclose(said, expected, atol=2e-6)


@pytest.mark.parametrize("cell", OPERATORS)
@pytest.mark.parametrize("bidirectional", [True, False])
def test_each_cell_in_each_direction_and_depth(cell: str, bidirectional: bool, rng: np.random.Generator) -> None:
    for num_layers in (1, 3):
        check(randomized(cell=cell, bidirectional=bidirectional, num_layers=num_layers), rng)


@pytest.mark.parametrize("pooling", [("max",), ("mean",), ("last",), ("mean", "last", "max")])
def test_each_pooling(pooling: tuple[str, ...], rng: np.random.Generator) -> None:
    check(randomized(pooling=pooling), rng)


def test_what_pads_a_review_does_not_matter(rng: np.random.Generator) -> None:
    check(randomized(), rng, padding=0)


def test_an_empty_review_is_one_padding_id(rng: np.random.Generator) -> None:
    network = randomized()
    ids = np.full((2, 1), CONFIG.n_words)
    with torch.inference_mode():
        expected = network(torch.from_numpy(ids), torch.ones(2, dtype=torch.int64)).sigmoid().numpy()
    np.testing.assert_allclose(runtime(network)(ids, np.ones(2, np.int64)), expected, atol=2e-6)


def test_the_same_network_gives_the_same_bytes() -> None:
    first, second = (onnx_model(network_of()).SerializeToString(deterministic=True) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("cell", sorted(CELLS.keys() - OPERATORS.keys()))
def test_a_cell_without_an_operator_is_refused_with_those_that_have_one(cell: str) -> None:
    network = network_of(cell=cell, num_layers=2, periods=(1, 2) if CELLS[cell].periods else ())
    with pytest.raises(InputError, match=f"no operator for the cell '{cell}'.* one of lstm, np, vanilla, gru, "):
        onnx_model(network)


def test_weights_too_large_for_a_file_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "MAX_BYTES", 100)
    with pytest.raises(InputError, match=r"the weights have [\d,]+ bytes, and an ONNX file at most 100; raise embed"):
        onnx_model(network_of())
