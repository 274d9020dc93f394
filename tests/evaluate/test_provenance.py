"""What a result depends on."""

import json
import platform
import socket
from pathlib import Path

import pytest
import torch

from pipeline.evaluate import provenance
from pipeline.evaluate.provenance import machine, md5, versions

TRAINING = {"device": "cpu", "precision": "float32", "n_processes": 3}


def test_python_and_the_libraries_are_named() -> None:
    named = versions()
    assert named["python"] == platform.python_version()
    assert named["numpy"][0].isdigit()


def test_the_digest_is_the_one_of_dvc(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    assert md5(tmp_path / "a") == "0cc175b9c0f1b6a831c399e269772661"


def test_the_machine_is_named_by_what_the_bits_depend_on(monkeypatch: pytest.MonkeyPatch) -> None:
    blas = {"user_api": "blas", "internal_api": "openblas", "architecture": "Zen", "num_threads": 5}
    openmp = {"user_api": "openmp", "internal_api": "openmp", "num_threads": 9}
    monkeypatch.setattr(provenance, "threadpool_info", lambda: [blas, openmp, blas])
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True})
    monkeypatch.setattr(provenance, "has_bfloat16", lambda device: False)
    assert machine(TRAINING) == {
        "instruction_set": "AVX2",
        "blas_kernel": "Zen",
        "blas_threads": 5,
        "torch_threads": torch.get_num_threads(),
        "training_processes": 3,
        "bfloat16": False,
        "amx": True,
        "lstm_dtype": "float32",
        "gpu": None,
    }
    assert machine({**TRAINING, "precision": "bfloat16"})["lstm_dtype"] == "bfloat16"


def test_the_machine_is_the_same_each_time_and_has_no_host_name() -> None:
    here = machine({**TRAINING, "precision": "auto"})
    assert here == machine({**TRAINING, "precision": "auto"})
    assert here["blas_kernel"]
    assert here["lstm_dtype"] in ("float32", "bfloat16")
    assert socket.gethostname() not in json.dumps(here)
