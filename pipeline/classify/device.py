"""Where the classifier computes, and how exactly: device, number type, determinism."""

import ctypes
import os
import platform
import warnings

import torch

from pipeline.core.errors import InputError


def choose_device(name: str) -> torch.device:
    """Return the device that `auto`, `cpu` or `cuda` means on this machine.

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


def has_bfloat16(device: torch.device) -> bool:
    """Return whether the hardware multiplies bfloat16: a GPU from Ampere on, a CPU with AMX or AVX512_BF16."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())


def choose_dtype(name: str, device: torch.device) -> torch.dtype:
    """Return the type that the LSTM computes in for `auto`, `float32` or `bfloat16`.

    `auto` is bfloat16 where the hardware multiplies it, which is faster (`make bench` measures by how much). Weights,
    pooling, loss and optimizer are float32 either way.
    """
    if name == "auto":
        name = "bfloat16" if has_bfloat16(device) else "float32"
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[name]


def make_deterministic(seed: int, num_threads: int) -> None:
    """Seed torch and make it use algorithms that give the same bits each time.

    Sums depend on how threads share them, so the number of threads is fixed too. cuBLAS reads its variable when a
    process first uses it.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(num_threads)
    torch.use_deterministic_algorithms(True)
    # It would also fill every new tensor with NaN, which takes time; nothing here reads uninitialized memory.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False  # float32 means float32 on a GPU, too
    torch.manual_seed(seed)


def keep_freed_memory() -> None:
    """Make the C library reuse freed blocks instead of returning each large one to the system.

    Each training step allocates the same hundreds of MiB again, and pages fresh from the system are slow. Only glibc
    has the setting; with another library nothing changes. Source: man 3 mallopt.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        m_trim_threshold, m_mmap_max = -1, -4
        libc.mallopt(m_trim_threshold, -1)  # never return memory
        libc.mallopt(m_mmap_max, 0)  # allocate every block on the heap


def prepare(device: str, seed: int) -> torch.device:
    """Choose the device, make torch deterministic on one thread, keep freed memory for the next training step.

    Of several GPUs each process that `torchrun` started takes its own.
    """
    chosen = choose_device(device)
    if chosen.type == "cuda":
        # The weights are cast from float32 for each pass, so cuDNN cannot find them in one block of memory.
        warnings.filterwarnings("ignore", "RNN module weights are not part of single contiguous chunk", UserWarning)
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    make_deterministic(seed, num_threads=1)
    keep_freed_memory()
    return chosen
