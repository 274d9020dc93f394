"""Word vectors: trained, measured, kept, read back."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors

from pipeline.embeddings import Embeddings
from pipeline.errors import InputError
from pipeline.params import Params
from pipeline.sample import sample_tables
from pipeline.skipgram import HeldoutLoss, intrinsic, keyed_vectors, train
from pipeline.tokenizer import Tokenizer, tokenize
from pipeline.tokens import TokenWriter, read_types
from tests.conftest import with_values

SMALL = {"embed__vector_size": 8, "embed__window": 3, "embed__min_count": 2, "embed__epochs": 2}


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    texts = sample_tables(n_train=120, n_unsup=2, n_test=2)["train"]["text"].to_pylist()
    writer = TokenWriter(folder / "tokens")
    lines = writer.add("train", tokenize([*texts, "once"], Tokenizer("regex", lowercase=True), n_jobs=1))
    (folder / "corpus.txt").write_text("".join(lines))
    writer.finish({"name": "regex"})
    return folder


def trained(tokens: Path, params: Params, **values: object) -> tuple[Embeddings, list[float]]:
    types, counts = read_types(tokens / "tokens" / "types.tsv")
    section = with_values(params, **{**SMALL, **values}).embed
    return train(tokens / "corpus.txt", types, counts, {"name": "regex"}, section)


@pytest.fixture(scope="module")
def embeddings(tokens: Path, params: Params) -> Embeddings:
    return trained(tokens, params)[0]


def test_the_vocabulary_is_the_first_types(tokens: Path, params: Params, embeddings: Embeddings) -> None:
    types, counts = read_types(tokens / "tokens" / "types.tsv")
    n_words = int((counts >= 2).sum())
    assert embeddings.words == types[:n_words]
    assert "once" not in embeddings.words
    assert embeddings.vectors.shape == (n_words, 8)
    assert embeddings.vectors.dtype == np.float32


def test_one_worker_gives_the_same_bits_again(tokens: Path, params: Params, embeddings: Embeddings) -> None:
    again, _ = trained(tokens, params)
    np.testing.assert_array_equal(again.vectors, embeddings.vectors)
    other, _ = trained(tokens, params, embed__seed=2)
    assert not np.array_equal(other.vectors, embeddings.vectors)


def test_the_heldout_loss_falls(tokens: Path, params: Params) -> None:
    _, losses = trained(tokens, params, embed__epochs=6, embed__heldout_frac=0.1)
    assert len(losses) == 6
    assert losses[-1] < losses[0]


def test_the_heldout_loss_is_equation_4(rng: np.random.Generator) -> None:
    vectors, contexts = rng.normal(size=(2, 5, 3)).astype(np.float32)
    pairs, noise = rng.integers(0, 5, (7, 2), dtype=np.int32), rng.integers(0, 5, (7, 4), dtype=np.int32)
    total = 0.0
    for (word, context), wrong in zip(pairs, noise, strict=True):
        total -= np.log(1 / (1 + np.exp(-vectors[word] @ contexts[context])))
        total -= sum(np.log(1 / (1 + np.exp(vectors[word] @ contexts[n]))) for n in wrong)
    assert HeldoutLoss(pairs, noise).of(vectors, contexts) == pytest.approx(total / 7, rel=1e-5)


def test_an_empty_vocabulary_is_named(tokens: Path, params: Params) -> None:
    with pytest.raises(InputError, match=r"embed\.min_count = 100000 leaves 0 words .* occurs \d+ times; lower"):
        trained(tokens, params, embed__min_count=100_000)


def test_neighbours_by_brute_force(embeddings: Embeddings) -> None:
    word = embeddings.words[5]

    def cosine(a: np.ndarray, b: np.ndarray) -> float:
        return float(a @ b / np.sqrt((a @ a) * (b @ b)))

    cosines = {
        other: cosine(embeddings.vectors[5], embeddings.vectors[i])
        for i, other in enumerate(embeddings.words)
        if other != word
    }
    found = embeddings.neighbors(word, 4)
    assert [value for _, value in found] == pytest.approx(sorted(cosines.values(), reverse=True)[:4], abs=1e-5)
    assert all(cosines[other] == pytest.approx(value, abs=1e-5) for other, value in found)
    with pytest.raises(InputError, match="'qwerty' is not among"):
        embeddings.neighbors("qwerty")


def test_gensim_reads_the_export(embeddings: Embeddings, tmp_path: Path) -> None:
    keyed_vectors(embeddings).save_word2vec_format(str(tmp_path / "v.bin"), binary=True)
    read = KeyedVectors.load_word2vec_format(str(tmp_path / "v.bin"), binary=True)
    assert read.index_to_key == embeddings.words
    np.testing.assert_array_equal(read.vectors, embeddings.vectors)


def test_intrinsic_scores_have_their_coverage(embeddings: Embeddings) -> None:
    for name, score in intrinsic(embeddings).items():
        assert 0 <= score["coverage"] <= 1, name


def test_saving_twice_gives_the_same_bytes_and_loading_the_same_vectors(embeddings: Embeddings, tmp_path: Path) -> None:
    for name in ("a", "b"):
        embeddings.save(tmp_path / name)
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
