"""Files are complete or absent."""

import contextlib
import io
import os
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import InputError
from pipeline.core.files import MAX_JSON, atomic, read_json, read_object, settle, write_csv, write_json


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


class KilledError(BaseException):
    """The process ends."""


@pytest.mark.parametrize("n_steps", range(20))
def test_a_process_killed_at_any_step_leaves_the_old_or_the_new_folder_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_steps: int
) -> None:
    def write(text: str) -> None:
        with atomic(tmp_path / "x") as temporary:
            temporary.mkdir()
            for name in ("a", "b"):
                (temporary / name).write_text(text)

    write("old")
    done = 0

    def limited(function: Any) -> Any:
        def step(*arguments: Any, **options: Any) -> Any:
            nonlocal done
            if done >= n_steps:
                raise KilledError
            done += 1
            return function(*arguments, **options)

        return step

    with monkeypatch.context() as patched:
        for name in ("rename", "replace", "mkdir", "rmdir", "unlink", "open"):
            patched.setattr(os, name, limited(getattr(os, name)))
        patched.setattr(io, "open", limited(io.open))
        with contextlib.suppress(KilledError):
            write("new")
    settle(tmp_path / "x")
    whole = {path.name: path.read_text() for path in (tmp_path / "x").iterdir()}
    assert whole in ({"a": "old", "b": "old"}, {"a": "new", "b": "new"})
    write("newest")
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")} == {"x", "x/a", "x/b"}
    assert (tmp_path / "x" / "a").read_text() == "newest"


def test_a_link_to_a_folder_is_replaced_and_its_target_kept(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "old").touch()
    (tmp_path / "x").symlink_to("cache")
    with atomic(tmp_path / "x") as temporary:
        temporary.mkdir()
    assert not (tmp_path / "x").is_symlink()
    assert (tmp_path / "cache" / "old").exists()


def test_json_is_read_back_and_nan_is_refused(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"é": [1, 0.5]})
    assert read_json(tmp_path / "x.json") == {"é": [1, 0.5]}
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x.json", float("nan"))
    assert read_json(tmp_path / "x.json") == {"é": [1, 0.5]}


NOT_JSON = {
    "cut": b"{",
    "another encoding": b"\xff",
    "empty": b"",
    "nested too deeply for Python": b"[" * 100_000,
    "nested too deeply for us": b"[" * 40 + b"]" * 40,
    "a number of many digits": b"9" * 5000,
    "no number": b'{"a": NaN}',
    "infinite": b'{"a": -Infinity}',
    "a key twice": b'{"a": {"b": 1, "b": 2}}',
    "half a character": b'{"a": "\\ud800"}',
    "half a character as a key": b'{"\\uD800": 1}',
}


@pytest.mark.parametrize("kind", NOT_JSON)
def test_unreadable_json_is_named(tmp_path: Path, kind: str) -> None:
    (tmp_path / "x.json").write_bytes(NOT_JSON[kind])
    with pytest.raises(InputError, match=r"x\.json is not readable JSON .*; delete it and run `dvc repro`"):
        read_json(tmp_path / "x.json")


def test_a_missing_file_a_folder_a_pipe_and_a_value_of_another_kind_are_named(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    with pytest.raises(InputError, match=r"x\.json is missing; create it with `dvc repro`"):
        read_json(path)
    path.mkdir()
    with pytest.raises(InputError, match=r"x\.json is a folder or a device, not a file"):
        read_json(path)
    path.rmdir()
    os.mkfifo(path)
    with pytest.raises(InputError, match=r"x\.json is a folder or a device, not a file"):
        read_json(path)
    path.unlink()
    path.write_text("[1]")
    with pytest.raises(InputError, match=r"x\.json is no JSON object"):
        read_object(path)
    os.truncate(path, MAX_JSON + 1)
    with pytest.raises(InputError, match=r"x\.json has more than 268,435,456 bytes"):
        read_json(path)


def test_pairs_of_escapes_are_characters(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(b'"\\ud83d\\ude00"')
    assert read_json(tmp_path / "x.json") == "\U0001f600"


def test_csv_has_the_columns_and_the_decimals_asked_for(tmp_path: Path) -> None:
    rows = [{"epoch": 1, "loss": 0.123456}, {"epoch": 2, "loss": 0.1}]
    write_csv(tmp_path / "x.csv", rows, decimals=3)
    assert (tmp_path / "x.csv").read_bytes() == b"epoch,loss\n1,0.123\n2,0.1\n"
    write_csv(tmp_path / "x.csv", [], columns=("epoch", "loss"))
    assert (tmp_path / "x.csv").read_bytes() == b"epoch,loss\n"
