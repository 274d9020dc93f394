"""The folders for sentence-transformers and model2vec, without these libraries; with them: tests/static."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import regex
from safetensors.numpy import load_file

from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError
from pipeline.tokenize.tokenizer import Tokenizer
from pipeline.vectors.export import export
from pipeline.vectors.static import MARK

FILES = {
    "sentence-transformers": ("embedding.weight", "config_sentence_transformers.json"),
    "model2vec": ("embeddings", "config.json"),
}
TEXTS = [
    "A wonderful, WONDERFUL film :-) <br /><br/>See http://example.com/a_(b) or mail me@example.com, it's 10/10!!!!!",
    "Sooooo dull... . . . 'Don't' go (555) 123-4567 @home #never-again \u2014 na\u00efve, re\u0301sum\u00e9 \u2026 <3",
    "1,000.50 -3 state-of-the-art rock 'n' roll 3:1 \U0001f44d\U0001f3fd \u65e5\u672c\u8a9e \u00bd x\u00b2 ''a_b''",
]


@pytest.fixture(scope="module")
def embeddings() -> Embeddings:
    words = ["the", "film", "don't", ":D", ":d", "=D", "na\u00efve", "\u2026"]
    vectors = np.random.default_rng(0).normal(size=(len(words), 7)).astype(np.float32)
    tokenizer = {"name": "tweet", "lowercase": True, "punkt": None}
    return Embeddings(vectors, words, np.arange(len(words), 0, -1), tokenizer, {})


def read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


@pytest.mark.parametrize("name", FILES)
def test_the_folder_has_vectors_tokenizer_and_modules(embeddings: Embeddings, tmp_path: Path, name: str) -> None:
    key, config = FILES[name]
    folder = export(embeddings, name, tmp_path / "v")
    assert {path.name for path in folder.iterdir()} == {
        "model.safetensors", "tokenizer.json", "modules.json", config
    }  # fmt: skip
    tensors = load_file(folder / "model.safetensors")
    assert list(tensors) == [key]
    np.testing.assert_array_equal(tensors[key], embeddings.vectors)
    (module,) = read(folder / "modules.json")
    assert module["type"].rpartition(".")[2] == "StaticEmbedding"
    again = export(embeddings, name, tmp_path / "w")
    for path in folder.iterdir():
        assert path.read_bytes() == (again / path.name).read_bytes()


def test_model2vec_neither_normalizes_nor_truncates(embeddings: Embeddings, tmp_path: Path) -> None:
    config = read(export(embeddings, "model2vec", tmp_path / "v") / "config.json")
    assert (config["normalize"], config["max_length"]) == (False, None)


def test_the_id_of_a_word_is_its_row(embeddings: Embeddings, tmp_path: Path) -> None:
    """A word with capitals would never be looked up: texts are lower-cased."""
    model = read(export(embeddings, "model2vec", tmp_path / "v") / "tokenizer.json")["model"]
    words = ["the", "film", "don't", ":D", ":d", "=d", "na\u00efve", "\u2026"]
    assert list(model["vocab"].items()) == [(MARK + word, row) for row, word in enumerate(words)]
    assert (model["merges"], model["ignore_merges"], model["unk_token"]) == ([], True, None)
    capitals = replace(embeddings, tokenizer={**embeddings.tokenizer, "lowercase": False})
    tokenizer = read(export(capitals, "model2vec", tmp_path / "c") / "tokenizer.json")
    assert MARK + "=D" in tokenizer["model"]["vocab"]
    assert {"type": "Lowercase"} not in tokenizer["normalizer"]["normalizers"]


@pytest.mark.parametrize("name", ["tweet", "regex"])
def test_texts_are_split_as_ours(embeddings: Embeddings, tmp_path: Path, name: str) -> None:
    config = {"name": name, "lowercase": True, "punkt": None}
    written = read(export(replace(embeddings, tokenizer=config), "model2vec", tmp_path / "v") / "tokenizer.json")
    *replaced, lower = written["normalizer"]["normalizers"]
    split = written["pre_tokenizer"]["pretokenizers"][0]
    assert (lower["type"], split["behavior"], split["invert"]) == ("Lowercase", "Removed", True)
    ours = Tokenizer.from_config(config)
    for text in TEXTS:
        tokens = ours(text)
        for step in replaced:
            text = regex.sub(step["pattern"]["Regex"], step["content"], text)
        found = regex.finditer(split["pattern"]["Regex"], text.lower())
        assert " ".join(match[0] for match in found).split() == tokens


@pytest.mark.parametrize("name", FILES)
def test_a_tokenizer_that_cannot_be_described_is_reported(embeddings: Embeddings, tmp_path: Path, name: str) -> None:
    treebank = Tokenizer.train("treebank", lowercase=True, texts=["A film. A play."]).config
    with pytest.raises(InputError, match=r"'treebank' splits sentences first.*; export another format, such as word"):
        export(replace(embeddings, tokenizer=treebank), name, tmp_path / "v")
    with pytest.raises(InputError, match="'words' is unknown"):
        export(replace(embeddings, tokenizer={**treebank, "name": "words"}), name, tmp_path / "v")
    assert list(tmp_path.iterdir()) == []
