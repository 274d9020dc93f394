"""Model cards."""

import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError
from pipeline.vectors.card import IMDB_MOVIES, NO_SCORES, card_of, vectors_card
from tests.conftest import Project

SCORES = {
    "vector_size": 3,
    "analogies": {"accuracy": 0.25, "coverage": 0.3},
    "semantic": {"accuracy": 0.2, "coverage": 0.3},
    "syntactic": {"accuracy": 0.3, "coverage": 0.3},
    "wordsim353": {"spearman": 0.5, "coverage": 0.9},
    "simlex999": {"spearman": 0.4, "coverage": 0.9},
}


def embeddings_of(**training: object) -> Embeddings:
    training = {"model": "CBOW with hierarchical softmax", "corpus_sha256": "abc", **training}
    return Embeddings(np.ones((2, 3), np.float32), ["a", "b"], np.array([2, 1]), {"name": "treebank"}, training)


@pytest.fixture
def metrics(tmp_path: Path) -> Path:
    folder = tmp_path / "metrics"
    folder.mkdir()
    (folder / "polarity.json").write_text(json.dumps({"word2vec": SCORES}))
    (folder / "provenance.json").write_text('{"corpus_sha256": "abc"}')
    (folder / "corpus.json").write_text(json.dumps({split: {"movies": n} for split, n in IMDB_MOVIES.items()}))
    return folder


def cells(card: str) -> list[str]:
    """Return the rows of all tables with single spaces."""
    return [" ".join(line.split()) for line in card.splitlines() if line.startswith("|")]


def test_the_card_names_data_parameters_scores_and_limits(metrics: Path) -> None:
    card = vectors_card(embeddings_of(window=7, n_reviews=1234), metrics)
    for text in (
        "2 words, 3 dimensions, float32: CBOW with hierarchical softmax, trained on 1,234 reviews",
        "treebank",
        "`abc`",
        "- `window`: 7",
        "Large Movie Review Dataset",
        "before 2011",
        "## Limits and biases",
        "license of this project, MIT",
    ):
        assert text in card
    assert "| Google analogies | 0.250 correct | 0.300 |" in cells(card)
    assert "| SimLex-999 | 0.400 rank correlation | 0.900 |" in cells(card)


def test_another_corpus_is_not_called_imdb(metrics: Path) -> None:
    (metrics / "corpus.json").write_text(json.dumps({"train": {"movies": 3}, "unsup": {}, "test": {}}))
    for card in (vectors_card(embeddings_of(), metrics), vectors_card(embeddings_of())):
        assert "2011" not in card
        assert "Maas" not in card


def test_scores_and_corpus_of_another_run_are_left_out(metrics: Path) -> None:
    card = vectors_card(embeddings_of(corpus_sha256="def"), metrics)
    assert NO_SCORES in card
    assert "2011" not in card


def test_the_file_that_vectors_come_from_is_named_with_its_license(metrics: Path) -> None:
    card = vectors_card(embeddings_of(pretrained="glove.txt"), metrics)
    assert "The license of `glove.txt` applies" in card


def test_the_card_of_an_lstm_and_of_all_its_seeds(project: Project) -> None:
    folder, metrics = project.folder / "artifacts/lstm_finetuned", project.folder / "metrics"
    card = card_of(folder, metrics)
    assert card == card_of(folder / "1", metrics)
    assert card.startswith("# lstm_finetuned, seed 1\n")
    assert "8 hidden units, 1 layer in " in card
    score = json.loads((metrics / "test.json").read_text())["lstm_finetuned"]
    assert any(row.startswith(f"| `lstm_finetuned` | {score['accuracy']:.4f} |") for row in cells(card))
    assert "2011" not in card
    assert NO_SCORES in card_of(folder)


def test_each_kind_of_vectors_gets_its_own_scores(project: Project) -> None:
    metrics = project.folder / "metrics"
    polarity = json.loads((metrics / "polarity.json").read_text())
    for name, kind in (("embeddings", "word2vec"), ("tuned", "lstm_finetuned"), ("maas", "maas")):
        rows = cells(card_of(project.folder / "artifacts" / name, metrics))
        score = polarity[kind]["wordsim353"]
        assert f"| WordSim-353 | {score['spearman']:.3f} rank correlation | {score['coverage']:.3f} |" in rows


def test_another_model_is_not_advised_to_be_deleted(project: Project) -> None:
    with pytest.raises(InputError, match="another kind of model") as caught:
        card_of(project.folder / "artifacts/nbsvm")
    assert "delete" not in str(caught.value)
