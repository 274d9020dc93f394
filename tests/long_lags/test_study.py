"""Training, gradients, and the way from a run to the table and the page, on tiny sizes."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ruamel.yaml import YAML

from experiments.long_lags import cost, figures, page, run, summary
from experiments.long_lags.gradients import direction_of, gradient_norms, states_of
from experiments.long_lags.network import KEEPING, Network
from experiments.long_lags.table import rows
from experiments.long_lags.tasks.table import TASKS, task_of
from experiments.long_lags.train import BATCH, CHECK_EVERY, start, train
from experiments.record import record
from experiments.table import read_runs, table
from pipeline.cells.table import CELLS
from pipeline.core.errors import InputError
from pipeline.report.markers import between_markers
from tests.conftest import ROOT
from tests.long_lags.results import result

FOLDER = ROOT / "experiments/long_lags"
SINGLE = [name for name, cell in CELLS.items() if not cell.first]  # cells of a single layer


def test_an_lstm_learns_the_latch_and_stops_there() -> None:
    outcome = train(task_of("latch_10"), "lstm", 1)
    assert outcome.solved
    assert outcome.sequences < 8000
    assert outcome.sequences % (BATCH * CHECK_EVERY) == 0
    assert outcome.score.n == 512
    assert outcome.score.n_wrong <= 5
    again = train(task_of("latch_10"), "lstm", 1)
    assert (again.sequences, again.score) == (outcome.sequences, outcome.score)


def test_a_run_that_does_not_succeed_ends_at_the_cap() -> None:
    outcome = train(replace(TASKS["adding"], length=24, lag=12, cap=100), "rnn", 1)
    assert not outcome.solved
    assert outcome.sequences == 128  # four batches
    assert outcome.score.n_wrong > 256


def test_a_loss_that_is_no_number_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.long_lags.train.LEARNING_RATE", 1e30)
    outcome = train(replace(TASKS["noise_3c"], length=24, lag=21), "irnn", 1)
    assert outcome.diverged
    assert not outcome.solved
    assert np.isfinite(outcome.score.mean_error)
    assert "trained" not in run.gradients(replace(TASKS["latch_10"]), outcome)


def test_the_training_set_of_the_grammar_is_fixed_and_judged_too(monkeypatch: pytest.MonkeyPatch) -> None:
    judged = []

    def judge(*arguments: Any, **named: Any) -> Any:
        judged.append(arguments[2])
        return original(*arguments, **named)

    original = train.__globals__["judge"]
    monkeypatch.setitem(train.__globals__, "judge", judge)
    easy = replace(TASKS["reber"], cap=BATCH * CHECK_EVERY, n_wrong=256)
    assert train(easy, "rnn", 1).solved
    fresh, training = judged[:2]
    assert (fresh(256).lengths != fresh(256).lengths).any()
    assert training(256) is training(256)
    assert len(training(256)) == TASKS["reber"].n_train


@pytest.mark.parametrize("cell", SINGLE)
def test_the_states_of_the_gradients_are_those_of_the_layer(cell: str) -> None:
    torch.manual_seed(1)
    network = Network(cell, 3, 1, 20)
    x = torch.randn(2, 12, 3)
    history = states_of(direction_of(network.layers, 3), x)
    states = torch.stack([state[0] for state in history[1:]], 1)
    assert torch.allclose(states, network.layers(x)[0], atol=1e-5)


@pytest.mark.parametrize("cell", ["lstm", "lstm1997", "gru_cho", "mut1", "clockwork"])
def test_a_gradient_norm_is_that_of_finite_differences(cell: str) -> None:
    """Of dh_T / ds_0, in float64, by starting the cell at changed states."""
    torch.manual_seed(1)
    network = Network(cell, 1, 1, 5).double()
    direction = direction_of(network.layers, 1).double()
    x = torch.randn(1, 5, 1, dtype=torch.float64)
    size, tiny, columns = direction.hidden_size, 1e-6, []
    names = [name for name in direction.plan.states if name != "k"]  # clockwork's counter of steps is no number
    for place in range(len(names) * size):
        ends = []
        for change in (tiny, -tiny):
            initial = [torch.zeros(1, size, dtype=torch.float64) for _ in direction.plan.states]
            initial[place // size][0, place % size] = change
            ends.append(states_of(direction, x, initial)[-1][0][0].detach())
        columns.append((ends[0] - ends[1]) / (2 * tiny))
    expected = float(torch.linalg.matrix_norm(torch.stack(columns, 1), 2))
    norms = gradient_norms(network.layers, x)
    assert norms[0] == pytest.approx(expected, rel=1e-6)
    assert norms[-1] == pytest.approx(1)


def test_the_gradient_of_a_plain_network_is_the_product_of_its_jacobians() -> None:
    torch.manual_seed(1)
    network = Network("rnn", 1, 1, 6)
    x = torch.randn(2, 6, 1)
    direction = direction_of(network.layers, 1)
    recurrent = direction.get_parameter("R_h").detach()
    states = network.layers(x)[0].detach()
    norms = []
    for t in range(7):
        product = torch.eye(32).expand(2, 32, 32)
        for step in range(t, 6):
            product = ((1 - states[:, step] ** 2)[:, :, None] * recurrent) @ product
        norms.append(float(torch.linalg.matrix_norm(product, 2).mean()))
    assert gradient_norms(network.layers, x) == pytest.approx(norms, rel=1e-4)


def test_the_gate_that_keeps_the_state_starts_with_the_logarithm_of_the_length() -> None:
    for cell, sign in KEEPING.items():
        network = Network(cell, 1, 1, 100)
        bias = float(direction_of(network.layers, 1).get_parameter("b_z").detach()[0])
        assert bias == pytest.approx(sign * np.log(100), abs=1e-5)
    vanilla = direction_of(Network("vanilla", 1, 1, 100).layers, 1)
    assert float(vanilla.get_parameter("b_f").detach()[0]) == pytest.approx(np.log(100), abs=1e-5)
    for cell in ("lstm", "vanilla", "lstm1997"):
        closed = direction_of(Network(cell, 1, 1, 100).layers, 1).get_parameter("b_i").detach()
        assert closed.tolist() == pytest.approx([-np.log(100) / 2] * 32, abs=1e-5)
    opened = direction_of(Network("lstm", 1, 1, 100).layers, 1).get_parameter("b_f").detach()
    assert opened.tolist() == pytest.approx([np.log(100)] * 32, abs=1e-5)


def test_an_unknown_cell_is_refused_before_anything_is_trained() -> None:
    with pytest.raises(InputError, match="there is no cell 'lsmt'; the cells are lstm, gru"):
        start(TASKS["adding"], "lsmt", 1)
    with pytest.raises(InputError, match="depth_gated gates what passes from layer to layer"):
        run.measure("adding", "depth_gated")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["addnig", "lstm"], "error: there is no task 'addnig'"),
        (["adding", "lsmt"], "error: there is no cell 'lsmt'"),
        (["adding", "lstm", "--lag", "100"], "error: a lag of 100 steps does not fit into a sequence of 100"),
        (["adding", "lstm", "--length", "30"], "error: a lag of 50 steps does not fit into a sequence of 30"),
    ],
)
def test_the_command_says_what_is_wrong_in_one_line(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=re.escape(said)):
        run.main(arguments)
    assert not list(tmp_path.iterdir())


def test_a_trial_prints_its_figures_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run.main(["adding", "gru", "--length", "24", "--lag", "12", "--cap", "64", "--seeds", "1"])
    printed = json.loads(capsys.readouterr().out)
    assert (printed["length"], printed["lag"], printed["cap"]) == (24, 12, 64)
    assert [one["sequences"] for one in printed["seeds"]] == [64]
    assert not list(tmp_path.iterdir())


def test_from_runs_to_table_and_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tiny study of its own: two cells, a short latch, the sinusoids, and gradients."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run, "SEEDS", (1,))
    for name, length, lag in (("latch_100", 9, 8), ("sinusoids", 24, 8), ("reber", 0, 0)):
        monkeypatch.setitem(TASKS, name, replace(TASKS[name], length=length, lag=lag, cap=64))
        for cell in ("rnn", "lstm"):
            record("long_lags", run.measure, name, cell)
    folder = tmp_path / "experiments/long_lags"
    one = json.loads((folder / "runs/latch_100-lstm.json").read_text("utf-8"))
    assert {"cell", "length", "lag", "cap", "seeds", "gradients", "seconds", "commit", "hardware"} == set(one)
    assert one["gradients"]["steps_back"] == [0, 5]
    assert one["gradients"]["untrained"][0] == pytest.approx(1)
    runs = read_runs(folder / "runs")
    assert "| latch, lag 100" in table("long_lags", runs)
    page.write(folder)
    text = (folder / "page.html").read_text("utf-8")
    specs = json.loads(re.findall(r'<script type="application/json" id="specs">(.*?)</script>', text)[0])
    assert set(specs) == {"latch", "latch-errors", "tasks", "untrained", "trained", "bands"}
    body = text.partition('<script type="application/json"')[0]
    assert not re.findall(r'(?:src|href)="(?!#)', body)  # loads nothing
    assert set(re.findall(r'data-chart="([^"]*)"', body)) == set(specs)


def test_the_figures_of_the_summary() -> None:
    runs = {
        "latch_10": [result("rnn", 800, 1600, 2400), result("lstm", 800, 800, None)],
        "latch_30": [result("lstm", 800, 800, 1600), result("rnn", None, None, None)],
        "adding": [result("lstm", None, 64_000, 32_000)],
        "recall_30": [result("lstm", 800, 800, 1600)],
    }
    assert summary.cells_of(runs) == ["lstm", "rnn"]
    assert list(summary.by_cell(runs)) == ["adding", "latch_10", "latch_30", "recall_30"]
    assert [summary.longest_lag(runs, "latch", cell) for cell in ("rnn", "lstm")] == [10, 30]
    adding, latch_10, latch_30, _ = rows(runs)
    assert adding == {
        "task": "4 adding", "LSTM of 1997, published": "74,000 [m]", "cap": "192,000",
        "`lstm`": "2 of 3, 48,000", "`rnn`": "",
    }  # fmt: skip
    assert latch_10["`rnn`"] == "3 of 3, 1,600"
    assert latch_30["`rnn`"] == "0 of 3, 50 % wrong"
    assert page.headline(runs) == "A plain network remembers a number over none of these lags, an LSTM over 30 steps"
    assert table("long_lags", runs).endswith("6 runs, 6.0 hours of one core: 2 x A.")


def test_the_charts_have_the_numbers() -> None:
    gradients = {"steps_back": [0.0, 5.0], "untrained": [1.0, 0.0], "trained": [1.0, None]}
    runs = {"latch_100": [result("rnn", None, None, 800, gradients=gradients)]}
    drawn = figures.charts(runs, ["rnn"])
    assert [row["norm"] for row in drawn["untrained"]["data"]["values"]] == [1.0, figures.SMALLEST]
    assert [row["norm"] for row in drawn["trained"]["data"]["values"]] == [1.0]
    (field,) = drawn["latch"]["data"]["values"]
    assert (field["row"], field["share"], field["needed"]) == ("lag 100", pytest.approx(1 / 3), "0.8k")
    assert [figures.short(n) for n in (None, 5600, 48_000)] == ["", "5.6k", "48k"]
    with pytest.raises(InputError, match="there are no runs"):
        page.page({})


def test_the_cost_is_printed_for_every_run_of_the_study(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks, cells = cost.matrix()
    assert tasks == list(TASKS)
    assert set(cells) <= set(CELLS)
    small = replace(TASKS["latch_10"], cap=320)
    assert cost.START_SECONDS < cost.at_most(small, "rnn") < cost.START_SECONDS + 60
    monkeypatch.setattr(cost, "at_most", lambda task, cell: 90.0)
    text = cost.table(tasks[:2], cells[:4])
    assert text.splitlines()[-1] == "8 runs of 3 seeds: at most 0.2 hours of one core, 0.1 of two"


def test_the_readme_has_what_the_runs_say_and_the_tasks() -> None:
    text = (FOLDER / "README.md").read_text("utf-8")
    between_markers(text, "runs", "")
    stages = YAML(typ="safe", pure=True).load(FOLDER / "dvc.yaml")["stages"]
    assert stages["table"]["outs"] == [{"experiments/long_lags/page.html": {"cache": False}}]
