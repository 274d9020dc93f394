"""The names and folders of the models."""

from pathlib import Path

import pytest

from pipeline.core.errors import InputError
from pipeline.core.models import first_seed


def test_the_first_seed_is_the_smallest_number(tmp_path: Path) -> None:
    for seed in ("10", "2"):
        (tmp_path / seed).mkdir()
        (tmp_path / seed / "config.json").touch()
    assert first_seed(tmp_path) == tmp_path / "2"
    assert first_seed(tmp_path / "10") == tmp_path / "10"
    with pytest.raises(InputError, match="has no classifier"):
        first_seed(tmp_path / "none")
