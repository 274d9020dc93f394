"""The embedded corpus: the same each time, fair, and impossible to learn by heart."""

import re

import pyarrow as pa
import pytest

from pipeline.fetch.reviews import COLUMNS
from pipeline.fetch.synthetic import ADJECTIVES, ADVERBS, sample_tables

SIZES = {"n_train": 400, "n_unsup": 50, "n_test": 200}


@pytest.fixture(scope="module")
def tables() -> dict[str, pa.Table]:
    return sample_tables(**SIZES)


def test_the_same_seed_gives_the_same_reviews(tables: dict[str, pa.Table]) -> None:
    assert sample_tables(**SIZES) == tables
    assert sample_tables(**SIZES, seed=1)["train"] != tables["train"]


def test_it_has_the_columns_and_the_balance_of_a_corpus(tables: dict[str, pa.Table]) -> None:
    assert {split: len(table) for split, table in tables.items()} == {"train": 400, "unsup": 50, "test": 200}
    for split in ("train", "test"):
        assert tables[split].schema == COLUMNS
        assert sum(tables[split]["label"].to_pylist()) == len(tables[split]) / 2
    assert tables["unsup"]["label"].null_count == 50


def test_no_text_and_no_movie_comes_twice(tables: dict[str, pa.Table]) -> None:
    texts = [text for table in tables.values() for text in table["text"].to_pylist()]
    assert len(set(texts)) == len(texts)
    movies = [movie for table in tables.values() for movie in set(table["movie"].to_pylist())]
    assert len(set(movies)) == len(movies)


def test_both_labels_use_the_same_words(tables: dict[str, pa.Table]) -> None:
    table = tables["train"]
    for label in (0, 1):
        text = " ".join(
            t for t, y in zip(table["text"].to_pylist(), table["label"].to_pylist(), strict=True) if y == label
        )
        for adjective in (*ADJECTIVES[0].split(), *ADJECTIVES[1].split()):
            assert adjective in text, (label, adjective)


def test_train_and_test_use_different_sentences(tables: dict[str, pa.Table]) -> None:
    words = "|".join((*ADJECTIVES[0].split(), *ADJECTIVES[1].split(), *ADVERBS.split()))

    def frames(split: str) -> set[str]:
        text = " ".join(tables[split]["text"].to_pylist()).replace("<br />", " ")
        blanked = re.sub(rf"\b({words})\b", "_", text)
        return {sentence.strip() for sentence in blanked.split(" .") if sentence.count("_") >= 3}

    shared = frames("train") & frames("test")
    assert frames("test")
    assert len(shared) < 0.02 * len(frames("test"))
