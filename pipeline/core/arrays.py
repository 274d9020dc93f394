"""Arrays in .npy and .npz files: declared shapes are compared with the file before anything is allocated."""

import math
import zipfile
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.core.errors import InputError, refusing
from pipeline.core.files import check_file

Header = tuple[tuple[int, ...], np.dtype[Any]]


def _read_header(file: IO[bytes], n_bytes: int) -> Header:
    """Return shape and type of a .npy file of `n_bytes`; leave the file at the first value.

    Raises:
        ValueError: it is not such a file, has objects or Fortran's order, or its values need other than the rest.
    """
    try:
        version = np.lib.format.read_magic(file)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"its format has the version {version}")
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran_order, dtype = read(file)
    except MemoryError:  # Python's own parser, of brackets in brackets
        raise ValueError("its header is nested too deeply") from None
    if dtype.hasobject or fortran_order or any(n < 0 for n in shape):
        raise ValueError("it contains objects, or has an order or shape that is never written")
    expected, actual = math.prod(shape) * dtype.itemsize, n_bytes - file.tell()
    if expected != actual:
        raise ValueError(f"{shape} values of {dtype} need {expected} bytes, it has {actual}")
    return shape, dtype


def load_array(path: Path, dtype: np.dtype[Any], n_dimensions: int) -> NDArray[Any]:
    """Memory-map a .npy file, read-only.

    Raises:
        InputError: the file is missing or truncated, or has another dtype or number of dimensions.
    """
    n_bytes = check_file(path)
    with refusing(path, "is truncated or not a .npy file", "delete it and run `dvc repro`"):
        with open(path, "rb") as file:
            shape, actual = _read_header(file, n_bytes)
        if actual == dtype and len(shape) == n_dimensions:
            array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
            return array
    raise InputError(
        f"{path} contains {actual} with {len(shape)} dimensions, expected {dtype} with {n_dimensions};"
        " delete it and run `dvc repro`"
    )


def load_npz(path: Path, names: tuple[str, ...], remedy: str) -> dict[str, NDArray[Any]]:
    """Read arrays of a .npz file that is not compressed, as np.savez writes it.

    Args:
        path: the file.
        names: of the arrays; others are ignored.
        remedy: what to do in case of an error.

    Raises:
        InputError: the file is missing or broken, lacks an array, or is compressed.
    """
    n_bytes = check_file(path, remedy)
    arrays: dict[str, NDArray[Any]] = {}
    with refusing(path, "is broken", remedy), zipfile.ZipFile(path) as archive:
        for name in names:
            member = archive.getinfo(f"{name}.npy")
            if member.compress_type != zipfile.ZIP_STORED or member.file_size > n_bytes:
                raise ValueError(f"{name} is compressed, or larger than the file")
            content = archive.read(member)
            file = BytesIO(content)
            shape, dtype = _read_header(file, len(content))
            arrays[name] = np.frombuffer(content, dtype, offset=file.tell()).reshape(shape).copy()
    return arrays
