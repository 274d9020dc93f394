"""Where the classifier computes, and how exactly."""

import pytest
import torch

from pipeline.classify.device import (
    choose_device,
    choose_dtype,
    has_bfloat16,
    keep_freed_memory,
    make_deterministic,
    prepare,
)
from pipeline.core.errors import InputError

CPU = torch.device("cpu")


def test_cuda_without_a_gpu_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match=r"classify\.device = 'cuda', but torch finds no usable GPU.*auto or cpu"):
        choose_device("cuda")
    assert choose_device("auto") == choose_device("cpu") == CPU


def test_under_torchrun_each_process_takes_its_own_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "set_device", taken.append)
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    assert prepare("auto", 1) == torch.device("cuda")
    monkeypatch.setenv("LOCAL_RANK", "3")
    prepare("cuda", 1)
    prepare("cpu", 1)
    assert taken == [0, 3]


def test_the_type_that_is_named_is_taken() -> None:
    assert choose_dtype("float32", CPU) == torch.float32
    assert choose_dtype("bfloat16", CPU) == torch.bfloat16


@pytest.mark.parametrize(("amx", "avx512"), [(False, False), (True, False), (False, True), (True, True)])
def test_bfloat16_is_chosen_where_the_processor_multiplies_it(
    monkeypatch: pytest.MonkeyPatch, amx: bool, avx512: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512)
    assert has_bfloat16(CPU) == (amx or avx512)
    assert choose_dtype("auto", CPU) == (torch.bfloat16 if amx or avx512 else torch.float32)


def test_sums_are_the_same_each_time_and_fresh_memory_is_not_filled() -> None:
    make_deterministic(1, 1)
    keep_freed_memory()
    assert torch.are_deterministic_algorithms_enabled()
    assert not torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    x = torch.randn(64, 300, 200)
    assert all(float((x * 2).sum()) == float((x * 2).sum()) for _ in range(3))
