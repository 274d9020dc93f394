"""The digest of all that a result depends on."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def digest_of(facts: Mapping[str, Any], files: Iterable[Path]) -> str:
    """Return the SHA-256, in hex, of facts and files.

    Args:
        facts: parameters, versions and the like; their order does not matter.
        files: inputs and code, of which the bytes count; not their names.
    """
    digest = hashlib.sha256(repr(sorted(facts.items())).encode())
    for path in files:
        with open(path, "rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
