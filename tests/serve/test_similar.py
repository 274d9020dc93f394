"""The training reviews most similar to a vector."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.baseline.bag_of_vectors import mean_vectors
from pipeline.core.embeddings import Embeddings, unit_vectors
from pipeline.core.errors import InputError
from pipeline.core.ragged import Ragged
from pipeline.serve.similar import SimilarReviews
from tests.conftest import Project


@pytest.fixture
def data(project: Project, tmp_path: Path) -> Path:
    """A copy of the folder that a test may break."""
    copied = tmp_path / "data"
    shutil.copytree(project.folder / "data", copied)
    return copied


@pytest.fixture(scope="module")
def embeddings(project: Project) -> Embeddings:
    return Embeddings.load(project.folder / "artifacts" / "embeddings")


def test_they_have_the_highest_cosines(project: Project, embeddings: Embeddings) -> None:
    similar = SimilarReviews.load(project.folder / "data", embeddings)
    tokens = Ragged.load(project.folder / "data" / "tokens" / "train").below(len(embeddings.words))
    means = mean_vectors(tokens, embeddings.vectors)
    cosines = means @ means[7] / np.linalg.norm(means, axis=1) / np.linalg.norm(means[7])
    found = similar.of(means[7], 4)
    assert [review["cosine"] for review in found] == pytest.approx(sorted(cosines)[:-5:-1], abs=1e-3)
    assert found[0]["cosine"] == 1.0
    texts = pq.read_table(project.folder / "data" / "train.parquet").to_pylist()
    of_id = {row["id"]: row for row in texts}
    for review in found:
        assert review["label"] == of_id[review["id"]]["label"]
        assert of_id[review["id"]]["text"].startswith(review["text"].removesuffix(" …")[:20])


def test_a_review_without_known_words_has_none(project: Project, embeddings: Embeddings) -> None:
    similar = SimilarReviews.load(project.folder / "data", embeddings)
    assert similar.of(np.zeros(embeddings.vectors.shape[1])) == []


def test_asking_for_more_than_all_gives_all() -> None:
    reviews = [{"id": str(i), "label": 1, "rating": 7, "movie": "", "text": "word " * 200} for i in range(3)]
    similar = SimilarReviews(np.eye(3, dtype=np.float32), reviews)
    found = similar.of(np.array([1.0, 3.0, 2.0]), 10)
    assert [review["id"] for review in found] == ["1", "2", "0"]
    assert all(len(review["text"]) <= 320 and review["text"].endswith(" …") for review in found)


@pytest.mark.parametrize("n", [1, 2, 5, 20])
def test_of_many_reviews_the_best_are_taken(rng: np.random.Generator, n: int) -> None:
    units = unit_vectors(rng.normal(size=(500, 3)).astype(np.float32))
    reviews = [{"id": str(i), "label": 1, "rating": 7, "movie": "", "text": "word"} for i in range(len(units))]
    for vector in rng.normal(size=(20, 3)):
        best = np.argsort(-(units @ vector))[:n]
        assert [review["id"] for review in SimilarReviews(units, reviews).of(vector, n)] == [str(i) for i in best]


def test_reviews_dropped_by_tokenize_are_not_offered(data: Path, embeddings: Embeddings) -> None:
    table = pq.read_table(data / "train.parquet")
    extra = table.slice(3, 1).set_column(table.column_names.index("in_test"), "in_test", [[True]])
    pq.write_table(pa.concat_tables([extra, table]), data / "train.parquet")
    similar = SimilarReviews.load(data, embeddings)
    assert [review["id"] for review in similar.reviews] == table["id"].to_pylist()


@pytest.mark.parametrize("kind", ["rows", "words", "parquet", "gone", "types", "no text"])
def test_a_broken_file_or_one_of_another_run_is_named(data: Path, embeddings: Embeddings, kind: str) -> None:
    path = data / "train.parquet"
    if kind == "rows":
        pq.write_table(pq.read_table(path).slice(2), path)
    elif kind == "words":
        types = data / "tokens" / "types.tsv"
        types.write_text("other\t9\n" + types.read_text("utf-8"), "utf-8")
    elif kind in ("types", "no text"):
        table = pq.read_table(path)
        texts = pa.array(
            [1] * len(table) if kind == "types" else [None] * len(table), None if kind == "types" else pa.string()
        )
        pq.write_table(table.set_column(table.column_names.index("text"), "text", texts), path)
    elif kind == "parquet":
        path.write_bytes(path.read_bytes()[:-9])
    else:
        path.unlink()
    with pytest.raises(InputError, match=r"train\.parquet.*dvc"):
        SimilarReviews.load(data, embeddings)


@pytest.mark.parametrize(("movie", "expected"), [("tt0064354", True), ("train-007", False), (None, False)])
def test_imdb_is_recognized_by_its_title_ids(movie: str | None, expected: bool) -> None:
    assert SimilarReviews(np.eye(1, dtype=np.float32), [{"id": "0", "movie": movie}]).of_imdb is expected
