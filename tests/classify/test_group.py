"""Processes that train together: the losses and weights of one process, equal to the bit when repeated."""

import os
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipeline.classify.checkpoint import Checkpoint
from pipeline.classify.group import ALONE, Group, together
from pipeline.classify.network import Network
from pipeline.classify.params import Classify
from pipeline.classify.state import Epoch
from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError
from tests.classify.test_training import CPU, corpus, fitted, weights_of
from tests.classify.test_training import embeddings as embeddings
from tests.classify.test_training import section as section
from tests.conftest import Project

Fitted = tuple[Network, list[Epoch]]
ALL_TERMS = {"adversarial_weight": 1.0, "virtual_adversarial_weight": 1.0, "entropy_weight": 0.5}


def work(embeddings: Embeddings, section: Classify, folder: Path | None, group: Group) -> Fitted:
    unlabelled = corpus(embeddings, section, CPU, 50, 3).reviews if section.entropy_weight else None
    checkpoint = Checkpoint(folder, "key") if folder else None
    return fitted(embeddings, section, unlabelled=unlabelled, checkpoint=checkpoint, group=group)


def fitted_by_two(embeddings: Embeddings, section: Classify, folder: Path | None = None) -> Fitted:
    do = partial(work, embeddings, section, folder)
    with together(2, do) as group:
        return do(group)


@pytest.mark.parametrize(
    "changes",
    [
        {"adversarial_weight": 0.0},
        {**ALL_TERMS, "word_dropout": 0.2, "embedding_dropout": 0.3, "batch_size": 7},
        {"batch_size": 199, "epochs": 12},  # the last batch has one review, for two processes
    ],
)
def test_two_processes_train_as_one_does(embeddings: Embeddings, section: Classify, changes: dict[str, Any]) -> None:
    section = section.model_copy(update=changes)
    network, history = work(embeddings, section, None, ALONE)
    other, of_two = fitted_by_two(embeddings, section)
    for epoch, its in zip(history, of_two, strict=True):
        assert its.train_loss == pytest.approx(epoch.train_loss, rel=1e-3)
        assert its.valid_loss == pytest.approx(epoch.valid_loss, rel=1e-3)
    for name, weight in weights_of(network).items():
        np.testing.assert_allclose(weights_of(other)[name], weight, atol=1e-2, err_msg=name)


def test_two_processes_repeat_their_bits_and_resume_to_them(
    embeddings: Embeddings, section: Classify, tmp_path: Path
) -> None:
    network, history = fitted_by_two(embeddings, section)
    fitted_by_two(embeddings, section.model_copy(update={"epochs": 6, "patience": 1}), tmp_path / "state")
    resumed, again = fitted_by_two(embeddings, section, tmp_path / "state")
    assert again == history
    assert all(np.array_equal(value, weights_of(resumed)[name]) for name, value in weights_of(network).items())


def give_up(group: Group) -> None:
    os._exit(9)


def test_a_process_that_ends_early_is_reported(embeddings: Embeddings, section: Classify) -> None:
    with pytest.raises(InputError, match=r"ended early .* lower classify\.n_processes"), together(2, give_up) as group:
        work(embeddings, section, None, group)


def test_the_parts_of_the_rows_are_all_rows() -> None:
    rows = torch.arange(7)
    parts = [Group(rank, 3).part(rows) for rank in range(3)]
    assert sorted(torch.cat([part for part, _ in parts]).tolist()) == rows.tolist()
    assert sum(share for _, share in parts) == pytest.approx(1)
    alone, share = Group(2, 3).part(rows[:2])
    assert (alone.tolist(), share) == ([0], 0.0)


def test_torchrun_gives_the_bytes_of_as_many_processes_of_the_stage(project_copy: Project) -> None:
    project_copy.set({"classify.n_processes": 2})
    stage = ("stages", "classify", "lstm_finetuned", "1")
    made = ("artifacts/lstm_finetuned", "plots/history/lstm_finetuned-1.csv", "metrics/valid/lstm_finetuned-1.json")
    project_copy.run(*stage)
    expected = project_copy.bytes_of(*made)
    project_copy.run("torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", *stage)
    assert project_copy.bytes_of(*made) == expected


def test_a_process_that_cannot_start_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.classify.group._helper", os._exit)  # not in the new process: it fails to unpickle
    with pytest.raises(InputError, match=r"ended early"), together(2, give_up):
        pass
