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
from pipeline.classify.params import Classify
from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError
from tests.classify.test_training import CPU, Fitted, assert_same, corpus, fitted, weights_of
from tests.classify.test_training import embeddings as embeddings
from tests.classify.test_training import section as section
from tests.conftest import Project

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
    whole = fitted_by_two(embeddings, section)
    fitted_by_two(embeddings, section.model_copy(update={"epochs": 6, "patience": 1}), tmp_path / "state")
    again = fitted_by_two(embeddings, section, tmp_path / "state")
    assert_same(again, whole)


def both_train(embeddings: Embeddings, section: Classify, folder: Path, group: Group) -> Fitted:
    """Train with a checkpoint in a folder of this process's own, as on two machines that share none."""
    return work(embeddings, section, folder / str(group.rank), group)


def test_the_checkpoint_of_the_first_process_is_enough(
    embeddings: Embeddings, section: Classify, tmp_path: Path
) -> None:
    whole = fitted_by_two(embeddings, section)
    for changes in ({"epochs": 6, "patience": 1}, {}):
        do = partial(both_train, embeddings, section.model_copy(update=changes), tmp_path)
        with together(2, do) as group:
            again = do(group)
    assert not (tmp_path / "1").exists()
    assert_same(again, whole)


def other_key(folder: Path, group: Group) -> None:
    Checkpoint(folder, f"key {group.rank}").load(group)


def test_processes_with_other_data_do_not_train_together(tmp_path: Path) -> None:
    do = partial(other_key, tmp_path)
    with pytest.raises(InputError, match=r"have different code, .* copy it to all"), together(2, do) as group:
        do(group)


def stopped_by_the_other(embeddings: Embeddings, section: Classify, folder: Path, group: Group) -> Fitted:
    steps = iter(range(1000))
    checkpoint = Checkpoint(folder, "key")
    return fitted(
        embeddings,
        section,
        checkpoint=checkpoint,
        group=group,
        stopping=lambda: next(steps) == 20 and group.rank == 1,
    )


def test_a_process_that_is_told_to_stop_stops_all_after_the_same_step(
    embeddings: Embeddings, section: Classify, tmp_path: Path
) -> None:
    do = partial(stopped_by_the_other, embeddings, section, tmp_path / "state")
    with pytest.raises(KeyboardInterrupt), together(2, do) as group:
        do(group)
    whole = fitted_by_two(embeddings, section)
    again = fitted_by_two(embeddings, section, tmp_path / "state")
    assert_same(again, whole)


def test_a_launcher_whose_restarts_would_fail_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"RUN_ID": "a", "USE_AGENT_STORE": "True", "MAX_RESTARTS": "3"}.items():
        monkeypatch.setenv(f"TORCHELASTIC_{name}", value)
    with pytest.raises(InputError, match=r"TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1"), together(1, give_up):
        pass


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
    project_copy.run(
        "torch.distributed.run", "--standalone", "--local-addr=127.0.0.1", "--nproc-per-node=2", "-m", *stage
    )
    assert project_copy.bytes_of(*made) == expected


def test_a_process_that_cannot_start_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.classify.group._helper", os._exit)  # not in the new process: it fails to unpickle
    with pytest.raises(InputError, match=r"ended early"), together(2, give_up):
        pass
