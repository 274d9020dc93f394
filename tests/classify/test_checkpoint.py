"""Checkpoints on disk and their keys; test_training.py checks that a training resumes to the same bits."""

import shutil
from pathlib import Path

import pytest
import torch

from pipeline.classify.checkpoint import Checkpoint
from pipeline.core import imports
from pipeline.core.digest import digest_of
from tests.conftest import ROOT


@pytest.mark.parametrize("kind", ["cut", "absent", "not json"])
def test_a_broken_checkpoint_is_ignored(tmp_path: Path, kind: str) -> None:
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


def test_the_key_depends_on_parameters_and_inputs(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    key = digest_of({"lr": 0.1, "epochs": 2}, [tmp_path / "a"])
    assert digest_of({"epochs": 2, "lr": 0.1}, [tmp_path / "a"]) == key
    assert digest_of({"epochs": 3, "lr": 0.1}, [tmp_path / "a"]) != key
    (tmp_path / "a").write_bytes(b"2")
    assert digest_of({"lr": 0.1, "epochs": 2}, [tmp_path / "a"]) != key


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pipeline/classify/run.py", True),
        ("pipeline/classify/device.py", True),
        ("pipeline/cells/lstm.py", True),
        ("pipeline/core/ragged.py", True),
        ("pipeline/core/embeddings.py", True),
        ("pipeline/evaluate/metrics.py", False),
        ("pipeline/vectors/card.py", False),
        ("stages/runner.py", False),
    ],
)
def test_the_key_depends_on_all_code_that_training_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, expected: bool
) -> None:
    for folder in ("pipeline", "stages"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(imports, "ROOT", tmp_path.resolve())

    def key() -> str:
        return digest_of({}, imports.import_closure(tmp_path / "pipeline/classify/run.py"))

    before = key()
    with open(tmp_path / name, "a") as file:
        file.write("# changed\n")
    assert (key() != before) == expected


def test_a_state_whose_replacement_was_cut_short_is_found(tmp_path: Path) -> None:
    """Killed between the two renames, which once lost all progress."""
    checkpoint = Checkpoint(tmp_path / "state", "key")
    checkpoint.save({"x": torch.zeros(3)}, {"n": 1})
    (tmp_path / "state").rename(tmp_path / ".state.old.partial")
    shutil.copytree(tmp_path / ".state.old.partial", tmp_path / ".state.partial")
    (tmp_path / ".state.partial" / "state.json").write_text('{"key": "key", "n": 2}')
    loaded = checkpoint.load()
    assert loaded is not None
    assert loaded[1] == {"n": 2}
    assert [path.name for path in tmp_path.iterdir()] == ["state"]
