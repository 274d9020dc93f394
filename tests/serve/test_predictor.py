"""What every model says of one review, against the models asked as the pipeline asks them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from pipeline.baseline.bag_of_vectors import BagOfVectors
from pipeline.baseline.ngrams import NGrams
from pipeline.classify.classifier import Classifier
from pipeline.core.errors import InputError
from pipeline.core.models import BASELINES, LSTMS, first_seed
from pipeline.serve import predictor as module
from pipeline.serve.predictor import Models
from pipeline.tokenize.chunks import encode
from pipeline.tokenize.tokenizer import tokenize
from tests.conftest import Project

REVIEWS = [
    "The plot was really witty and warm , but the acting was dull .",
    "warm warm warm plot . I was moved , and moved again and moved",
    "zzzqqq unknown words qqq only",
    "dull",
]


@pytest.fixture(scope="module")
def models(project: Project) -> Models:
    return Models.load(project.folder / "artifacts", project.folder / "data")


@pytest.fixture
def artifacts(project: Project, tmp_path: Path) -> Path:
    copied = tmp_path / "artifacts"
    shutil.copytree(project.folder / "artifacts", copied)
    return copied


@pytest.mark.parametrize("text", REVIEWS)
def test_each_model_says_what_evaluate_would_have_it_say(project: Project, models: Models, text: str) -> None:
    artifacts = project.folder / "artifacts"
    chunks = list(tokenize([text], models.tokenizer, n_jobs=1))
    review = encode(chunks, models.embeddings.index)
    expected = {
        "bag_of_vectors": BagOfVectors.load(artifacts / "bag_of_vectors", models.embeddings.vectors).probabilities(
            review
        ),
        **{name: NGrams.load(artifacts / name, name).probabilities([chunks[0].text]) for name in ("tfidf", "nbsvm")},
        **{name: Classifier.load(artifacts / name / "1").probabilities(review) for name in LSTMS},
    }
    found = models.opinion(text)["models"]
    assert list(found) == [*BASELINES, *LSTMS]
    assert found == {name: pytest.approx(float(p[0]), abs=1e-6) for name, p in expected.items()}


def test_the_pieces_are_the_text_and_the_last_word_has_the_models_logit(models: Models) -> None:
    text = "  The PLOT was witty\n\nand zzzqqq, <b>warm</b> &amp; dull"
    found = models.opinion(text)
    assert "".join(piece["text"] for piece in found["pieces"]) == text.replace("&amp;", "&")
    assert "zzzqqq" in [piece["text"] for piece in found["pieces"] if piece.get("left_out") == "unknown"]
    read = [piece for piece in found["pieces"] if "logit" in piece]
    assert len(read) == found["n_read"] == found["n_known"]
    assert 1 / (1 + np.exp(-read[-1]["logit"])) == pytest.approx(found["models"]["lstm_finetuned"], abs=1e-3)
    json.dumps(found)


def test_of_a_long_review_the_middle_is_marked_and_not_every_word_is_computed(models: Models) -> None:
    found = models.opinion("plot " * 700)
    assert (found["n_known"], found["n_read"], found["stride"]) == (700, 600, 6)
    assert sum(piece.get("left_out") == "middle" for piece in found["pieces"]) == 100
    assert models.opinion("plot " * module.N_EXACT)["stride"] == 1


def test_without_known_words_nothing_is_read_and_nothing_is_near(models: Models) -> None:
    found = models.opinion("zzzqqq qqzz")
    assert (found["n_known"], found["n_read"], found["nearest"]) == (0, 0, [])
    assert found["models"]["lstm_finetuned"] == pytest.approx(1 / (1 + np.exp(-found["before"])), abs=1e-3)


def test_without_the_training_reviews_the_rest_is_said(project: Project, tmp_path: Path) -> None:
    found = Models.load(project.folder / "artifacts", tmp_path).opinion(REVIEWS[0])
    assert found["nearest"] is None
    assert len(found["models"]) == 6


@pytest.mark.parametrize("name", ["embeddings", "bag_of_vectors", "tfidf", "nbsvm", *LSTMS])
def test_a_missing_artifact_is_named_with_the_remedy(artifacts: Path, name: str) -> None:
    shutil.rmtree(artifacts / name)
    with pytest.raises(InputError, match=rf"{name} is missing; `dvc repro` makes it, `dvc pull` fetches it"):
        Models.load(artifacts, artifacts)


def test_artifacts_of_two_runs_are_refused(artifacts: Path) -> None:
    path = artifacts / "lstm_frozen" / "1" / "vocab.tsv"
    path.write_text("another" + path.read_text("utf-8"), "utf-8")
    with pytest.raises(
        InputError, match=r"lstm_frozen.* has other words than the embeddings of this run; run `dvc repro`"
    ):
        Models.load(artifacts, artifacts)


def test_the_first_seed_is_the_smallest_number(tmp_path: Path) -> None:
    for seed in ("10", "2"):
        (tmp_path / seed).mkdir()
        (tmp_path / seed / "config.json").touch()
    assert first_seed(tmp_path) == tmp_path / "2"
    assert first_seed(tmp_path / "10") == tmp_path / "10"
    with pytest.raises(InputError, match="holds no classifier"):
        first_seed(tmp_path / "none")
