"""Ragged rows against plain lists, and their files."""

from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import InputError
from pipeline.core.ragged import Ragged
from tests.rows import as_lists, ragged

ROWS = st.lists(st.lists(st.integers(0, 20), max_size=8), max_size=12)


@given(ROWS, st.integers(0, 21))
def test_below_and_rows_do_as_lists(rows: list[list[int]], limit: int) -> None:
    assert as_lists(ragged(rows).below(limit)) == [[i for i in row if i < limit] for row in rows]
    even = np.flatnonzero([len(row) % 2 == 0 for row in rows])
    assert as_lists(ragged(rows).rows(even)) == [row for row in rows if len(row) % 2 == 0]
    assert ragged(rows).lengths.tolist() == list(map(len, rows))
    with patch("pipeline.core.ragged.ROWS_PER_PIECE", 5):
        assert [row for piece in ragged(rows).pieces() for row in as_lists(piece)] == rows


@given(rows=ROWS)
def test_rows_are_read_back(tmp_path_factory: pytest.TempPathFactory, rows: list[list[int]]) -> None:
    folder = tmp_path_factory.mktemp("ragged")
    ragged(rows).save(folder)
    assert as_lists(Ragged.load(folder)) == rows


def test_offsets_that_do_not_match_are_named(tmp_path: Path) -> None:
    ragged([[1, 2], [3]]).save(tmp_path)
    for offsets in ([0, 2, 9], [0, 2, 1, 3], [1, 3], [0, 2], []):
        np.save(tmp_path / "offsets.npy", np.array(offsets, np.int64))
        with pytest.raises(InputError, match=r"offsets\.npy does not match ids\.npy"):
            Ragged.load(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "is missing"),
        (b"", "is truncated or not"),
        (np.zeros(3, np.float64), "contains float64 with 1 dimensions, expected int32"),
        (np.zeros((3, 1), np.int32), "contains int32 with 2 dimensions"),
    ],
)
def test_a_broken_array_is_named(tmp_path: Path, content: bytes | np.ndarray | None, message: str) -> None:
    ragged([[1]]).save(tmp_path)
    path = tmp_path / "ids.npy"
    path.unlink()
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        np.save(path, content)
    with pytest.raises(InputError, match=rf"ids\.npy {message}"):
        Ragged.load(tmp_path)


def test_a_truncated_array_is_named(tmp_path: Path) -> None:
    ragged([list(range(100))]).save(tmp_path)
    path = tmp_path / "ids.npy"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match="is truncated or not"):
        Ragged.load(tmp_path)
