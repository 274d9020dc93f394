"""Where a training stands, so that one that was stopped goes on."""

import hashlib
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from pipeline.core.errors import InputError
from pipeline.core.files import atomic, read_json, write_json


def key_of(facts: Mapping[str, Any], files: Iterable[Path]) -> str:
    """Return sha256, in hex, of all that a training depends on: facts, torch's version, the bytes of inputs and code."""
    digest = hashlib.sha256(repr([torch.__version__, *sorted(facts.items())]).encode())
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


class Checkpoint:
    """The last state of a training, in a folder; one of another key counts as none."""

    def __init__(self, folder: Path, key: str) -> None:
        self.folder, self.key = folder, key

    def save(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        """Put this state in the place of the last, whole or not at all."""
        with atomic(self.folder) as folder:
            folder.mkdir()
            save_file({name: value.cpu().contiguous() for name, value in tensors.items()}, folder / "state.safetensors")
            write_json(folder / "state.json", {"key": self.key, **facts})

    def load(self) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """Return the tensors (on the CPU) and the facts of the last state; None where there is none to go on from."""
        try:
            facts = read_json(self.folder / "state.json")
            tensors = load_file(self.folder / "state.safetensors")
        except (InputError, SafetensorError, OSError):
            return None
        return (tensors, facts) if facts.pop("key", None) == self.key else None

    def remove(self) -> None:
        """Forget the state; the training has ended."""
        shutil.rmtree(self.folder, ignore_errors=True)
