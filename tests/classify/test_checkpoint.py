"""What is kept of a training that goes on; tests/test_training.py has that it goes on to the same bits."""

from pathlib import Path

import pytest
import torch

from pipeline.classify.checkpoint import Checkpoint, key_of


@pytest.mark.parametrize("kind", ["cut", "absent", "not json"])
def test_a_broken_checkpoint_counts_as_none(tmp_path: Path, kind: str) -> None:
    checkpoint = Checkpoint(tmp_path / "state", "key")
    checkpoint.save({"x": torch.zeros(3)}, {"n": 1})
    assert checkpoint.load() is not None
    if kind == "cut":
        path = tmp_path / "state" / "state.safetensors"
        path.write_bytes(path.read_bytes()[:-1])
    elif kind == "absent":
        (tmp_path / "state" / "state.safetensors").unlink()
    else:
        (tmp_path / "state" / "state.json").write_text("{")
    assert checkpoint.load() is None
    checkpoint.remove()
    assert list(tmp_path.iterdir()) == []


def test_the_key_tells_parameters_and_inputs_apart(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    key = key_of({"lr": 0.1, "epochs": 2}, [tmp_path / "a"])
    assert key_of({"epochs": 2, "lr": 0.1}, [tmp_path / "a"]) == key
    assert key_of({"epochs": 3, "lr": 0.1}, [tmp_path / "a"]) != key
    (tmp_path / "a").write_bytes(b"2")
    assert key_of({"lr": 0.1, "epochs": 2}, [tmp_path / "a"]) != key
