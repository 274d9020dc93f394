"""The arithmetic of the benchmarks; their timings are not tested."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import torch

from benchmarks.cells import operations
from benchmarks.gpu import difference, floor_per_token
from benchmarks.measure import figure, line, side_by_side
from benchmarks.measure import table as figures_table
from benchmarks.scale import sizes, write_reviews
from benchmarks.sizes import CommittedRun, amount, dollars, duration, growth, hours
from benchmarks.sizes import table as sizes_table
from benchmarks.training import config_of, flops_per_token, matmul_rate
from benchmarks.tutorial import Packed
from pipeline.cells import make_cell
from pipeline.classify.batches import Reviews
from pipeline.classify.network import Dropout, Network
from pipeline.core.errors import InputError
from pipeline.core.files import read_json
from pipeline.core.ragged import Ragged
from pipeline.fetch.custom import read_custom
from pipeline.params import Params
from pipeline.report.markers import between_markers
from tests.classify.networks import CONFIG as NETWORK
from tests.classify.networks import CPU
from tests.conftest import ROOT

CONFIG = replace(NETWORK, num_layers=1, pooling=("max", "mean"), head_tokens=9, tail_tokens=9)


def rates(*values: float) -> Iterator[float]:
    yield from values


def test_the_ratio_is_the_median_of_pairs_without_the_first() -> None:
    ours, theirs = rates(1, 20, 90, 30), rates(100, 10, 30, 10)
    entry = side_by_side("x", "tokens/s", lambda: next(ours), lambda: next(theirs), "y", 1.5, n_runs=3)
    assert (entry["value"], entry["rate"], entry["rate_against"]) == (3.0, 30.0, 10.0)
    assert line(entry) == "x: 3.00 times the tokens/s (30 against 10), against y, bar 1.5"
    assert line(figure("x", 0.5, "share", "y", None, 1)) == "x: 0.50 share, against y"


def test_the_document_has_the_committed_figures() -> None:
    document = (ROOT / "docs/benchmarks.md").read_text("utf-8")
    text = figures_table(read_json(ROOT / "benchmarks/results.json"))
    assert between_markers(document, "benchmark", text) == document, "run `make bench`"


def test_operations_are_those_of_the_matrix_products() -> None:
    assert flops_per_token(CONFIG) == 3 * 2 * 2 * (4 * 4) * (5 + 4)
    two = replace(CONFIG, num_layers=2)
    assert flops_per_token(two) == flops_per_token(CONFIG) + 3 * 2 * 2 * (4 * 4) * (8 + 4)


def test_operations_of_a_cell_are_those_of_its_matrices() -> None:
    layer = make_cell("np", CONFIG.vector_size, CONFIG.hidden_size, bidirectional=True)
    assert operations(layer) == flops_per_token(CONFIG)
    assert operations(make_cell("lstm", 5, 4)) == operations(make_cell("vanilla", 5, 4)) == 3 * 2 * (4 * 4) * (5 + 4)


def test_the_default_is_what_is_measured(params: Params) -> None:
    config = config_of(params, 1000)
    assert config.hidden_size == params.classify.hidden_size
    assert config.vector_size == params.embed.vector_size
    assert config.n_words == 1000


def test_the_packed_network_computes_what_ours_does() -> None:
    torch.manual_seed(0)
    ours, packed = Network(CONFIG, Dropout(0, 0)).eval(), Packed(CONFIG).eval()
    weights = {
        "embedding.weight": ours.embedding.weight,
        "output.weight": ours.output.weight,
        "output.bias": ours.output.bias,
    }
    for direction, suffix in enumerate(("", "_reverse")):
        for name, value in ours.layers[0].lstms[direction].named_parameters():  # type: ignore[index, union-attr]
            weights[f"lstm.{name}{suffix}"] = value
    packed.load_state_dict(weights)
    reviews = Ragged(np.arange(1, 10, dtype=np.int32), np.array([0, 3, 4, 9]))
    ids, lengths = Reviews(reviews, CONFIG, CPU).batch(torch.arange(3))
    assert packed(ids, lengths).tolist() == pytest.approx(ours(ids, lengths).tolist(), abs=1e-6)


def test_a_step_has_a_lower_bound_and_the_cpu_agrees_with_itself() -> None:
    rate = matmul_rate(CPU)
    assert floor_per_token(CONFIG, "float32", CPU, 100.0) >= flops_per_token(CONFIG) / (10 * rate)

    reviews = Ragged(np.arange(10, dtype=np.int32), np.array([0, 4, 10]))
    assert len(Reviews(reviews, CONFIG, CPU)) == 2
    assert difference(reviews, CONFIG, CPU)["value"] == 0


def test_synthetic_reviews_are_a_corpus_with_or_without_an_end_of_words(tmp_path: Path) -> None:
    n_words = {}
    for most_words in (50, None):
        write_reviews(tmp_path / "reviews.parquet", 400, most_words)
        _, batches = read_custom(tmp_path, tmp_path)
        reviews = pa.Table.from_batches(batches)
        assert Counter(reviews["split"].to_pylist()) == {"train": 100, "unsup": 200, "test": 100}
        assert sum(reviews.filter(pc.equal(reviews["split"], "train"))["label"].to_pylist()) == 50
        texts = reviews["text"].to_pylist()
        assert len(set(texts)) == 400
        n_words[most_words] = len({word for text in texts for word in text.split()})
    assert n_words[50] < n_words[None] / 5


def test_sizes_are_millions() -> None:
    assert sizes("1 0.02 0.1") == [20_000, 100_000, 1_000_000]
    with pytest.raises(SystemExit, match=r"SIZES='many' are no numbers; use millions of reviews, such as '0.1 1'"):
        sizes("many")


def test_other_sizes_take_in_proportion_what_the_committed_run_took(params: Params, tmp_path: Path) -> None:
    names = ("fetch", "tokenize", "embed", "baseline", "polarity", "maas", "classify-lstm_finetuned-1", "evaluate")
    seconds = dict.fromkeys(names, 36.0)
    assert params.baseline.max_reviews == params.evaluate.max_reviews == params.maas.max_reviews == 100_000
    *parts, whole, least = hours(seconds, params, 10_000_000).values()
    assert parts == [1.0] * 4
    assert whole == pytest.approx(4.0 + 0.01 * (4 + 4 + 4 + 100_000 / 75_000))
    assert least == pytest.approx(2.0 + 1 / params.embed.epochs + 1 / params.classify.epochs)
    assert [duration(h) for h in (0.001, 1.9, 3, 49, 20_000)] == [
        "0.06 min",
        "110 min",
        "3.0 h",
        "2.0 days",
        "2.3 years",
    ]
    assert [amount(n) for n in (2.4e6, 1.26e9, 3.33e12, 5e15)] == ["2.4 MB", "1.3 GB", "3.3 TB", "5.0 PB"]

    (tmp_path / "corpus.txt").write_text("a b\na c\nd a\ne f\n")
    assert growth(tmp_path / "corpus.txt", 6) == pytest.approx(1.0)
    run = CommittedRun(seconds, n_bytes=10**8, n_types=1000, growth=0.5, bytes_per_type=134.0, n_words=100)
    lines = sizes_table(run, params, price=0.05).splitlines()
    assert [cell.strip() for cell in lines[-3].split("|")[1:-1]] == ["types", "710", "7,100", "71,000", "710,000"]


@pytest.mark.parametrize("price", ["much", "", "-1", "nan", "inf"])
def test_a_price_that_is_none_is_named(price: str) -> None:
    assert dollars("0.05") == 0.05
    with pytest.raises(InputError, match=f"PRICE = '{price}' is no price; give dollars per hour of a core"):
        dollars(price)
