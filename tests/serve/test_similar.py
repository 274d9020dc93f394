"""The training reviews nearest to a vector."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.baseline.bag_of_vectors import mean_vectors
from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError
from pipeline.core.ragged import Ragged
from pipeline.serve.similar import NearestReviews
from tests.conftest import Project


@pytest.fixture
def data(project: Project, tmp_path: Path) -> Path:
    """A copy of the folder, to be broken."""
    copied = tmp_path / "data"
    shutil.copytree(project.folder / "data", copied)
    return copied


@pytest.fixture(scope="module")
def embeddings(project: Project) -> Embeddings:
    return Embeddings.load(project.folder / "artifacts" / "embeddings")


def test_they_are_those_of_the_highest_cosine(project: Project, embeddings: Embeddings) -> None:
    nearest = NearestReviews.load(project.folder / "data", embeddings)
    tokens = Ragged.load(project.folder / "data" / "tokens" / "train").below(len(embeddings.words))
    means = mean_vectors(tokens, embeddings.vectors)
    cosines = means @ means[7] / np.linalg.norm(means, axis=1) / np.linalg.norm(means[7])
    found = nearest.of(means[7], 4)
    assert [review["cosine"] for review in found] == pytest.approx(sorted(cosines)[:-5:-1], abs=1e-3)
    assert found[0]["cosine"] == 1.0
    texts = pq.read_table(project.folder / "data" / "train.parquet").to_pylist()
    of_id = {row["id"]: row for row in texts}
    for review in found:
        assert review["label"] == of_id[review["id"]]["label"]
        assert of_id[review["id"]]["text"].startswith(review["text"].removesuffix(" …")[:20])


def test_a_review_without_words_is_near_nothing(project: Project, embeddings: Embeddings) -> None:
    nearest = NearestReviews.load(project.folder / "data", embeddings)
    assert nearest.of(np.zeros(embeddings.vectors.shape[1])) == []


def test_more_than_there_are_is_all_of_them() -> None:
    reviews = [{"id": str(i), "label": 1, "rating": 7, "text": "word " * 200} for i in range(3)]
    nearest = NearestReviews(np.eye(3, dtype=np.float32), reviews)
    found = nearest.of(np.array([1.0, 3.0, 2.0]), 10)
    assert [review["id"] for review in found] == ["1", "2", "0"]
    assert all(len(review["text"]) <= 320 and review["text"].endswith(" …") for review in found)


def test_reviews_that_tokenize_left_out_are_left_out(data: Path, embeddings: Embeddings) -> None:
    table = pq.read_table(data / "train.parquet")
    extra = table.slice(3, 1).set_column(table.column_names.index("in_test"), "in_test", [[True]])
    pq.write_table(pa.concat_tables([extra, table]), data / "train.parquet")
    nearest = NearestReviews.load(data, embeddings)
    assert [review["id"] for review in nearest.reviews] == table["id"].to_pylist()


@pytest.mark.parametrize("kind", ["rows", "words", "parquet", "gone"])
def test_what_is_broken_or_of_another_run_is_named(data: Path, embeddings: Embeddings, kind: str) -> None:
    path = data / "train.parquet"
    if kind == "rows":
        pq.write_table(pq.read_table(path).slice(2), path)
    elif kind == "words":
        types = data / "tokens" / "types.tsv"
        types.write_text("other\t9\n" + types.read_text("utf-8"), "utf-8")
    elif kind == "parquet":
        path.write_bytes(path.read_bytes()[:-9])
    else:
        path.unlink()
    with pytest.raises(InputError, match=r"train\.parquet.*dvc"):
        NearestReviews.load(data, embeddings)
