"""The linear models, checked against their definitions, and their files."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import log_loss

from pipeline.baseline.bag_of_vectors import BagOfVectors, mean_vectors
from pipeline.baseline.logistic import fit_linear
from pipeline.baseline.ngrams import NGrams, count_ngrams
from pipeline.baseline.params import Baseline
from pipeline.core.errors import InputError
from pipeline.core.ragged import Ragged
from pipeline.params import Params
from tests.conftest import with_values
from tests.rows import ragged

LINES = [
    "good good film",
    "not good at all",
    "bad film not good",
    "not bad a good film",
    "bad bad bad",
    "a good film",
    "bad at all",
    "not bad at all",
] * 4
LABELS = np.array([1, 0, 0, 1, 0, 1, 0, 1] * 4, np.int8)
VALID = np.arange(len(LINES)) >= 24


@pytest.fixture
def section(params: Params) -> Baseline:
    return with_values(
        params, baseline__C=[0.5, 5.0], baseline__max_ngram=3, baseline__min_df=2, baseline__nbsvm_alpha=1.0
    ).baseline


def ids_of(lines: list[str]) -> tuple[Ragged, list[str]]:
    words = sorted({word for line in lines for word in line.split()})
    return ragged([[words.index(word) for word in line.split()] for line in lines]), words


def n_grams(line: str) -> Counter[str]:
    tokens = line.split()
    return Counter(" ".join(tokens[i : i + n]) for n in (1, 2, 3) for i in range(len(tokens) - n + 1))


def fit(kind: str, section: Baseline, labels: NDArray[np.int8] = LABELS) -> NGrams:
    return NGrams.fit(kind, count_ngrams(LINES, VALID, section), labels, VALID, section)


def test_nbsvm_weights_are_the_log_count_ratio(section: Baseline) -> None:
    model = fit("nbsvm", section)
    fitted = [(set(n_grams(line)), y) for line, y, held in zip(LINES, LABELS, VALID, strict=True) if not held]
    frequency = Counter(term for terms, _ in fitted for term in terms)
    assert list(model.vocabulary) == sorted(term for term, n in frequency.items() if n >= 2)
    p = {term: 1.0 + sum(term in terms for terms, y in fitted if y == 1) for term in model.vocabulary}
    q = {term: 1.0 + sum(term in terms for terms, y in fitted if y == 0) for term in model.vocabulary}
    for term, weight in zip(model.vocabulary, model.weights, strict=True):
        assert weight == pytest.approx(np.log((p[term] / sum(p.values())) / (q[term] / sum(q.values())))), term


@pytest.mark.parametrize("kind", ["tfidf", "nbsvm"])
def test_n_gram_probabilities_by_brute_force(kind: str, section: Baseline) -> None:
    model = fit(kind, section)
    lines = ["not good good film", "nothing known", ""]
    expected = []
    for line in lines:
        x = np.zeros(len(model.vocabulary))
        for term, n in n_grams(line).items():
            if (column := model.vocabulary.get(term)) is not None:
                x[column] = model.weights[column] * (1 + np.log(n) if kind == "tfidf" else 1)
        if x.any():
            x /= np.linalg.norm(x)
        expected.append(1 / (1 + np.exp(-(x @ model.linear.coef + model.linear.intercept))))
    assert model.probabilities(lines) == pytest.approx(expected)
    assert [model.probabilities([line])[0] for line in lines] == model.probabilities(lines).tolist()


def test_tfidf_weights_are_smoothed_inverse_document_frequencies(section: Baseline) -> None:
    model = fit("tfidf", section)
    fitted = [set(n_grams(line)) for line, held in zip(LINES, VALID, strict=True) if not held]
    expected = [np.log((1 + len(fitted)) / (1 + sum(t in terms for terms in fitted))) + 1 for t in model.vocabulary]
    assert model.weights == pytest.approx(expected)


def test_the_mean_of_vectors(rng: np.random.Generator) -> None:
    vectors = rng.normal(size=(4, 3)).astype(np.float32)
    reviews = Ragged(np.array([0, 1, 1, 3], np.int32), np.array([0, 3, 3, 4], np.int64))
    expected = [(vectors[0] + 2 * vectors[1]) / 3, np.zeros(3), vectors[3]]
    np.testing.assert_allclose(mean_vectors(reviews, vectors), expected, rtol=1e-6, atol=1e-7)


def test_the_best_c_on_validation_is_kept_and_of_equals_the_smallest(rng: np.random.Generator) -> None:
    features = rng.normal(size=(200, 5))
    labels = (features @ [1, -1, 2, 0, 0] + rng.normal(size=200) > 0).astype(np.int8)
    valid = np.arange(200) >= 150
    tried = [100.0, 1e-4, 1.0, 10.0]
    linear = fit_linear(features, labels, valid, tried)
    assert sorted(linear.valid_accuracy) == sorted(tried)
    best = min(linear.valid_log_loss.values())
    assert min(C for C, loss in linear.valid_log_loss.items() if loss == best) == linear.C
    z = features[valid] @ linear.coef + linear.intercept
    assert linear.valid_accuracy[linear.C] == ((z > 0) == (labels[valid] == 1)).mean()
    assert best == pytest.approx(log_loss(labels[valid], linear.probabilities(features[valid])))


def test_fitting_does_not_use_the_validation_reviews(section: Baseline, rng: np.random.Generator) -> None:
    reviews, words = ids_of(LINES)
    vectors = rng.normal(size=(len(words), 6)).astype(np.float32)
    one_c = section.model_copy(update={"C": [1.0]})
    other = np.where(VALID, 1 - LABELS, LABELS).astype(np.int8)
    for kind in ("tfidf", "nbsvm"):
        a, b = (fit(kind, one_c, labels) for labels in (LABELS, other))
        np.testing.assert_array_equal(a.linear.coef, b.linear.coef)
    a, b = (BagOfVectors.fit(reviews, labels, VALID, vectors, one_c.C) for labels in (LABELS, other))
    np.testing.assert_array_equal(a.linear.coef, b.linear.coef)


def test_an_empty_vocabulary_is_reported(section: Baseline) -> None:
    with pytest.raises(InputError, match=r"baseline\.min_df = 99 leaves no n-gram of 24 reviews"):
        fit("tfidf", section.model_copy(update={"min_df": 99}))


def test_loaded_models_predict_the_same_and_their_files_are_the_same_each_time(
    section: Baseline, tmp_path: Path
) -> None:
    reviews, words = ids_of(LINES)
    vectors = np.random.default_rng(1).normal(size=(len(words), 6)).astype(np.float32)
    bag = BagOfVectors.fit(reviews, LABELS, VALID, vectors, section.C)
    tfidf = fit("tfidf", section)
    for name in ("a", "b"):
        bag.save(tmp_path / name / "bag")
        tfidf.save(tmp_path / name / "tfidf")
    for file in (path for path in (tmp_path / "a").rglob("*") if path.is_file()):
        assert file.read_bytes() == (tmp_path / "b" / file.relative_to(tmp_path / "a")).read_bytes()
    read = BagOfVectors.load(tmp_path / "a/bag", vectors)
    np.testing.assert_array_equal(read.probabilities(reviews), bag.probabilities(reviews))
    again = NGrams.load(tmp_path / "a/tfidf", "tfidf")
    np.testing.assert_array_equal(again.probabilities(LINES), tfidf.probabilities(LINES))
    fit("nbsvm", section).save(tmp_path / "a/nbsvm")
    assert NGrams.load(tmp_path / "a/nbsvm", "nbsvm").vocabulary is again.vocabulary  # half the memory
    with pytest.raises(InputError, match="fitted on vectors of size 6, the embeddings have 5"):
        BagOfVectors.load(tmp_path / "a/bag", vectors[:, :5])


def break_it(folder: Path, kind: str) -> None:
    weights = dict(np.load(folder / "weights.npz"))
    config = json.loads((folder / "config.json").read_text())
    if kind == "missing":
        (folder / "weights.npz").unlink()
    elif kind == "cut":
        (folder / "weights.npz").write_bytes((folder / "weights.npz").read_bytes()[:-200])
    elif kind == "dtype":
        np.savez(folder / "weights.npz", **{**weights, "coef": weights["coef"].astype(np.float32)})
    elif kind == "shape":
        np.savez(folder / "weights.npz", **{**weights, "coef": weights["coef"][1:]})
    elif kind == "terms":
        (folder / "terms.txt").unlink()
    elif kind == "twice":
        terms = (folder / "terms.txt").read_text().split("\n")
        (folder / "terms.txt").write_text("\n".join([terms[0], *terms[:1], *terms[2:]]))
    elif kind == "folder":
        (folder / "terms.txt").unlink()
        (folder / "terms.txt").mkdir()
    elif kind == "version":
        (folder / "config.json").write_text(json.dumps({**config, "format": 0}))
    elif kind == "model":
        (folder / "config.json").write_text(json.dumps({**config, "model": "nbsvm"}))
    else:
        (folder / "config.json").write_text(json.dumps({**config, **json.loads(kind)}))


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("missing", r"weights\.npz is missing"),
        ("cut", r"weights\.npz is broken"),
        ("dtype", r"coef is float32"),
        ("shape", r"\d+ terms, \d+ weights, \d+ coefficients"),
        ("terms", r"terms\.txt is missing"),
        ("twice", r"terms\.txt is not a list of terms \(a term occurs twice\)"),
        ("folder", r"terms\.txt is a folder"),
        ("version", r"format 0, but this code reads format 1"),
        ("model", r"tfidf is a nbsvm model, not tfidf; give the folder"),
        ('{"model": ["tfidf"]}', r"config\.json: model is \['tfidf'\], expected a text"),
        ('{"C": "much"}', r"config\.json: C is 'much', expected a number"),
        ('{"valid_accuracy": 1}', r"config\.json: valid_accuracy is 1, expected an object"),
        ('{"valid_accuracy": {"much": 1}}', r"config\.json has scores on validation that are no numbers by C"),
        ('{"valid_accuracy": {"1.0": [1]}}', r"config\.json has scores on validation that are no numbers by C"),
    ],
)
def test_a_broken_folder_is_reported(section: Baseline, tmp_path: Path, kind: str, said: str) -> None:
    fit("tfidf", section).save(tmp_path / "tfidf")
    break_it(tmp_path / "tfidf", kind)
    with pytest.raises(InputError, match=said) as caught:
        NGrams.load(tmp_path / "tfidf", "tfidf")
    assert kind == "model" or "dvc" in str(caught.value)
