"""A checkpoint folder, from which an interrupted training resumes."""

import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
from torch import Tensor

from pipeline.classify.group import ALONE, Group
from pipeline.core.errors import InputError, refusing
from pipeline.core.files import atomic, read_object, settle, write_json


class Checkpoint:
    """The last saved state of a training, in a folder; the state of another key is ignored.

    Args:
        folder: of the state.
        key: of the training.
        every: seconds between two saves within an epoch; as much training is lost at most.
    """

    def __init__(self, folder: Path, key: str, every: float = 60.0) -> None:
        self.folder, self.key, self.every = folder, key, every
        self._saved = time.monotonic()  # not changed by setting the clock

    @property
    def due(self) -> bool:
        """Whether the last save is `every` seconds ago."""
        return time.monotonic() - self._saved >= self.every

    def save(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        """Replace the saved state, atomically, by tensors and JSON values."""
        with atomic(self.folder) as folder:
            folder.mkdir()
            safetensors.torch.save_file(
                {name: value.cpu().contiguous() for name, value in tensors.items()}, folder / "state.safetensors"
            )
            write_json(folder / "state.json", {"key": self.key, **facts})
        self._saved = time.monotonic()

    def load(self, group: Group = ALONE) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """Return what the first process of a group has saved: tensors, on the CPU, and JSON values.

        Returns: None if there is nothing of this key, or it is broken.

        Raises:
            InputError: the processes train by different code, parameters or data.
        """
        if group.any(group.from_first(self.key.encode()) != self.key.encode()):
            raise InputError(
                "the processes of the training have different code, parameters, data or versions of torch;"
                " share the project's folder among the machines, or copy it to all of them again"
            )
        saved = self._load() if group.rank == 0 else None
        if group.size == 1:
            return saved
        tensors, facts = saved or ({}, {})
        facts = json.loads(group.from_first(json.dumps(facts).encode()))
        tensors = safetensors.torch.load(group.from_first(safetensors.torch.save(tensors)))
        return (tensors, facts) if facts else None

    def _load(self) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        settle(self.folder)
        path = self.folder / "state.safetensors"
        try:
            facts = read_object(self.folder / "state.json")
            with refusing(path, "is broken", "delete it"):
                tensors = safetensors.torch.load_file(path)
        except InputError:
            return None
        return (tensors, facts) if facts.pop("key", None) == self.key else None

    def remove(self) -> None:
        """Delete the saved state, once the training has ended."""
        shutil.rmtree(self.folder, ignore_errors=True)
