"""Word vectors as a folder: saved, loaded, refused if broken."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from pipeline.core.embeddings import FILES, Embeddings, load_vectors, unit_vectors
from pipeline.core.errors import InputError
from pipeline.core.files import write_json


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
    for loaded in (Embeddings.load(tmp_path / "a"), load_vectors(tmp_path / "a")):
        np.testing.assert_array_equal(loaded.vectors, embeddings.vectors)
        assert (loaded.words, loaded.counts.tolist()) == (embeddings.words, embeddings.counts.tolist())


def break_folder(folder: Path, kind: str) -> None:
    vectors = np.load(folder / "vectors.npy")
    if kind == "missing":
        (folder / "vectors.npy").unlink()
    elif kind == "shape":
        np.save(folder / "vectors.npy", vectors[:-1])
    elif kind == "dtype":
        np.save(folder / "vectors.npy", vectors.astype(np.float64))
    elif kind == "truncated":
        (folder / "vectors.npy").write_bytes((folder / "vectors.npy").read_bytes()[:-8])
    elif kind == "nan":
        vectors[0, 0] = np.nan
        np.save(folder / "vectors.npy", vectors)
    else:
        config = json.loads((folder / "config.json").read_text())
        if kind == "version":
            config["format"] = 99
        elif kind == "type":
            config["training"] = [1]
        else:
            del config["n_words"]
        (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing", r"vectors\.npy is missing"),
        ("shape", r"the shape of the vectors is \(5, 4\) in config\.json and \(4, 4\) in vectors\.npy"),
        ("dtype", r"vectors\.npy contains float64"),
        ("truncated", r"vectors\.npy is truncated"),
        ("nan", r"vectors\.npy has NaN"),
        ("version", r"format 99, but this code reads format 1"),
        ("key", r"config\.json lacks n_words"),
        ("type", r"config\.json: training is \[1\], expected an object"),
    ],
)
def test_a_broken_folder_is_named(embeddings: Embeddings, tmp_path: Path, kind: str, message: str) -> None:
    embeddings.save(tmp_path / "e")
    break_folder(tmp_path / "e", kind)
    with pytest.raises(InputError, match=message) as caught:
        Embeddings.load(tmp_path / "e")
    assert "dvc" in str(caught.value)


@pytest.fixture
def classifier(embeddings: Embeddings, tmp_path: Path) -> Path:
    """Create the files of an LSTM's folder from which its word vectors are read."""
    embeddings.save(tmp_path)
    (tmp_path / "vectors.npy").unlink()
    padded = np.concatenate([embeddings.vectors, np.zeros((1, 4), np.float32)])
    save_file({"embedding.weight": padded, "output.bias": np.zeros(1, np.float32)}, tmp_path / "model.safetensors")
    write_json(tmp_path / "config.json", {"format": 1, "shape": {}, "training": {"epochs": 6}})
    return tmp_path


def test_the_vectors_of_a_classifier_are_those_of_its_words(classifier: Path, embeddings: Embeddings) -> None:
    loaded = load_vectors(classifier)
    np.testing.assert_array_equal(loaded.vectors, embeddings.vectors)
    assert loaded.words == embeddings.words
    assert loaded.training == {"epochs": 6}


def test_a_broken_classifier_is_named(classifier: Path) -> None:
    with open(classifier / "vocab.tsv", "a") as file:
        file.write("one\t1\ntoo many\t1\n")
    with pytest.raises(InputError, match=r"shape \(6, 4\) .* vocab\.tsv, which has 7 words"):
        load_vectors(classifier)
    (classifier / "model.safetensors").write_bytes((classifier / "model.safetensors").read_bytes()[:-4])
    with pytest.raises(InputError, match=r"model\.safetensors is truncated"):
        load_vectors(classifier)


def test_the_rms_over_tokens_weighs_words_by_their_count() -> None:
    vectors = np.array([[3, -3], [1, 1]], np.float32)
    rms = Embeddings(vectors, ["the", "film"], np.array([3, 1]), {}, {}).rms
    assert rms == {"words": pytest.approx(5**0.5), "tokens": pytest.approx(7**0.5)}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_unit_vectors_have_length_one_and_zeros_stay_zeros(rng: np.random.Generator, dtype: type[np.floating]) -> None:
    vectors = (100 * rng.normal(size=(6, 5))).astype(dtype)
    vectors[2] = 0
    units = unit_vectors(vectors)
    assert units.dtype == dtype
    np.testing.assert_allclose(np.linalg.norm(units, axis=1), [1, 1, 0, 1, 1, 1], rtol=1e-6)
    np.testing.assert_allclose(units * np.linalg.norm(vectors, axis=1, keepdims=True), vectors, rtol=1e-5)
