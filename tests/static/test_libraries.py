"""The exported folders in sentence-transformers and model2vec, which are imported inside functions: `make test-static`.

`make test` collects this folder without the libraries.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.core.embeddings import Embeddings
from pipeline.core.parquet import read_reviews
from pipeline.tokenize.chunks import encode
from pipeline.tokenize.tokenizer import Tokenizer, tokenize
from pipeline.vectors.export import export
from pipeline.vectors.sklearn import MeanVectors
from tests.conftest import ROOT

pytestmark = pytest.mark.static

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
N_REVIEWS = 5000
WORDS = ["the", "film", "was", "plot", "wonderful", "dull", "sooo", "a", "of", *"quxzy", ",", ".", "...", ":)", "it's"]
TEXTS = [
    "A wonderful film, it's wonderful :)",
    "the plot was dull... <br /><br />soooooo DULL!!!!!!",
    "the cast of quxquux was zzyzx",  # two unknown words, each letter of which is a word
    "quxquux",
    "",
    "the plot " * 2000,  # longer than model2vec's own limit
]


def sentence_transformers(folder: Path) -> Encode:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device="cpu", local_files_only=True).encode


def model2vec(folder: Path) -> Encode:
    from model2vec import StaticModel

    return StaticModel.from_pretrained(folder).encode


OPEN: dict[str, Callable[[Path], Encode]] = {
    "sentence-transformers": sentence_transformers,
    "model2vec": model2vec,
}


@pytest.mark.parametrize("tokenizer", ["tweet", "regex"])
@pytest.mark.parametrize(("name", "library"), [*OPEN.items(), ("sentence-transformers", model2vec)])
def test_the_mean_vectors_are_ours(
    tmp_path: Path, name: str, library: Callable[[Path], Encode], tokenizer: str
) -> None:
    config = {"name": tokenizer, "lowercase": True, "punkt": None}
    vectors = np.random.default_rng(0).normal(size=(len(WORDS), 8)).astype(np.float32)
    embeddings = Embeddings(vectors, WORDS, np.arange(len(WORDS), 0, -1), config, {})
    embeddings.save(tmp_path / "ours")
    ours = MeanVectors(tmp_path / "ours").fit_transform(TEXTS)
    assert np.abs(ours).max(1).astype(bool).tolist() == [True, True, True, False, False, True]
    theirs = library(export(embeddings, name, tmp_path / "theirs"))
    texts = TEXTS[:-1] if (name, library) == ("sentence-transformers", model2vec) else TEXTS  # it reads 512 tokens
    np.testing.assert_allclose(theirs(texts), ours[: len(texts)], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(theirs(texts[0]), ours[0], rtol=1e-5, atol=1e-6)  # a single text
    assert theirs(["", "quxquux"]).shape == (2, embeddings.vectors.shape[1])


@pytest.mark.parametrize("name", ["tweet", "regex"])
def test_how_often_a_review_has_other_words(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Compare the known words of the real reviews, as sequences of rows."""
    from tokenizers import Tokenizer as Theirs

    from pipeline.vectors.static import tokenizer_json

    folder = ROOT / "artifacts/embeddings"
    if not folder.is_dir() or not (ROOT / "data/unsup.parquet").is_file():
        pytest.skip("no artifacts/embeddings, or no data/unsup.parquet; run `dvc repro embed`")
    embeddings = replace(Embeddings.load(folder), tokenizer={"name": name, "lowercase": True, "punkt": None})
    texts = read_reviews(ROOT / "data/unsup.parquet", ["text"])["text"].to_pylist()
    texts = texts[:: max(1, len(texts) // N_REVIEWS)]
    ours = encode(tokenize(texts, Tokenizer.from_config(embeddings.tokenizer), n_jobs=1), embeddings.index)
    rows = np.split(ours.values, ours.offsets[1:-1])
    tokenizer = Theirs.from_str(json.dumps(tokenizer_json(embeddings)))
    theirs = [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]
    n_other = sum(a.tolist() != b for a, b in zip(rows, theirs, strict=True))
    with capsys.disabled():
        print(f"\n{name}: {n_other} of {len(texts):,} reviews have other known words than ours")
    assert n_other < 0.01 * len(texts)
