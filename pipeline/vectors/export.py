"""Export word vectors in the formats of other programs."""

import os
from collections.abc import Callable
from pathlib import Path

from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError
from pipeline.core.files import atomic
from pipeline.vectors.card import BINARY, vectors_card
from pipeline.vectors.intrinsic import keyed_vectors
from pipeline.vectors.static import save_model2vec, save_sentence_transformers


def _word2vec(embeddings: Embeddings, path: Path) -> None:
    keyed_vectors(embeddings).save_word2vec_format(str(path), binary=True)


def _text(embeddings: Embeddings, path: Path, *, header: bool = True) -> None:
    row = " %.9g" * embeddings.vectors.shape[1] + "\n"  # nine digits restore every float32
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
    """Write the two tables that TensorBoard's projector loads. Source: its dialog "Load data from your computer"."""
    path.mkdir()
    row = "\t".join(["%.9g"] * embeddings.vectors.shape[1]) + "\n"
    with open(path / "vectors.tsv", "w", encoding="utf-8", newline="\n") as file:
        file.writelines(row % tuple(vector.tolist()) for vector in embeddings.vectors)
    with open(path / "metadata.tsv", "w", encoding="utf-8", newline="\n") as file:
        file.write("word\tcount\n")
        file.writelines(f"{word}\t{count}\n" for word, count in zip(embeddings.words, embeddings.counts, strict=True))


def _artifact(embeddings: Embeddings, path: Path) -> None:
    embeddings.save(path)
    _word2vec(embeddings, path / BINARY)


FORMATS: dict[str, tuple[str, Callable[[Embeddings, Path], None]]] = {
    "word2vec": (BINARY, _word2vec),  # gensim, spaCy and most others
    "word2vec-text": ("vectors.w2v.txt", _text),  # spaCy's `init vectors`, fastText's .vec
    "glove": ("vectors.glove.txt", _glove),  # like word2vec-text, without the header
    "projector": ("projector", _projector),  # TensorBoard
    "sentence-transformers": ("sentence-transformers", save_sentence_transformers),  # a StaticEmbedding
    "model2vec": ("model2vec", save_model2vec),  # a StaticModel
    "artifact": ("embeddings", _artifact),  # a folder like artifacts/embeddings, with a card and the binary format
}


def export(embeddings: Embeddings, name: str, target: Path | None = None, metrics: Path | None = None) -> Path:
    """Write embeddings in a format and return the path; nothing is replaced.

    Args:
        embeddings: the vectors.
        name: one of FORMATS.
        target: the file or folder to write; by default named after the format, in the working directory.
        metrics: the metrics of the same run, for the card of `artifact`.

    Raises:
        InputError: the format is unknown or cannot describe the tokenizer, or `target` exists.
    """
    if name not in FORMATS:
        raise InputError(f"the format {name!r} is unknown; use {', '.join(FORMATS)}, or onnx for an LSTM")
    default, write = FORMATS[name]
    target = target or Path(default)
    if os.path.lexists(target):
        raise InputError(f"{target} exists; name another place with --output, or delete it")
    with atomic(target) as temporary:
        write(embeddings, temporary)
        if name == "artifact":
            (temporary / "README.md").write_text(vectors_card(embeddings, metrics, binary=True), "utf-8")
    return target
