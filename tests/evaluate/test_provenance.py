"""What made a result."""

import platform
from pathlib import Path

from pipeline.evaluate.provenance import md5, versions


def test_python_and_the_libraries_are_named() -> None:
    found = versions()
    assert found["python"] == platform.python_version()
    assert found["numpy"][0].isdigit()


def test_the_digest_is_the_one_of_dvc(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    assert md5(tmp_path / "a") == "0cc175b9c0f1b6a831c399e269772661"
