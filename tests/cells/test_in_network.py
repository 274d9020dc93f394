"""Every cell in the classifier: its folder, its prefix probabilities, bfloat16."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.cells.table import CELLS
from pipeline.classify.classifier import Classifier
from pipeline.core.errors import InputError
from pipeline.evaluate.prefixes import prefix_probabilities
from tests.evaluate.test_prefixes import classifier_of, one, review


def with_cell(name: str, dtype: torch.dtype = torch.float32, bidirectional: bool = True) -> Classifier:
    cell = CELLS[name]
    periods = (1, 2) if cell.periods else ()
    n_layers = 2 if cell.first else 1
    return classifier_of(dtype, cell=name, num_layers=n_layers, bidirectional=bidirectional, periods=periods)


@pytest.mark.parametrize("name", CELLS)
def test_it_is_read_back_and_predicts_the_same(name: str, tmp_path: Path, rng: np.random.Generator) -> None:
    classifier, ids = with_cell(name), one(review(rng, 9))
    classifier.save(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["shape"]["cell"] == name
    np.testing.assert_array_equal(Classifier.load(tmp_path).probabilities(ids), classifier.probabilities(ids))


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("name", [name for name in CELLS if name != "lstm"])
def test_prefix_probabilities_are_predictions(name: str, bidirectional: bool, rng: np.random.Generator) -> None:
    classifier, ids = with_cell(name, bidirectional=bidirectional), review(rng, 7)
    expected = [classifier.probabilities(one(ids[: i + 1]))[0] for i in range(len(ids))]
    np.testing.assert_allclose(prefix_probabilities(classifier, ids).probabilities, expected, atol=1e-6)


@pytest.mark.parametrize("name", CELLS)
def test_it_predicts_in_bfloat16(name: str, rng: np.random.Generator) -> None:
    ids = one(review(rng, 9))
    rounded, exact = with_cell(name, torch.bfloat16).probabilities(ids), with_cell(name).probabilities(ids)
    assert rounded == pytest.approx(exact, abs=0.05)


def test_a_folder_without_a_cell_is_an_lstm_and_an_unknown_cell_is_named(tmp_path: Path) -> None:
    with_cell("lstm").save(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    del config["shape"]["cell"], config["shape"]["periods"]
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert Classifier.load(tmp_path).network.config.cell == "lstm"
    config["shape"]["cell"] = "lsmt"
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(
        InputError, match=r"config\.json: no network has this shape \(cell: .*no such cell; the cells are lstm"
    ):
        Classifier.load(tmp_path)
