"""Word vectors as an artifact: kept, read back, opened by what people use."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from pipeline.core.embeddings import FILES, Embeddings
from pipeline.core.errors import InputError


@pytest.fixture
def embeddings(rng: np.random.Generator) -> Embeddings:
    words = ["the", "film", "good", "na\u00efve", "\u2026"]
    counts = np.array([9, 7, 5, 3, 3])
    return Embeddings(rng.normal(size=(5, 4)).astype(np.float32), words, counts, {"name": "regex"}, {"epochs": 2})


def test_saving_twice_gives_the_same_bytes_and_loading_the_same_vectors(embeddings: Embeddings, tmp_path: Path) -> None:
    for name in ("a", "b"):
        embeddings.save(tmp_path / name)
    assert {file.name for file in (tmp_path / "a").iterdir()} == set(FILES)
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()
    read = Embeddings.load(tmp_path / "a")
    np.testing.assert_array_equal(read.vectors, embeddings.vectors)
    assert (read.words, read.counts.tolist()) == (embeddings.words, embeddings.counts.tolist())


def broken(folder: Path, kind: str) -> None:
    vectors = np.load(folder / "vectors.npy")
    if kind == "missing":
        (folder / "vectors.npy").unlink()
    elif kind == "shape":
        np.save(folder / "vectors.npy", vectors[:-1])
    elif kind == "dtype":
        np.save(folder / "vectors.npy", vectors.astype(np.float64))
    elif kind == "cut":
        (folder / "vectors.npy").write_bytes((folder / "vectors.npy").read_bytes()[:-8])
    elif kind == "nan":
        vectors[0, 0] = np.nan
        np.save(folder / "vectors.npy", vectors)
    else:
        config = json.loads((folder / "config.json").read_text())
        if kind == "version":
            config["format"] = 99
        else:
            del config["n_words"]
        (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("missing", r"vectors\.npy is missing"),
        ("shape", r"config\.json tells of"),
        ("dtype", r"vectors\.npy holds float64"),
        ("cut", r"vectors\.npy is not a whole"),
        ("nan", r"vectors\.npy holds NaN"),
        ("version", r"format 99, but this code reads format 1"),
        ("key", r"config\.json lacks n_words"),
    ],
)
def test_a_broken_folder_is_named(embeddings: Embeddings, tmp_path: Path, kind: str, said: str) -> None:
    embeddings.save(tmp_path / "e")
    broken(tmp_path / "e", kind)
    with pytest.raises(InputError, match=said) as caught:
        Embeddings.load(tmp_path / "e")
    assert "dvc" in str(caught.value)
    shutil.rmtree(tmp_path / "e")
