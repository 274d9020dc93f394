"""Exported word vectors, opened by the libraries that people use."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from gensim.models import KeyedVectors

from pipeline.core.embeddings import Embeddings, load_vectors
from pipeline.core.errors import InputError
from pipeline.embed.vector_formats import read_vector_file
from pipeline.vectors.export import FORMATS, export
from tests.conftest import Project


@pytest.fixture(scope="module")
def embeddings() -> Embeddings:
    words = ["the", "film", "don't", "na\u00efve", "\u2026", "</s>", "#", "1e5"]
    vectors = np.random.default_rng(0).normal(size=(len(words), 7)).astype(np.float32)
    return Embeddings(vectors, words, np.arange(len(words), 0, -1), {"name": "regex", "lowercase": True}, {})


@pytest.mark.parametrize("name", ["word2vec", "word2vec-text", "glove"])
def test_gensim_opens_it(embeddings: Embeddings, tmp_path: Path, name: str) -> None:
    path = export(embeddings, name, tmp_path / "v")
    keyed = KeyedVectors.load_word2vec_format(str(path), binary=name == "word2vec", no_header=name == "glove")
    assert keyed.index_to_key == embeddings.words
    np.testing.assert_array_equal(keyed.vectors, embeddings.vectors)


@pytest.mark.parametrize("name", ["word2vec", "word2vec-text", "glove", "artifact"])
def test_it_is_read_back_bit_for_bit_and_is_the_same_each_time(
    embeddings: Embeddings, tmp_path: Path, name: str
) -> None:
    file = read_vector_file(export(embeddings, name, tmp_path / "a"))
    assert file.words == embeddings.words
    np.testing.assert_array_equal(file.vectors, embeddings.vectors)
    export(embeddings, name, tmp_path / "b")
    for path in [tmp_path / "a", *(tmp_path / "a").glob("*")]:
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()


def test_spacy_opens_it(embeddings: Embeddings, tmp_path: Path) -> None:
    spacy = pytest.importorskip("spacy", reason="spaCy is not installed; `make test` installs it")
    path = export(embeddings, "word2vec-text", tmp_path / "v.txt")
    command = [sys.executable, "-m", "spacy", "init", "vectors", "en", str(path), str(tmp_path / "model")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    model = spacy.load(tmp_path / "model")
    for word, vector in zip(embeddings.words, embeddings.vectors, strict=True):
        np.testing.assert_allclose(model.vocab[word].vector, vector, rtol=1e-6)


def test_torch_opens_it(embeddings: Embeddings, tmp_path: Path) -> None:
    vectors = np.load(export(embeddings, "artifact", tmp_path / "e") / "vectors.npy", mmap_mode="r")
    layer = torch.nn.Embedding.from_pretrained(torch.from_numpy(np.array(vectors)))
    row = embeddings.index["film"]
    np.testing.assert_array_equal(layer(torch.tensor([row]))[0].numpy(), embeddings.vectors[row])


def test_the_tables_for_the_projector_agree(embeddings: Embeddings, tmp_path: Path) -> None:
    folder = export(embeddings, "projector", tmp_path / "p")
    np.testing.assert_array_equal(np.loadtxt(folder / "vectors.tsv", np.float32, delimiter="\t"), embeddings.vectors)
    head, *rows = (folder / "metadata.tsv").read_text("utf-8").splitlines()
    assert head == "word\tcount"
    assert [row.split("\t")[0] for row in rows] == embeddings.words


def test_an_exported_folder_explains_itself_and_opens_in_gensim(embeddings: Embeddings, tmp_path: Path) -> None:
    folder = export(embeddings, "artifact", tmp_path / "e")
    assert "`vectors.w2v.bin`" in (folder / "README.md").read_text("utf-8")
    keyed = KeyedVectors.load_word2vec_format(str(folder / "vectors.w2v.bin"), binary=True)
    np.testing.assert_array_equal(keyed.vectors, embeddings.vectors)
    np.testing.assert_array_equal(Embeddings.load(folder).vectors, embeddings.vectors)


def test_an_unknown_format_is_reported(embeddings: Embeddings) -> None:
    with pytest.raises(InputError, match=f"'csv' is unknown; use {', '.join(FORMATS)}"):
        export(embeddings, "csv")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_nothing_is_replaced(embeddings: Embeddings, tmp_path: Path, name: str, kind: str) -> None:
    target = tmp_path / "mine"
    if kind == "file":
        target.write_text("mine")
    elif kind == "folder":
        target.mkdir()
    else:
        target.symlink_to("nowhere")
    with pytest.raises(InputError, match="mine exists; name another place with --output, or delete it"):
        export(embeddings, name, target)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert kind != "file" or target.read_text() == "mine"


def test_the_vectors_of_an_lstm_are_exported_in_the_same_format(project: Project, tmp_path: Path) -> None:
    before = Embeddings.load(project.folder / "artifacts/embeddings")
    tuned = load_vectors(project.folder / "artifacts/lstm_finetuned/1")
    assert (tuned.words, tuned.vectors.shape) == (before.words, before.vectors.shape)
    frozen = load_vectors(project.folder / "artifacts/lstm_frozen/1")
    scale = np.sqrt(np.square(before.vectors).mean())  # the network reads them at a mean square of 1
    np.testing.assert_allclose(frozen.vectors * scale, before.vectors, rtol=1e-4, atol=1e-6)
    assert not np.allclose(tuned.vectors, frozen.vectors)
    printed = project.run(
        "pipeline", "export", "--format", "artifact", "--embeddings", "artifacts/lstm_finetuned/1",
        "--output", str(tmp_path / "tuned"),
    )  # fmt: skip
    assert printed.strip() == str(tmp_path / "tuned")
    np.testing.assert_array_equal(Embeddings.load(tmp_path / "tuned").vectors, tuned.vectors)
