"""Arrays: what a file declares is compared with its size; errors are one line, whatever the bytes."""

import io
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from pipeline.core.arrays import load_array, load_npz
from pipeline.core.errors import InputError


def npy(header: str, values: bytes = b"") -> bytes:
    """Return a .npy file with a header of one's choice."""
    text = header.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + values


def described(shape: str, descr: str = "'<f4'", order: str = "False") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


BROKEN = {
    "an npz": b"",
    "huge": npy(described("(1099511627776, 300)")),
    "overflow": npy(described("(4294967296, 4294967296)")),
    "negative": npy(described("(-1, 2)")),
    "short": npy(described("(2, 2)"), bytes(15)),
    "long": npy(described("(2, 2)"), bytes(17)),
    "objects": npy(described("(2, 2)", "'|O'"), bytes(32)),
    "fortran": npy(described("(2, 2)", order="True"), bytes(16)),
    "unbalanced": npy("{'descr': ("),
    "nested": npy("(" * 9000),
    "code": npy("__import__('os').abort()"),
    "bad type": npy(described("(2, 2)", "[1, 2]"), bytes(16)),
    "text": b"the 1 2\n",
    "empty": b"",
    "other version": npy(described("(2, 2)"), bytes(16)).replace(b"\x01\x00", b"\x09\x00", 1),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_array_is_named_and_takes_no_memory(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "vectors.npy"
    path.write_bytes(BROKEN[kind])
    if kind == "an npz":
        np.savez(path.with_suffix(".npz"), a=np.zeros((2, 2), np.float32))
        path.with_suffix(".npz").rename(path)
    tracemalloc.start()
    with pytest.raises(InputError, match=r"vectors\.npy is truncated or not a \.npy file"):
        load_array(path, np.dtype(np.float32), 2)
    assert tracemalloc.get_traced_memory()[1] < 1 << 22
    tracemalloc.stop()


@pytest.mark.parametrize("shape", [(0, 3), (2, 0), (3, 2)])
def test_an_array_is_read_back_without_copying_it(tmp_path: Path, shape: tuple[int, int]) -> None:
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    np.save(tmp_path / "v.npy", values)
    read = load_array(tmp_path / "v.npy", np.dtype(np.float32), 2)
    np.testing.assert_array_equal(read, values)
    assert isinstance(read, np.memmap)


def archive(path: Path, compression: int = zipfile.ZIP_STORED, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)
    return path


def saved(values: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


def test_the_arrays_of_an_archive_are_read_back(tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", a=np.arange(3.0), b=np.float64(7), c=np.zeros(1))
    read = load_npz(tmp_path / "w.npz", ("a", "b"), "mend it")
    assert (read["a"].tolist(), read["b"].shape, float(read["b"])) == ([0, 1, 2], (), 7)
    assert read["a"].flags.writeable


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (saved(np.zeros(3))[:-1], "need 24 bytes, it has 23"),
        (npy(described("(1099511627776,)", "'<f8'")), "need 8796093022208 bytes"),
        (npy("(" * 9000), "nested too deeply|malformed|EOF|Cannot parse"),
        (b"", "magic string"),
    ],
)
def test_a_broken_member_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = archive(tmp_path / "w.npz", a=content)
    with pytest.raises(InputError, match=rf"w\.npz is broken .*({said}).*; mend it"):
        load_npz(path, ("a",), "mend it")


def test_a_missing_or_compressed_member_is_named(tmp_path: Path) -> None:
    path = archive(tmp_path / "w.npz", zipfile.ZIP_DEFLATED, a=saved(np.zeros(1_000_000)))
    with pytest.raises(InputError, match="a is compressed, or larger than the file"):
        load_npz(path, ("a",), "mend it")
    with pytest.raises(InputError, match=r"no item named 'b\.npy'"):
        load_npz(path, ("b",), "mend it")
    (tmp_path / "w.npz").unlink()
    with pytest.raises(InputError, match=r"w\.npz is missing; mend it"):
        load_npz(path, ("b",), "mend it")
