"""Training curves for TensorBoard."""

import sys
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from pipeline.classify.history import Epoch
from pipeline.classify.tensorboard import tensorboard
from pipeline.core.errors import InputError


def test_tensorboard_reads_the_curves(tmp_path: Path) -> None:
    write = tensorboard(tmp_path)
    for epoch in (1, 2):
        write(Epoch(epoch, train_loss=0.5 / epoch, valid_loss=0.4, valid_accuracy=0.8, learning_rate=0.003))
    events = EventAccumulator(str(tmp_path)).Reload()
    assert set(events.Tags()["scalars"]) == {"train_loss", "valid_loss", "valid_accuracy", "learning_rate"}
    assert [(event.step, event.value) for event in events.Scalars("train_loss")] == [(1, 0.5), (2, 0.25)]


def test_without_tensorboard_the_error_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(InputError, match=r"needs TensorBoard: `pip install tensorboard`, or set it to false"):
        tensorboard(tmp_path)
    assert not list(tmp_path.iterdir())
