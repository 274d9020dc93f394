"""What surrounds every stage: parameters, seconds, errors in one line."""

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors import SafetensorError

from pipeline.core.errors import InputError
from pipeline.core.files import atomic
from pipeline.params import Params
from stages import runner
from stages.runner import LOWER, alone, disk_is_full, hardware, read_params, run
from tests.conftest import ROOT

FULL = Path("/dev/full")


@pytest.fixture(autouse=True)
def in_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text())


def failure_of(main: object) -> str:
    with pytest.raises(SystemExit) as caught:
        run("embed", main)  # type: ignore[arg-type]
    return str(caught.value.code)


def test_seconds_and_memory_are_kept() -> None:
    run("embed", lambda progress, name: None, "x")
    figures = json.loads(Path("metrics/seconds/embed-x.json").read_text())
    assert set(figures) == {"seconds", "peak_memory_mib", "hardware"}
    assert figures["peak_memory_mib"] > 10


def test_an_input_error_is_one_line() -> None:
    def main(progress: object) -> None:
        raise InputError("x.csv lacks a column; add it")

    assert failure_of(main) == "error in embed: x.csv lacks a column; add it"
    assert not Path("metrics").exists()


def test_another_error_keeps_its_traceback() -> None:
    def main(progress: object) -> None:
        raise OSError(errno.EIO, "broken")

    with pytest.raises(OSError, match="broken"):
        run("embed", main)


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
@pytest.mark.parametrize("writer", ["text", "numpy", "array"])
def test_a_full_disk_is_named_and_leaves_what_was(writer: str) -> None:
    Path("out").write_text("whole")

    def main(progress: object) -> None:
        with atomic(Path("out")) as temporary:
            temporary.symlink_to(FULL)
            if writer == "text":
                temporary.write_text("x" * 100_000)
            elif writer == "numpy":
                np.arange(100_000).tofile(temporary)
            else:
                with open(temporary, "wb") as file:
                    np.save(file, np.arange(100_000))

    assert "the disk is full" in failure_of(main)
    assert "dvc repro" in failure_of(main)
    assert Path("out").read_text() == "whole"
    assert not list(Path().glob(".*partial"))


ERRORS = {
    "read only": (OSError(errno.EROFS, "Read-only file system", "data/x"), "cannot be written or read"),
    "forbidden": (PermissionError(errno.EACCES, "Permission denied", "data/x"), "data/x.*make it writable"),
    "safetensors": (SafetensorError("I/O error: Read-only file system (os error 30)"), "cannot be written or read"),
    "missing": (FileNotFoundError(errno.ENOENT, "No such file or directory", "data/x"), "missing .*data/x.*dvc repro"),
    "threads": (RuntimeError("can't start new thread"), "too little memory"),
    "loader": (ImportError("x.so: failed to map segment from shared object"), "too little memory"),
    "python": (MemoryError(), r"too little memory \(MemoryError\); lower embed\.vector_size"),
    "numpy": (
        np._core._exceptions._ArrayMemoryError((1 << 40,), np.dtype(float)),
        "memory .Unable to alloc",
    ),
    "torch": (RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried"), "too little memory"),
    "system": (OSError(errno.ENOMEM, "Cannot allocate memory"), "or use a machine with more"),
}


@pytest.mark.parametrize("kind", ERRORS)
def test_what_the_machine_refuses_is_one_line(kind: str) -> None:
    error, said = ERRORS[kind]

    def main(progress: object) -> None:
        raise error

    assert re.search(said, failure_of(main))
    assert "\n" not in failure_of(main)


def test_each_stage_that_needs_much_memory_names_parameters_that_exist(params: Params) -> None:
    for said in LOWER.values():
        for section, name in re.findall(r"(\w+)\.(\w+)", said.removesuffix(" in params.yaml")):
            assert hasattr(getattr(params, section), name)


def test_a_stage_runs_once_at_a_time() -> None:
    def main(progress: object) -> None:
        inner = subprocess.run(
            [sys.executable, "-c", "import stages.runner as r; r.run('embed', lambda progress: None)"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )
        assert inner.returncode == 1
        raise InputError(inner.stderr)

    assert "another process runs embed in this folder; wait for it, or stop it" in failure_of(main)
    run("embed", lambda progress: None)
    run("embed", lambda progress, name: None, "x")
    assert not list(Path().glob(".*partial"))


def test_the_lock_of_a_stage_stays_in_its_folder() -> None:
    with alone("classify-../../x"):
        assert [path.name for path in Path().glob(".*")] == [".classify-______x.partial"]


def test_a_full_disk_is_recognised_in_what_safetensors_says() -> None:
    assert disk_is_full(SafetensorError("I/O error: No space left on device (os error 28)"))
    assert not disk_is_full(SafetensorError("I/O error: Permission denied (os error 13)"))


def test_ctrl_c_ends_with_130_and_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    def main(progress: object) -> None:
        raise KeyboardInterrupt

    assert failure_of(main) == "130"
    assert "embed was stopped" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "is missing; run from the root"),
        ("a: [", "is not readable YAML"),
        ("- 1", "has no sections"),
        ("", "has no sections"),
        ("seeds: [1]", "fetch"),
    ],
)
def test_a_broken_params_yaml_is_named(text: str | None, message: str) -> None:
    path = Path("params.yaml")
    path.unlink()
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_params()


def test_numbers_as_dvc_writes_them_are_read() -> None:
    path = Path("params.yaml")
    path.write_text(path.read_text().replace("sample: 1.0e-3", "sample: 1e-06"))
    assert read_params().embed.sample == 1e-6


@pytest.mark.parametrize(
    ("arguments", "takes"), [(["params", "--help"], "no arguments"), (["student", "1", "2"], "seed")]
)
def test_arguments_that_a_stage_does_not_take_are_named(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], takes: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["stages", *arguments])
    with pytest.raises(SystemExit, match=f"too much for the stage {arguments[0]}, which takes {takes}; .*params.yaml"):
        runner.main()


def test_the_gpu_that_a_stage_used_is_part_of_its_hardware(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = SimpleNamespace(is_initialized=lambda: True, get_device_name=lambda: "a GPU")
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    assert hardware().endswith(" with a GPU")
    cuda.is_initialized = lambda: False
    assert "GPU" not in hardware()
    monkeypatch.delitem(sys.modules, "torch")
    assert "GPU" not in hardware()
