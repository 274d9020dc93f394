"""What models say about texts, compared with the models as `evaluate` uses them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from pipeline.baseline.bag_of_vectors import BagOfVectors
from pipeline.baseline.ngrams import NGrams
from pipeline.classify.classifier import Classifier
from pipeline.core.errors import InputError
from pipeline.core.models import BASELINES, LEAD, NETWORKS
from pipeline.serve import predictor as module
from pipeline.serve.predictor import Predictor
from pipeline.serve.text_model import TextModel
from pipeline.tokenize.chunks import encode
from pipeline.tokenize.tokenizer import tokenize
from tests.conftest import Project

REVIEWS = [
    "The plot was really witty and warm , but the acting was dull .",
    "warm warm warm plot . I was moved , and moved again and moved",
    "zzzqqq unknown words qqq only",
    "dull",
]


@pytest.fixture
def artifacts(project: Project, tmp_path: Path) -> Path:
    copied = tmp_path / "artifacts"
    shutil.copytree(project.folder / "artifacts", copied)
    return copied


@pytest.mark.parametrize("text", REVIEWS)
def test_each_model_predicts_as_in_evaluate(project: Project, predictor: Predictor, text: str) -> None:
    artifacts = project.folder / "artifacts"
    chunks = list(tokenize([text], predictor.tokenizer, n_jobs=1))
    review = encode(chunks, predictor.embeddings.index)
    bag = BagOfVectors.load(artifacts / "bag_of_vectors", predictor.embeddings.vectors)
    expected = {
        "bag_of_vectors": bag.probabilities(review),
        **{name: NGrams.load(artifacts / name, name).probabilities([chunks[0].text]) for name in ("tfidf", "nbsvm")},
        **{name: Classifier.load(artifacts / name / "1").probabilities(review) for name in NETWORKS},
    }
    answer = predictor.predict(text)["models"]
    assert list(answer) == [*BASELINES, *NETWORKS]
    assert answer == {name: pytest.approx(float(p[0]), abs=1e-6) for name, p in expected.items()}
    for name, p in expected.items():
        assert TextModel.load(artifacts / name).probabilities([text]) == pytest.approx(p, abs=1e-6)


def test_the_pieces_are_the_text_and_the_last_step_has_the_models_logit(predictor: Predictor) -> None:
    text = "  The PLOT was witty\n\nand zzzqqq, <b>warm</b> &amp; dull"
    answer = predictor.predict(text)
    assert "".join(piece["text"] for piece in answer["pieces"]) == text.replace("&amp;", "&")
    assert "zzzqqq" in [piece["text"] for piece in answer["pieces"] if piece.get("left_out") == "unknown"]
    steps = [piece["step"] for piece in answer["pieces"] if "step" in piece]
    assert steps == list(range(answer["n_read"]))
    assert len(answer["steps"]) == answer["n_read"] == answer["n_known"]
    assert 1 / (1 + np.exp(-answer["steps"][-1])) == pytest.approx(answer["models"][LEAD], abs=1e-3)
    json.dumps(answer)


def test_words_are_counted_as_people_do_and_tokens_too(predictor: Predictor) -> None:
    answer = predictor.predict("It's warm, witty...<br />and 100 % dull!")
    assert answer["n_words"] == 7
    assert answer["n_tokens"] > 7


@pytest.mark.parametrize("n", [module.N_EXACT + 1, 301, 700])
def test_a_long_review_has_steps_of_several_tokens_whose_logits_are_computed(predictor: Predictor, n: int) -> None:
    text = ("the plot was really witty but dull . " * 100).split()[:n]
    answer = predictor.predict(" ".join(text))
    stride, n_read = answer["stride"], answer["n_read"]
    assert stride > 1
    assert len(answer["steps"]) == -(-n_read // stride)
    tokens = [piece for piece in answer["pieces"] if "step" in piece or "left_out" in piece]
    read = [piece for piece in tokens if "step" in piece]
    assert [piece["step"] for piece in read] == [i // stride for i in range(n_read)]
    for step in (0, 1, 20):
        prefix = [piece["text"] for piece in read if piece["step"] <= step]
        shorter = predictor.predict(" ".join(prefix))
        assert shorter["models"][LEAD] == pytest.approx(1 / (1 + np.exp(-answer["steps"][step])), abs=1e-3)


def test_the_middle_of_a_very_long_review_is_left_out(predictor: Predictor) -> None:
    answer = predictor.predict("plot " * 700)
    assert (answer["n_known"], answer["n_read"], answer["stride"]) == (700, 600, 6)
    assert sum(piece.get("left_out") == "middle" for piece in answer["pieces"]) == 100
    assert predictor.predict("plot " * module.N_EXACT)["stride"] == 1


def test_without_known_words_nothing_is_read_or_similar(predictor: Predictor) -> None:
    found = predictor.predict("zzzqqq qqzz")
    assert (found["n_known"], found["n_read"], found["steps"], found["nearest"]) == (0, 0, [], [])
    assert found["models"][LEAD] == pytest.approx(1 / (1 + np.exp(-found["before"])), abs=1e-3)


def test_the_models_answer_without_the_training_reviews(project: Project, tmp_path: Path) -> None:
    found = Predictor.load(project.folder / "artifacts", tmp_path).predict(REVIEWS[0])
    assert found["nearest"] is None
    assert len(found["models"]) == len([*BASELINES, *NETWORKS])


@pytest.mark.parametrize("name", ["embeddings", "bag_of_vectors", "tfidf", "nbsvm", *NETWORKS])
def test_a_missing_artifact_is_named_with_the_remedy(artifacts: Path, name: str) -> None:
    shutil.rmtree(artifacts / name)
    with pytest.raises(InputError, match=rf"{name} is missing; `dvc repro` makes it, `dvc pull` fetches it"):
        Predictor.load(artifacts, artifacts)


def test_artifacts_of_two_runs_are_refused(artifacts: Path) -> None:
    path = artifacts / "lstm_frozen" / "1" / "vocab.tsv"
    path.write_text("another" + path.read_text("utf-8"), "utf-8")
    with pytest.raises(
        InputError, match=r"lstm_frozen.* has another vocabulary than the embeddings of this run; run `dvc repro`"
    ):
        Predictor.load(artifacts, artifacts)
