"""A release: the word vectors with their card and checksums in one file."""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.core.embeddings import Embeddings
from pipeline.core.files import atomic
from pipeline.vectors.card import model_card


def downstream(scores: Mapping[str, Mapping[str, Any]]) -> str:
    """Return as Markdown what the models on the vectors reached on test, of `scores` as in metrics/test.json."""
    lines = [
        "",
        "What stands on them, on test reviews:",
        "",
        "| model | accuracy | 95 % interval | n |",
        "|---|---|---|---|",
    ]
    for model in ("bag_of_vectors", "lstm_frozen", "lstm_finetuned"):
        if score := scores.get(model):
            interval = f"{score['accuracy_low']:.4f} to {score['accuracy_high']:.4f}"
            lines.append(f"| `{model}` | {score['accuracy']:.4f} | {interval} | {score['n']:,} |")
    return "\n".join(lines) + "\n"


def pack(folder: Path, target: Path, intrinsic: Mapping[str, Any], scores: Mapping[str, Mapping[str, Any]]) -> None:
    """Pack an artifact of embeddings into a .tar.gz, with the card and SHA256SUMS; the same bytes each time.

    `sha256sum --check SHA256SUMS` in the unpacked folder tells whether all came through.

    Args:
        folder: the artifact.
        target: the file to write.
        intrinsic: as in metrics/embeddings.json.
        scores: as in metrics/test.json.

    Raises:
        InputError: the folder is no whole artifact.
    """
    embeddings = Embeddings.load(folder)
    known = {name: score for name, score in intrinsic.items() if isinstance(score, Mapping) and "coverage" in score}
    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    files["README.md"] = model_card(embeddings, known, downstream(scores)).encode()
    sums = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items())]
    files["SHA256SUMS"] = "".join(sums).encode()
    stem = target.name.removesuffix(".tar.gz")
    with (
        atomic(target) as temporary,
        open(temporary, "wb") as raw,
        gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(f"{stem}/{name}")  # no time, no owner
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
