"""The benchmarks' own arithmetic; their timings are not tested."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from tests.test_classifier import reviews_of

from benchmarks.gpu import difference, floor_per_token
from benchmarks.measure import figure, line, side_by_side
from benchmarks.measure import table as figures_table
from benchmarks.run import ROWS
from benchmarks.training import Packed, flops_per_token, matmul_rate, shape_of
from pipeline.classify.batches import Reviews
from pipeline.classify.network import Dropout, Network, NetworkConfig
from pipeline.core.files import read_json
from pipeline.core.ragged import Ragged
from pipeline.params import Params
from pipeline.report.tables import between_marks
from tests.conftest import ROOT

CPU = torch.device("cpu")
SHAPE = NetworkConfig(
    n_words=11,
    vector_size=5,
    hidden_size=4,
    num_layers=1,
    bidirectional=True,
    pooling=("max", "mean"),
    head_tokens=9,
    tail_tokens=9,
)


def rates(*values: float) -> Iterator[float]:
    yield from values


def test_the_ratio_is_the_median_of_pairs_without_the_first() -> None:
    ours, theirs = rates(1, 20, 90, 30), rates(100, 10, 30, 10)
    found = side_by_side("x", "tokens/s", lambda: next(ours), lambda: next(theirs), "y", 1.5, n_runs=3)
    assert (found["value"], found["rate"], found["rate_against"]) == (3.0, 30.0, 10.0)
    assert line(found) == "x: 3.00 times the tokens/s (30 against 10), against y, bar 1.5"
    assert line(figure("x", 0.5, "share", "y", None, 1)) == "x: 0.50 share, against y"


def test_the_document_has_the_committed_figures() -> None:
    document = (ROOT / "docs/benchmarks.md").read_text("utf-8")
    text = figures_table(read_json(ROOT / "benchmarks/results.json"))
    assert between_marks(document, "benchmark", text) == document, "run `make bench`"


def test_every_row_has_a_module() -> None:
    for name in ROWS:
        assert (ROOT / f"benchmarks/{name}.py").exists(), name


def test_operations_are_those_of_the_matrix_products() -> None:
    assert flops_per_token(SHAPE) == 3 * 2 * 2 * (4 * 4) * (5 + 4)
    two = NetworkConfig(**{**SHAPE.__dict__, "num_layers": 2})
    assert flops_per_token(two) == flops_per_token(SHAPE) + 3 * 2 * 2 * (4 * 4) * (8 + 4)


def test_the_default_is_what_is_measured(params: Params) -> None:
    shape = shape_of(params, 1000)
    assert shape.hidden_size == params.classify.hidden_size
    assert shape.vector_size == params.embed.vector_size
    assert shape.n_words == 1000


def test_the_packed_network_computes_what_ours_does() -> None:
    torch.manual_seed(0)
    ours, packed = Network(SHAPE, Dropout(0, 0, 0)).eval(), Packed(SHAPE).eval()
    weights = {
        "embedding.weight": ours.embedding.weight,
        "output.weight": ours.output.weight,
        "output.bias": ours.output.bias,
    }
    for direction, suffix in enumerate(("", "_reverse")):
        for name, value in ours.layers[0].lstms[direction].named_parameters():  # type: ignore[index, union-attr]
            weights[f"lstm.{name}{suffix}"] = value
    packed.load_state_dict(weights)
    ids, lengths = reviews_of([[1, 2, 3], [4], [5, 6, 7, 8, 9]], SHAPE).batch(torch.arange(3))
    assert packed(ids, lengths).tolist() == pytest.approx(ours(ids, lengths).tolist(), abs=1e-6)


def test_a_step_has_a_floor_and_the_cpu_agrees_with_itself() -> None:
    rate = matmul_rate(CPU)
    assert floor_per_token(SHAPE, "float32", CPU, 100.0) >= flops_per_token(SHAPE) / (10 * rate)

    reviews = Ragged(np.arange(10, dtype=np.int32), np.array([0, 4, 10]))
    assert len(Reviews(reviews, SHAPE, CPU)) == 2
    assert difference(reviews, SHAPE, CPU)["value"] == 0
