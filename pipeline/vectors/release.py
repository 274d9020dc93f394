"""A release: word vectors with their card and checksums in one archive."""

import gzip
import hashlib
import io
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.core.embeddings import Embeddings
from pipeline.core.files import atomic
from pipeline.vectors.export import export


def pack(folder: Path, target: Path, metrics: Path | None = None) -> None:
    """Pack word vectors into a .tar.gz as `export` writes them, with SHA256SUMS; the same input gives the same bytes.

    `sha256sum --check SHA256SUMS` in the unpacked folder verifies the files.

    Args:
        folder: the artifact.
        target: the file to write.
        metrics: the metrics of the same run, for the card.

    Raises:
        InputError: the folder is not a valid artifact.
    """
    with TemporaryDirectory() as temporary:
        exported = export(Embeddings.load(folder), "artifact", Path(temporary) / "vectors", metrics)
        files = {path.name: path.read_bytes() for path in exported.iterdir()}
    sums = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items())]
    files["SHA256SUMS"] = "".join(sums).encode()
    stem = target.name.removesuffix(".tar.gz")
    with (
        atomic(target) as partial,
        open(partial, "wb") as raw,
        gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(f"{stem}/{name}")  # without time and owner
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
