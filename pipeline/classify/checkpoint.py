"""A checkpoint folder, from which an interrupted training resumes."""

import hashlib
import shutil
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from pipeline.core.errors import InputError, refusing
from pipeline.core.files import atomic, read_object, settle, write_json


def key_of(facts: Mapping[str, Any], files: Iterable[Path]) -> str:
    """Return the SHA-256, in hex, of everything a training depends on.

    Args:
        facts: parameters and the like; their order does not matter.
        files: inputs and code, of which the bytes count. torch's version counts too.
    """
    digest = hashlib.sha256(repr([torch.__version__, *sorted(facts.items())]).encode())
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


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
            save_file({name: value.cpu().contiguous() for name, value in tensors.items()}, folder / "state.safetensors")
            write_json(folder / "state.json", {"key": self.key, **facts})
        self._saved = time.monotonic()

    def load(self) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """Return the saved tensors, on the CPU, and JSON values; None if there are none of this key, or broken ones."""
        settle(self.folder)
        path = self.folder / "state.safetensors"
        try:
            facts = read_object(self.folder / "state.json")
            with refusing(path, "is broken", "delete it"):
                tensors = load_file(path)
        except InputError:
            return None
        return (tensors, facts) if facts.pop("key", None) == self.key else None

    def remove(self) -> None:
        """Delete the saved state, once the training has ended."""
        shutil.rmtree(self.folder, ignore_errors=True)
