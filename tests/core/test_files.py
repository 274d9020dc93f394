"""Files are whole or absent."""

from pathlib import Path

import pytest

from pipeline.core.errors import InputError
from pipeline.core.files import atomic, read_json, write_json


def test_a_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    with atomic(tmp_path / "new" / "x") as temporary:
        temporary.write_text("whole")
        assert not (tmp_path / "new" / "x").exists()
    assert (tmp_path / "new" / "x").read_text() == "whole"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_what_was_there_survives_a_failure(tmp_path: Path, error: type[BaseException]) -> None:
    def fail_half_way() -> None:
        with atomic(tmp_path / "x") as temporary:
            temporary.write_text("half")
            raise error

    (tmp_path / "x").write_text("old")
    with pytest.raises(error):
        fail_half_way()
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("x", "old")]


def test_a_folder_is_replaced_as_one(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "old").write_text("")
    (tmp_path / ".x.partial").mkdir()  # of a process that was killed
    (tmp_path / ".x.partial" / "stray").write_text("")
    with atomic(tmp_path / "x") as temporary:
        temporary.mkdir()
        (temporary / "new").write_text("")
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == ["x", "x/new"]


def test_json_comes_back_and_refuses_nan(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"é": [1, 0.5]})
    assert read_json(tmp_path / "x.json") == {"é": [1, 0.5]}
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x.json", float("nan"))
    assert read_json(tmp_path / "x.json") == {"é": [1, 0.5]}


@pytest.mark.parametrize(("content", "said"), [(None, "is missing"), (b"{", "is not readable"), (b"\xff", "is not")])
def test_unreadable_json_is_named(tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(InputError, match=rf"x\.json {said}"):
        read_json(tmp_path / "x.json")
