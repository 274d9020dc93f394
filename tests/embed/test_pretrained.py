"""Vectors from a file in external/, through the stage embed."""

import json

import numpy as np
import pytest

from pipeline.core.embeddings import Embeddings
from tests.conftest import Project
from tests.faults.forks import run_stage


@pytest.fixture
def theirs(project_copy: Project) -> tuple[list[str], np.ndarray]:
    """A GloVe file in external/, which lacks every third word of the corpus and has one that the corpus lacks."""
    ours = Embeddings.load(project_copy.folder / "artifacts/embeddings")
    words = [word for i, word in enumerate(ours.words) if i % 3]
    vectors = np.random.default_rng(0).normal(2, 1, (len(words), 12)).round(3).astype(np.float32)
    rows = zip([*words, "qwerty"], [*vectors, vectors[0]], strict=True)
    text = "".join(f"{word} {' '.join(f'{value:.3f}' for value in vector)}\n" for word, vector in rows)
    (project_copy.folder / "external" / "glove.txt").write_text(text)
    return words, vectors


@pytest.mark.parametrize("rule", ["train", "mean", "random"])
def test_vectors_of_the_file_are_kept_and_missing_ones_follow_the_rule(
    project_copy: Project, theirs: tuple[list[str], np.ndarray], rule: str
) -> None:
    words, vectors = theirs
    project_copy.set({"embed.pretrained": "glove.txt", "embed.missing_words": rule})
    printed = run_stage(project_copy.folder, "embed").printed
    trained = Embeddings.load(project_copy.folder / "artifacts/embeddings")
    assert f"external {len(words):,} of {len(trained.words):,} words" in printed
    np.testing.assert_allclose(trained.vectors[[trained.index[word] for word in words]], vectors, rtol=1e-6)
    missing = trained.vectors[[i for i in range(len(trained.words)) if i % 3 == 0]]
    if rule == "mean":
        np.testing.assert_allclose(missing, np.tile(vectors.mean(0), (len(missing), 1)), rtol=1e-4)
    elif rule == "random":
        assert missing.mean() == pytest.approx(2, abs=0.3)
        assert missing.std() == pytest.approx(1, abs=0.3)
    figures = json.loads((project_copy.folder / "metrics/embeddings.json").read_text())
    assert figures["external"]["words"] == pytest.approx(len(words) / len(trained.words), abs=1e-3)
    assert ("heldout_loss" in figures) == (rule == "train")


def test_a_changed_file_reruns_and_the_next_run_does_not(
    project_copy: Project, theirs: tuple[list[str], np.ndarray]
) -> None:
    project_copy.set({"embed.pretrained": "glove.txt", "embed.missing_words": "mean"})
    project_copy.run("dvc", "repro", "embed")
    assert "up to date" in project_copy.run("dvc", "repro", "embed")
    path = project_copy.folder / "external" / "glove.txt"
    path.write_text(path.read_text().replace("1.", "3.", 1))
    assert "up to date" not in project_copy.run("dvc", "repro", "embed")


def test_training_continues_from_an_artifact_of_another_corpus(project_copy: Project) -> None:
    folder = project_copy.folder
    (folder / "artifacts/embeddings").rename(folder / "external/earlier")
    before = Embeddings.load(folder / "external/earlier")
    project_copy.set({"embed.continue_from": "earlier", "embed.epochs": 1})
    assert "external " in run_stage(folder, "embed").printed
    after = Embeddings.load(folder / "artifacts/embeddings")
    assert after.words == before.words
    assert 0 < np.abs(after.vectors - before.vectors).max() < np.abs(before.vectors).max()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"embed.pretrained": "none.txt"},
            "external/none.txt does not exist, external/ contains glove.txt; put the file there; a queue",
        ),
        ({"embed.pretrained": "../glove.txt"}, "embed.pretrained = '../glove.txt': String should match pattern"),
        ({"embed.pretrained": "glove.txt", "embed.vector_size": 50}, "set embed.vector_size: 12 in params.yaml"),
        ({"embed.pretrained": "glove.txt", "embed.continue_from": "glove.txt"}, "set one of the two to null"),
        ({"embed.pretrained": "other.txt"}, "has none of the"),
    ],
)
def test_an_unusable_file_is_reported_and_nothing_is_lost(
    project_copy: Project, theirs: tuple[list[str], np.ndarray], values: dict[str, object], said: str
) -> None:
    if "other.txt" in values.values():
        (project_copy.folder / "external" / "other.txt").write_text("Qx " + " ".join(["0.5"] * 12) + "\n")
    before = project_copy.bytes_of("artifacts/embeddings")
    project_copy.set(values)
    ended = run_stage(project_copy.folder, "embed")
    assert ended.in_one_line
    assert said in ended.printed
    assert project_copy.bytes_of("artifacts/embeddings") == before
