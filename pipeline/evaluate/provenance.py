"""What a result depends on: versions of libraries, the bits of the machine, and digests of files."""

import hashlib
import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from threadpoolctl import threadpool_info

from pipeline.classify.device import choose_device, choose_dtype, has_bfloat16

LIBRARIES = ("torch", "gensim", "nltk", "scikit-learn", "scipy", "numpy", "pyarrow", "safetensors", "dvc")


def versions() -> dict[str, str]:
    """Return the version of Python and of each library that the results depend on."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in LIBRARIES}}


def machine(training: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of this machine the last bits of vectors and LSTMs depend on.

    Args:
        training: how an LSTM was trained: `device`, `precision`, `n_processes`, see `Classifier.training`.

    Returns:
        instruction_set: of the CPU, as torch uses it: AVX512, say.
        blas_kernel: which OpenBLAS kernel numpy uses: SkylakeX, say.
        blas_threads, torch_threads: threads of BLAS and of torch here.
        training_processes: which trained an LSTM together, one thread each.
        bfloat16: whether the device multiplies bfloat16 in hardware.
        amx: whether the CPU has AMX, with which its bfloat16 products have other last bits.
        lstm_dtype: the number type of the LSTM.
        gpu: its name, None if training uses the CPU.
    """
    device = choose_device(training["device"])
    blas = [library for library in threadpool_info() if library["user_api"] == "blas"]
    kernels = sorted({str(library.get("architecture", library["internal_api"])) for library in blas})
    return {
        "instruction_set": torch.backends.cpu.get_cpu_capability(),
        "blas_kernel": ", ".join(kernels),
        "blas_threads": max((library["num_threads"] for library in blas), default=1),
        "torch_threads": torch.get_num_threads(),
        "training_processes": training["n_processes"],
        "bfloat16": has_bfloat16(device),
        "amx": bool(torch.cpu.get_capabilities().get("amx_bf16")),
        "lstm_dtype": str(choose_dtype(training["precision"], device)).removeprefix("torch."),
        "gpu": torch.cuda.get_device_name() if device.type == "cuda" else None,
    }


def md5(path: Path) -> str:
    """Return the MD5 of a file in hex, as in dvc.lock."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
