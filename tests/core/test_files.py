"""Files are complete or absent."""

from pathlib import Path

import pytest

from pipeline.core.errors import InputError
from pipeline.core.files import atomic, read_json, write_csv, write_json


def test_a_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    with atomic(tmp_path / "new" / "x") as temporary:
        temporary.write_text("whole")
        assert not (tmp_path / "new" / "x").exists()
    assert (tmp_path / "new" / "x").read_text() == "whole"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_the_old_file(tmp_path: Path, error: type[BaseException]) -> None:
    def fail_half_way() -> None:
        with atomic(tmp_path / "x") as temporary:
            temporary.write_text("half")
            raise error

    (tmp_path / "x").write_text("old")
    with pytest.raises(error):
        fail_half_way()
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("x", "old")]


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "old").write_text("")
    (tmp_path / ".x.partial").mkdir()  # left by a killed process
    (tmp_path / ".x.partial" / "rest").write_text("")
    with atomic(tmp_path / "x") as temporary:
        temporary.mkdir()
        (temporary / "new").write_text("")
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == ["x", "x/new"]


def test_json_is_read_back_and_nan_is_refused(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"é": [1, 0.5]})
    assert read_json(tmp_path / "x.json") == {"é": [1, 0.5]}
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x.json", float("nan"))
    assert read_json(tmp_path / "x.json") == {"é": [1, 0.5]}


@pytest.mark.parametrize(("content", "message"), [(None, "is missing"), (b"{", "is not readable"), (b"\xff", "is not")])
def test_unreadable_json_is_named(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(InputError, match=rf"x\.json {message}"):
        read_json(tmp_path / "x.json")


def test_csv_has_the_columns_and_the_decimals_asked_for(tmp_path: Path) -> None:
    rows = [{"epoch": 1, "loss": 0.123456}, {"epoch": 2, "loss": 0.1}]
    write_csv(tmp_path / "x.csv", rows, decimals=3)
    assert (tmp_path / "x.csv").read_bytes() == b"epoch,loss\n1,0.123\n2,0.1\n"
    write_csv(tmp_path / "x.csv", [], columns=("epoch", "loss"))
    assert (tmp_path / "x.csv").read_bytes() == b"epoch,loss\n"
