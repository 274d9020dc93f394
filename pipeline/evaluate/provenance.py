"""What made a result: the versions of Python and of the libraries, and the digest of a file."""

import hashlib
import platform
from importlib import metadata
from pathlib import Path

LIBRARIES = ("torch", "gensim", "nltk", "scikit-learn", "scipy", "numpy", "pyarrow", "safetensors", "dvc")


def versions() -> dict[str, str]:
    """Return the version of Python and of each library that the results depend on."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in LIBRARIES}}


def md5(path: Path) -> str:
    """Return the MD5 of a file in hexadecimal digits, as it stands in dvc.lock."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
