"""The study of the cells: equal budgets, the choice of the learning rate, the tests, and a run with its tables."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.cells import answers, comparison, cost, run, table
from experiments.cells.budget import PERIODS, hidden_size, layers_of
from pipeline.cells.stack import equation_of
from pipeline.cells.table import CELLS
from pipeline.classify.training import DivergedError
from pipeline.core.errors import InputError
from pipeline.params import Params
from tests.conftest import ROOT, Project
from tests.studies import STUDIES, values_of

BUDGET = 20_000
FIGURES = {"lr": 0.01, "hidden_size": 9, "parameters": 1234, "diverged": False, "tokens_per_second": 100}


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_the_width_of_a_cell_is_the_one_closest_to_the_budget(cell: str, bidirectional: bool) -> None:
    def off(size: int) -> int:
        return abs(layers_of(cell, 20, size, bidirectional=bidirectional).n_parameters() - BUDGET)

    size = hidden_size(cell, 20, BUDGET, bidirectional=bidirectional)
    step = len(PERIODS) if CELLS[cell].periods else 1
    assert size % step == 0
    assert off(size) <= min(off(size - step), off(size + step))
    assert off(size) < 0.05 * BUDGET


def test_an_lstm_gets_its_own_width_and_no_cell_that_of_its_input() -> None:
    assert run.sizes_of("lstm", 200) == (64, 136_192)
    at_input = layers_of("mut1", 20, 20, bidirectional=False).n_parameters()
    assert hidden_size("mut1", 20, at_input) != 20
    assert hidden_size(equation_of("gru"), 20, BUDGET) == hidden_size("gru", 20, BUDGET)


def test_the_matrix_has_every_cell_with_its_family_and_every_rate() -> None:
    stages = STUDIES["cells"]
    cells = values_of("cells", stages["rates"]["matrix"]["cell"])
    assert [one["name"] for one in cells] == list(CELLS)
    for one in cells:
        assert one["family"] == CELLS[one["name"]].family
        assert one["lowest"] == CELLS[CELLS[one["name"]].first or one["name"]].family
    assert stages["rates"]["matrix"]["rate"] == list(run.RATES)
    assert stages["rates"]["matrix"]["seed"] == [int(run.FIRST_SEED)]
    assert stages["seeds"]["matrix"] == {"cell": "${cells}", "rate": [run.CHOSEN], "seed": [2, 3]}
    assert cost.N_SEEDS == 3
    assert all(run.RATES[name] == float(f"0.{name[3:]}") for name in run.RATES)


def test_the_settings_are_parameters_of_the_classifier(params: Params) -> None:
    assert set(run.SETTINGS) <= set(params.classify.model_dump())
    share = run.SETTINGS["head_tokens"] / run.SETTINGS["tail_tokens"]
    assert share == pytest.approx(params.classify.head_tokens / params.classify.tail_tokens, rel=0.02)


def test_right_answers_are_kept_in_few_bytes(rng: np.random.Generator) -> None:
    right = rng.random(2496) < 0.9
    digits = answers.to_hex(right)
    assert len(digits) == 2496 / 4
    assert (answers.from_hex(digits, 2496) == right).all()
    assert (answers.from_hex(answers.to_hex(right[:13]), 13) == right[:13]).all()


def test_the_chosen_rate_has_the_lowest_loss() -> None:
    losses = {"lr_001": 0.4, "lr_003": 0.3, "lr_01": 0.3}
    assert run.chosen_rate({rate: {"log_loss": loss} for rate, loss in losses.items()}) == "lr_003"


def runs_of(rng: np.random.Generator, accuracy: float, easy: np.ndarray, k: int = 3) -> np.ndarray:
    return (rng.random((k, len(easy))) < np.where(easy, 0.99, accuracy)).astype(np.float64)


def test_a_clear_difference_is_found_and_none_is_not(rng: np.random.Generator) -> None:
    easy = rng.random(2496) < 0.8
    lstm, same, worse = (runs_of(rng, accuracy, easy) for accuracy in (0.6, 0.6, 0.3))
    shared = comparison.seed_variances({"lstm": lstm, "same": same, "worse": worse})["lstm"]
    assert shared.df == 6
    assert comparison.compare(same, lstm, (shared, shared), 0.05).p > 0.05
    compared = comparison.compare(worse, lstm, (shared, shared), 0.05)
    assert compared.p < 0.001
    assert compared.difference == pytest.approx(worse.mean() - lstm.mean())
    assert abs(compared.difference) > compared.half


def test_without_a_difference_the_test_rejects_as_rarely_as_its_level_says(rng: np.random.Generator) -> None:
    rejected = 0
    for _ in range(200):
        easy = rng.random(400) < 0.8
        cells = {str(i): runs_of(rng, 0.6, easy) for i in range(5)}
        seeds = comparison.seed_variances(cells)
        rejected += comparison.compare(cells["0"], cells["1"], (seeds["0"], seeds["1"]), 0.05).p < 0.05
    assert rejected <= 0.08 * 200


def test_a_cell_with_a_failed_run_does_not_hide_the_others(rng: np.random.Generator) -> None:
    easy = rng.random(2496) < 0.8
    cells = {str(i): runs_of(rng, 0.6, easy) for i in range(6)}
    cells["failed"] = runs_of(rng, 0.6, easy)
    cells["failed"][0] = rng.random(2496) < 0.5
    seeds = comparison.seed_variances(cells)
    assert seeds["failed"] == comparison.SeedVariance.of(cells["failed"])
    assert seeds["0"] == seeds["5"]
    assert (seeds["0"].df, seeds["failed"].df) == (12, 2)
    assert seeds["failed"].between > 100 * seeds["0"].between


def results(rng: np.random.Generator) -> table.Results:
    easy, made = rng.random(800) < 0.8, {}
    for cell, accuracy in (("lstm", 0.7), ("gru", 0.7), ("rnn", 0.1)):
        by_seed = []
        for right in runs_of(rng, accuracy, easy).astype(bool):
            scores = {"accuracy": right.mean(), "log_loss": 1 - right.mean(), "n_reviews": 800}
            by_seed.append({**FIGURES, **scores, "right": answers.to_hex(right), "seconds": 36.0, "hardware": "2 x A"})
        worse = {**by_seed[0], "log_loss": 0.69}
        made[cell] = {"lr_001": {"1": worse}, "lr_003": {"1": by_seed[0]}, "lr_01": {"1": {**worse, "diverged": True}}}
        made[cell]["chosen"] = {"2": by_seed[1], "3": by_seed[2]}
    return made


def test_the_tables(rng: np.random.Generator) -> None:
    given = results(rng)
    lines = table.cells_table(given).splitlines()
    rows = {cells[0]: cells for line in lines[2:5] if (cells := [part.strip() for part in line.split("|")[1:-1]])}
    assert list(rows)[-1] == "`rnn`"
    assert rows["`lstm`"][7:10] == ["", "", ""]
    assert rows["`gru`"][9] == "within noise"
    assert rows["`rnn`"][7].startswith("-")
    assert rows["`rnn`"][8:10] == ["0.000", "worse"]
    assert rows["`rnn`"][4] == "3"
    assert lines[-1] == "15 runs, 0.1 hours of one core: 2 x A."
    rates = table.rates_table(given)
    assert "0.6900 (diverged)" in rates
    assert rates.count("**") == 6
    del given["gru"]["chosen"]["3"]
    row = next(line for line in table.cells_table(given).splitlines() if "`gru`" in line)
    assert "noise" not in row  # fewer seeds than the others: no test


def test_no_results_make_an_empty_table() -> None:
    assert table.cells_table({}).endswith("0 runs, 0.0 hours of one core: .")
    assert table.rates_table({}) == ""


def test_the_shares_of_the_variance_are_those_of_known_parts() -> None:
    cell, rate = np.array([[1.0], [-1.0]]), np.array([[2.0, 0.0, -2.0]])
    shares = table.shares(cell + rate + 5)
    assert shares == pytest.approx({"cell": 6 / 22, "learning rate": 16 / 22, "interaction": 0.0})
    assert math.fsum(table.shares(np.random.default_rng(1).random((4, 3))).values()) == pytest.approx(1.0)


def test_the_cost_of_a_step_is_measured() -> None:
    config = cost.config_of("rnn", 12, ("max", "mean"))
    assert config.hidden_size > run.HIDDEN_SIZE
    assert cost.seconds_per_step(config, batch_size=2, n_steps=1) > 0


@pytest.fixture
def study(project_copy: Project) -> Path:
    shutil.copytree(ROOT / "experiments", project_copy.folder / "experiments")
    shutil.rmtree(project_copy.folder / "experiments/cells/runs", ignore_errors=True)
    return project_copy.folder


def test_runs_of_a_small_project_make_the_tables(study: Path, project_copy: Project) -> None:
    trained = [
        (cell, rate, seed)
        for cell in ("lstm", "gru")
        for rate, seed in (*((rate, "1") for rate in run.RATES), ("chosen", "2"))
    ]
    small = f"from experiments.cells import run\nfor one in {trained}: run.record('cells', run.measure, *one)\n"
    (study / "small.py").write_text(small)
    project_copy.run("small")
    made: dict[str, dict[str, Any]] = {}
    for cell, rate, seed in trained:
        path = study / f"experiments/cells/runs/{cell}-{rate}-{seed}.json"
        made[f"{cell}-{rate}"] = json.loads(path.read_text("utf-8"))
    for figures in made.values():
        right = answers.from_hex(figures["right"], figures["n_reviews"])
        assert figures["accuracy"] == round(right.mean(), 4)
        assert {"commit", "hardware", "seconds", "parameters", "tokens_per_second"} <= set(figures)
    best = run.chosen_rate({rate: made[f"gru-{rate}"] for rate in run.RATES})
    assert made["gru-chosen"]["lr"] == run.RATES[best]
    project_copy.run("experiments.cells.table")
    page = (study / "experiments/cells/README.md").read_text("utf-8")
    assert "| `gru`" in page
    assert "8 runs" in page
    assert "Shares of the variance" in page


def test_a_training_that_diverges_counts_as_one_that_learned_nothing(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def diverges(*_: Any) -> None:
        raise DivergedError("training diverged: the loss of epoch 1 is nan")

    monkeypatch.chdir(study)
    monkeypatch.setattr(run, "fit", diverges)
    figures = run.train_here("1")
    assert figures["diverged"]
    assert figures["tokens_per_second"] is None
    assert figures["log_loss"] == pytest.approx(math.log(2), abs=1e-4)
    monkeypatch.setattr(run, "fit", lambda *_: (_ for _ in ()).throw(InputError("a file is missing")))
    with pytest.raises(InputError, match="missing"):
        run.train_here("1")
