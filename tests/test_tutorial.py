"""The study of the Theano tutorial: its filter, vocabulary, batches and patience, and a run on a small project."""

import json
import re
import shutil
from itertools import chain

import numpy as np
import pytest
import torch

from experiments.tutorial import protocol, training
from experiments.tutorial.network import HIDDEN_SIZE, Network
from pipeline.core.ragged import Ragged
from pipeline.tokenize.tokenizer import Tokenizer
from tests.conftest import ROOT, Project


def reviews(lengths: list[int], rng: np.random.Generator) -> training.Reviews:
    """Reviews whose label is 1 if their tokens are 5 and above, 0 if they are below."""
    labels = (np.arange(len(lengths)) % 2).astype(np.int8)
    rows = [rng.integers(5 * label, 5 * label + 5, n) for n, label in zip(lengths, labels, strict=True)]
    return training.Reviews(Ragged(np.concatenate(rows).astype(np.int32), np.cumsum([0, *lengths])), labels)


def test_the_numbers_of_the_tutorial_follow_from_its_rule(rng: np.random.Generator) -> None:
    lengths = rng.permutation(np.r_[np.full(3000, 99), np.full(3000, 100)])
    train, valid = protocol.split_short(lengths, rng)
    assert (len(train), len(valid)) == (1998, 105)
    assert (lengths[np.r_[train, valid]] == 99).all()
    assert len(set(train) | set(valid)) == 2103


def test_a_small_corpus_has_fewer_short_reviews(rng: np.random.Generator) -> None:
    train, valid = protocol.split_short(np.array([20] * 40 + [100, 2000]), rng)
    assert sorted(np.r_[train, valid]) == list(range(40))
    assert len(valid) == 2


def test_test_is_a_random_500_or_all_of_fewer(rng: np.random.Generator) -> None:
    drawn = protocol.draw_test(25_000, rng)
    assert len(set(drawn)) == 500
    assert drawn.mean() == pytest.approx(12_500, rel=0.1)
    assert sorted(protocol.draw_test(80, rng)) == list(range(80))


def test_rare_words_become_the_unknown_one_and_none_is_dropped() -> None:
    ids = Ragged(np.array([3, 9_997, 9_998, 150_000], np.int32), np.array([0, 4]))
    assert protocol.with_unknown(ids).values.tolist() == [3, 9_997, protocol.UNKNOWN, protocol.UNKNOWN]
    tokenizer = Tokenizer("regex", lowercase=True)
    encoded = protocol.encode([tokenizer.chunk(["Good film", "bad"]), tokenizer.chunk(["a good one"])], ["good", "a"])
    assert [encoded[i].tolist() for i in range(3)] == [
        [0, protocol.UNKNOWN],
        [protocol.UNKNOWN],
        [1, 0, protocol.UNKNOWN],
    ]
    assert protocol.PADDING == protocol.N_ROWS - 1


@pytest.mark.parametrize("plan", [protocol.random_batches, protocol.batches_by_length])
def test_each_review_is_in_one_batch(plan: training.Batches, rng: np.random.Generator) -> None:
    lengths = rng.integers(1, 1000, 1998)
    batches = plan(lengths, rng)
    assert sorted(chain(*batches)) == list(range(1998))
    assert len(batches) in (124, 125)  # 370 updates are three epochs, nearly
    assert {len(rows) for rows in batches[:-1]} <= {14, 16, 17}
    padding = sum(len(rows) * lengths[rows].max() for rows in batches) / lengths.sum()
    assert padding < 1.1 if plan is protocol.batches_by_length else padding > 1.5


def stopped_at(errors: list[float], patience: int) -> int | None:
    return next((n for n in range(1, len(errors) + 1) if protocol.stops(errors[:n], patience)), None)


def test_patience_is_that_of_the_tutorial() -> None:
    assert stopped_at([0.5, *[0.4] * 3, 0.3, *[0.35] * 40], 10) == 25  # bad from the 15th on, stops at the 11th bad
    assert stopped_at([0.5 - 0.01 * n for n in range(40)], 10) is None
    # An error that equals the lowest sets the count to 0 before it counts itself.
    assert stopped_at([0.3, 0.4, 0.4, 0.3, 0.4, 0.4], 2) == 6
    assert stopped_at([0.3, 0.4, 0.4, 0.4, 0.4, 0.4], 2) == 5
    assert [protocol.is_best(e) for e in ([0.3], [0.3, 0.4], [0.3, 0.4, 0.3])] == [True, False, True]


def test_the_network_starts_as_the_tutorials() -> None:
    torch.manual_seed(1)
    network = Network(protocol.N_ROWS)
    assert network.embedding.weight.shape == (10_000, 128)
    assert 0 <= network.embedding.weight.min() < network.embedding.weight.max() < 0.01
    for name in ("weight_ih_l0", "weight_hh_l0"):
        for gate in network.lstm.get_parameter(name).chunk(4):
            assert torch.allclose(gate @ gate.t(), torch.eye(HIDDEN_SIZE), atol=1e-4)
    assert not network.lstm.bias_ih_l0.any()
    trained = {name for name, weight in network.named_parameters() if weight.requires_grad}
    assert "lstm.bias_ih_l0" in trained
    assert "lstm.bias_hh_l0" not in trained
    assert not network.lstm.bias_hh_l0.any()


def test_padding_changes_no_prediction_and_dropout_is_of_training_alone(rng: np.random.Generator) -> None:
    torch.manual_seed(1)
    network = Network(20, rng.normal(size=(10, 6)).astype(np.float32)).eval()
    short, both = torch.tensor([[1, 2]]), torch.tensor([[1, 2, 0, 0, 0], [3, 4, 5, 6, 7]])
    lengths = torch.tensor([2, 5])
    assert torch.allclose(network(both, lengths)[:1], network(short, lengths[:1]), atol=1e-6)
    assert torch.equal(network(both, lengths), network(both, lengths))
    network.train()
    assert not torch.equal(network(both, lengths), network(both, lengths))
    outputs = torch.stack([network(both, lengths) for _ in range(2000)]).mean(0)
    assert torch.allclose(outputs, network.eval()(both, lengths), atol=0.01)  # half of the sum, on average


def test_training_learns_keeps_the_best_weights_and_repeats(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "UPDATES_PER_VALIDATION", 2)
    monkeypatch.setattr(protocol, "PADDING", 10)
    train, valid = reviews([8] * 64, rng), reviews([5, 9] * 10, rng)
    results = []
    for _ in range(2):
        torch.manual_seed(1)
        network = Network(11)
        assert training.predict_seconds(network, train, valid, protocol.random_batches, 3)[1] > 0
        history = training.train_network(network, train, valid, protocol.random_batches, 40, seed=1)
        results.append((history, training.probabilities(network, valid).tolist()))
    assert results[0] == results[1]
    assert history.errors[0] > min(history.errors)
    assert training.error(network, valid) == min(history.errors) < 0.1
    assert history.updates <= 40 * 4
    assert history.epochs <= 40


def test_the_steps_of_the_study_run_on_a_small_project(project_copy: Project) -> None:
    shutil.copytree(ROOT / "experiments", project_copy.folder / "experiments")
    runs = project_copy.folder / "experiments/tutorial/runs"
    shutil.rmtree(runs, ignore_errors=True)
    small = "from experiments.tutorial import run; from dataclasses import replace\n"
    small += "run.STEPS = {name: replace(step, max_epochs=1) for name, step in run.STEPS.items()}\n"
    small += "for name in run.STEPS: run.record('tutorial', run.measure, name, '1')\n"
    (project_copy.folder / "small.py").write_text(small)
    printed = project_copy.run("small")
    assert "1 at most" in printed
    figures = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(runs.iterdir())}
    assert list(figures) == ["all_reviews-1", "short_reviews-1", "word2vec-1"]
    assert {one["n"] for one in figures.values()} == {80}
    assert figures["short_reviews-1"]["sample"]["n"] == 80
    assert figures["all_reviews-1"]["n_train"] + figures["all_reviews-1"]["n_valid"] == 240
    assert all(one["accuracy_low"] < one["accuracy"] < one["accuracy_high"] for one in figures.values())
    project_copy.run("experiments.table", "tutorial")
    page = (project_copy.folder / "experiments/tutorial/README.md").read_text("utf-8")
    assert re.search(r"\| the same network, all of test +\| \d+ +\| 80 ", page)
