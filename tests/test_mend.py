"""What a killed `dvc repro` leaves damaged is mended; everything else stays."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.__main__ import main
from pipeline.commands import mend
from pipeline.commands.mend import mend_files, running_dvc
from pipeline.core.errors import InputError
from pipeline.core.yaml import MAX_BYTES
from tests.conftest import ROOT, git

LOCK = (ROOT / "dvc.lock").read_bytes()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone's folder with a committed dvc.lock."""
    monkeypatch.setattr(mend, "running_dvc", lambda folder: [])
    (tmp_path / "dvc.lock").write_bytes(LOCK)
    (tmp_path / ".dvc" / "tmp").mkdir(parents=True)
    for command in (["init", "-q"], ["add", "dvc.lock"], ["commit", "-qm", "lock"]):
        git(tmp_path, *command)
    return tmp_path


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\0\0", b'{"write": 1}'])
def test_a_damaged_rwlock_is_removed(folder: Path, content: bytes) -> None:
    (folder / ".dvc/tmp/rwlock").write_bytes(content)
    assert mend_files(folder) == [".dvc/tmp/rwlock was damaged: moved to .dvc/tmp/damaged; DVC makes another"]
    assert not (folder / ".dvc/tmp/rwlock").exists()
    assert mend_files(folder) == []


def test_whole_files_stay(folder: Path) -> None:
    whole = b'{"write": {"/a": {"pid": 1, "cmd": "dvc repro"}}, "read": {}}'
    (folder / ".dvc/tmp/rwlock").write_bytes(whole)
    (folder / "dvc.lock").write_bytes(LOCK.replace(b"md5: ", b"md5: 0", 1))
    before = (folder / "dvc.lock").read_bytes()
    assert mend_files(folder) == []
    assert (folder / ".dvc/tmp/rwlock").read_bytes() == whole
    assert (folder / "dvc.lock").read_bytes() == before


def test_a_lock_that_is_too_large_to_check_stays(folder: Path) -> None:
    (folder / "dvc.lock").write_bytes(LOCK + b"# \n" * MAX_BYTES)
    before = (folder / "dvc.lock").read_bytes()
    assert mend_files(folder) == []
    assert (folder / "dvc.lock").read_bytes() == before


CUT = LOCK[: LOCK.rindex(b"    cmd:")]  # the last stage has no key left


@pytest.mark.parametrize("content", [b"", CUT, LOCK[:-9] + b"\0", b"stages: {a: }", b"schema: '1.0'"])
def test_a_damaged_lock_comes_from_the_last_commit(folder: Path, content: bytes) -> None:
    (folder / "dvc.lock").write_bytes(content)
    assert mend_files(folder) == [
        "dvc.lock was damaged: replaced by the committed one; what it was is in .dvc/tmp/damaged"
    ]
    assert (folder / "dvc.lock").read_bytes() == LOCK
    assert (folder / ".dvc/tmp/damaged/dvc.lock").read_bytes() == content


def test_every_cut_of_a_lock_is_seen_or_is_a_lock_of_fewer_stages(folder: Path) -> None:
    for n_bytes in range(0, 3000, 97):
        (folder / "dvc.lock").write_bytes(LOCK[:n_bytes])
        mend_files(folder)
        assert mend._lock_is_whole((folder / "dvc.lock").read_bytes())


def test_without_git_a_damaged_lock_is_moved_away(folder: Path) -> None:
    shutil.rmtree(folder / ".git")
    (folder / "experiments" / "a").mkdir(parents=True)
    (folder / "experiments" / "a" / "dvc.lock").write_bytes(b"{")
    assert mend_files(folder) == ["experiments/a/dvc.lock was damaged: moved to .dvc/tmp/damaged; DVC makes another"]
    assert not (folder / "experiments" / "a" / "dvc.lock").exists()


def test_nothing_is_touched_while_dvc_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mend, "running_dvc", lambda folder: [123])
    assert mend_files(folder) == []
    (folder / ".dvc/tmp/rwlock").write_bytes(b"")
    with pytest.raises(InputError, match=r"\.dvc/tmp/rwlock: damaged, or being written .*\(process 123\); wait"):
        mend_files(folder)
    assert (folder / ".dvc/tmp/rwlock").exists()


def test_a_running_dvc_is_seen_in_its_folder_alone(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "dvc").write_text("import time\ntime.sleep(60)\n")
    with subprocess.Popen([sys.executable, str(tmp_path / "dvc"), "repro"], cwd=tmp_path / "here") as process:
        try:
            assert running_dvc(tmp_path) == running_dvc(tmp_path / "here") == [process.pid]
            assert running_dvc(tmp_path / "elsewhere") == []
        finally:
            process.kill()


def test_the_command_prints_what_it_did(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert CliRunner().invoke(main, ["mend"]).output == ""
    Path(".dvc/tmp/rwlock").touch()
    assert CliRunner().invoke(main, ["mend"]).output.startswith(".dvc/tmp/rwlock was damaged")


def test_dvc_runs_again(folder: Path) -> None:
    """DVC itself: it refuses a damaged file, and runs after it was mended."""
    (folder / "dvc.yaml").write_text("stages: {a: {cmd: 'echo 1 > out', outs: [out]}}")
    dvc = [sys.executable, "-m", "dvc", "--cd", str(folder)]
    git(folder, "rm", "-qf", "dvc.lock")
    subprocess.run([*dvc, "init", "-q", "-f", "--no-scm"], check=True)
    for name, content in ((".dvc/tmp/rwlock", b""), ("dvc.lock", b"schema: '2.0'\nstages:\n  a:\n    outs:\n")):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
        assert subprocess.run([*dvc, "repro", "-q"], capture_output=True).returncode != 0
        assert len(mend_files(folder)) == 1
        subprocess.run([*dvc, "repro", "-q"], check=True)
    assert (folder / "out").read_text() == "1\n"
