"""The mean of word vectors in scikit-learn."""

import pickle
import shutil
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError
from pipeline.tokenize.tokenizer import Tokenizer
from pipeline.vectors.sklearn import MeanVectors

WORDS = ["good", "bad", "film"]
VECTORS = np.array([[1, 0], [0, 1], [0.5, 0.5]], np.float32)
TEXTS = ["Good film", "bad, bad film", "nothing known", ""]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tokenizer = {"name": "regex", "lowercase": True, "punkt": None}
    Embeddings(VECTORS, WORDS, np.array([3, 2, 1]), tokenizer, {}).save(tmp_path / "e")
    return tmp_path / "e"


def test_a_text_is_the_mean_of_its_known_words(folder: Path) -> None:
    means = MeanVectors(folder).fit_transform(TEXTS)
    np.testing.assert_allclose(means, [[0.75, 0.25], [1 / 6, 5 / 6], [0, 0], [0, 0]], rtol=1e-6)


def test_it_works_in_a_pipeline_and_can_be_cloned(folder: Path) -> None:
    model = make_pipeline(MeanVectors(folder), LogisticRegression()).fit(["good", "bad"], [1, 0])
    assert model.predict(["a good film", "a bad film"]).tolist() == [1, 0]
    assert clone(model[0]).embeddings == folder


@pytest.mark.parametrize("tokenizer", ["regex", "tweet", "treebank"])
def test_a_fitted_pipeline_is_pickled_and_used_without_the_folder(tmp_path: Path, tokenizer: str) -> None:
    config = Tokenizer.train(tokenizer, lowercase=True, texts=["Good film. Bad film."]).config
    Embeddings(VECTORS, WORDS, np.array([3, 2, 1]), config, {}).save(tmp_path / "e")
    model = make_pipeline(MeanVectors(tmp_path / "e"), LogisticRegression()).fit(["good", "bad"], [1, 0])
    expected = model.predict_proba(TEXTS)
    joblib.dump(model, tmp_path / "model.joblib")
    pickled = pickle.dumps(model)
    shutil.rmtree(tmp_path / "e")
    np.testing.assert_array_equal(pickle.loads(pickled).predict_proba(TEXTS), expected)
    np.testing.assert_array_equal(joblib.load(tmp_path / "model.joblib").predict_proba(TEXTS), expected)


def test_it_works_in_several_processes(folder: Path) -> None:
    texts, labels = ["good film", "bad film"] * 6, [1, 0] * 6
    model = make_pipeline(MeanVectors(folder), LogisticRegression())
    assert cross_val_score(model, texts, labels, cv=2, n_jobs=2).tolist() == [1, 1]
    np.testing.assert_array_equal(
        MeanVectors(folder, n_jobs=-2).fit_transform(texts), MeanVectors(folder, n_jobs=None).fit_transform(texts)
    )


def test_pandas_gets_names(folder: Path) -> None:
    assert MeanVectors(folder).fit(TEXTS).get_feature_names_out().tolist() == ["meanvectors0", "meanvectors1"]


def test_anything_but_a_list_of_texts_is_reported(folder: Path) -> None:
    with pytest.raises(ValueError, match="got a single string; put it into a list"):
        MeanVectors(folder).fit("good")
    with pytest.raises(ValueError, match="text 1 is float, expected str"):
        MeanVectors(folder).fit(["good", float("nan")])
    with pytest.raises(InputError, match=r"config\.json is missing"):
        MeanVectors(folder / "none").fit(["good"])


SAVED = Path(__file__).parent / "nowhere"


@parametrize_with_checks([MeanVectors(SAVED)])
def test_scikit_learns_own_checks(estimator: MeanVectors, check: object, folder: Path) -> None:
    estimator.set_params(embeddings=folder)
    check(estimator)  # type: ignore[operator]
