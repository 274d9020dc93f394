"""Where the classifier computes, and how exactly: device, number type, determinism."""

import ctypes
import os
import platform

import torch

from pipeline.core.errors import InputError


def choose_device(name: str) -> torch.device:
    """Return the device that `auto`, `cpu` or `cuda` names here.

    Raises:
        InputError: `cuda` without a usable GPU.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError(
            "classify.device = 'cuda', but torch finds no usable GPU here;"
            " set classify.device to auto or cpu in params.yaml, or install a CUDA build of torch"
        )
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def choose_dtype(name: str, device: torch.device) -> torch.dtype:
    """Return the type that the LSTM computes in for `auto`, `float32` or `bfloat16`.

    `auto` takes bfloat16 where the hardware multiplies it (a GPU from Ampere on, a CPU with AMX or AVX512_BF16), which
    is faster, `make bench` tells by how much; weights, sums over time, loss and optimiser stay in float32 either way.
    """
    if name == "auto":
        on_cpu = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
        fast = torch.cuda.is_bf16_supported() if device.type == "cuda" else on_cpu
        name = "bfloat16" if fast else "float32"
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[name]


def make_deterministic(seed: int, num_threads: int) -> None:
    """Seed torch and have it use algorithms that give the same bits each time.

    Sums depend on how threads share them, so the number of threads is fixed too. cuBLAS reads its variable when a
    process first uses it.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(num_threads)
    torch.use_deterministic_algorithms(True)
    # It would also fill every fresh tensor with NaN, which takes time; nothing here reads one unwritten.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = False
    torch.manual_seed(seed)


def keep_freed_memory() -> None:
    """Have the C library hand freed blocks out again instead of giving each large one back to the system.

    A training step allocates the same hundreds of MiB as the step before, which are slow to fetch anew each time, page
    by page. Only glibc has the setting; elsewhere nothing is done. Source: man 3 mallopt.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        m_trim_threshold, m_mmap_max = -1, -4
        libc.mallopt(m_trim_threshold, -1)  # never give back
        libc.mallopt(m_mmap_max, 0)  # no block from outside the heap


def prepare(device: str, seed: int, num_threads: int) -> torch.device:
    """Choose the device, make torch deterministic, and keep freed memory for the next training step."""
    chosen = choose_device(device)
    make_deterministic(seed, num_threads)
    keep_freed_memory()
    return chosen
