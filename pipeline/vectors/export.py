"""Word vectors for other programs: an artifact, or a classifier's own vectors, in their formats."""

from collections.abc import Callable
from pathlib import Path

from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError
from pipeline.core.files import atomic
from pipeline.vectors.intrinsic import keyed_vectors


def _word2vec(embeddings: Embeddings, path: Path) -> None:
    keyed_vectors(embeddings).save_word2vec_format(str(path), binary=True)


def _text(embeddings: Embeddings, path: Path, *, header: bool = True) -> None:
    row = " %.9g" * embeddings.vectors.shape[1] + "\n"  # nine digits give each float32 back
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        if header:
            file.write(f"{len(embeddings.words)} {embeddings.vectors.shape[1]}\n")
        file.writelines(
            word + row % tuple(vector.tolist())
            for word, vector in zip(embeddings.words, embeddings.vectors, strict=True)
        )


def _glove(embeddings: Embeddings, path: Path) -> None:
    _text(embeddings, path, header=False)


def _projector(embeddings: Embeddings, path: Path) -> None:
    """Write the pair of tables that TensorBoard's projector loads. Source: its page "Load data from your computer"."""
    path.mkdir()
    row = "\t".join(["%.9g"] * embeddings.vectors.shape[1]) + "\n"
    with open(path / "vectors.tsv", "w", encoding="utf-8", newline="\n") as file:
        file.writelines(row % tuple(vector.tolist()) for vector in embeddings.vectors)
    with open(path / "metadata.tsv", "w", encoding="utf-8", newline="\n") as file:
        file.write("word\tcount\n")
        file.writelines(f"{word}\t{count}\n" for word, count in zip(embeddings.words, embeddings.counts, strict=True))


def _artifact(embeddings: Embeddings, path: Path) -> None:
    embeddings.save(path)


FORMATS: dict[str, tuple[str, Callable[[Embeddings, Path], None]]] = {
    "word2vec": ("vectors.w2v.bin", _word2vec),  # gensim, spaCy and most others
    "word2vec-text": ("vectors.w2v.txt", _text),  # the same as text: spaCy's `init vectors`, fastText's .vec
    "glove": ("vectors.glove.txt", _glove),  # without the header
    "projector": ("projector", _projector),  # TensorBoard
    "artifact": ("embeddings", _artifact),  # a folder like artifacts/embeddings
}


def export(embeddings: Embeddings, name: str, target: Path | None = None) -> Path:
    """Write embeddings in a format of FORMATS; return where.

    Raises:
        InputError: there is no such format.
    """
    if name not in FORMATS:
        raise InputError(f"the format {name!r} is unknown; take {', '.join(FORMATS)}")
    usual, write = FORMATS[name]
    target = target or Path(usual)
    with atomic(target) as temporary:
        write(embeddings, temporary)
    return target
