"""The names and folders of the models."""

from pathlib import Path

import pytest

from pipeline.core.errors import InputError
from pipeline.core.models import check_run, first_seed


def test_the_first_seed_is_the_smallest_number(tmp_path: Path) -> None:
    for seed in ("10", "2", ".0"):  # a hidden folder is half written
        (tmp_path / seed).mkdir()
        (tmp_path / seed / "config.json").touch()
    assert first_seed(tmp_path) == tmp_path / "2"
    assert first_seed(tmp_path / "10") == tmp_path / "10"
    with pytest.raises(InputError, match="has no classifier"):
        first_seed(tmp_path / "none")


def test_a_run_is_named_after_model_and_seed() -> None:
    assert check_run("lstm_frozen", "12") == "lstm_frozen-12"
    with pytest.raises(InputError, match=r"no LSTM 'lstm_tuned'; the LSTMs are lstm_random, lstm_frozen"):
        check_run("lstm_tuned", "1")
    for seed in ("", "-1", "1.0", "\u00b2", "9" * 11):
        with pytest.raises(InputError, match="is not a whole number"):
            check_run("lstm_frozen", seed)
