"""The official test split of IMDB is known by its texts, whatever a copy did to them."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipeline.fetch import official
from pipeline.fetch.imdb import read_imdb
from pipeline.fetch.official import find_official, normalized_digests, official_rows
from pipeline.fetch.reviews import batches_of
from tests.fetch.written import reviews, written

TEST = ['Good, "he" said.<br /><br />Yes.'] + [f"Test {i}." for i in range(9)] + ["Test 0."]
TRAIN = [f"Train {i}." for i in range(49)] + ["Test 1."]


@pytest.fixture(autouse=True)
def small_imdb(request, monkeypatch):
    if "archive" not in request.node.name:
        texts = np.unique(normalized_digests(text.encode() for text in TEST), return_counts=True)
        monkeypatch.setattr(official, "official_texts", lambda: texts)


def test_a_text_is_known_without_its_breaks_case_quotes_and_broken_characters():
    changed = [
        "good, 'he' said. \n\nYes. ",
        "GOOD, he said.<br />yes",
        "Good, \u2019he\u00e2 said. Yes",
        "Good, she said.",
    ]
    assert [place >= 0 for place in find_official(pa.array(changed))] == [True, True, True, False]


def test_the_test_split_is_restored_from_a_copy_without_splits(rng):
    texts = [(TRAIN + TEST)[i] for i in rng.permutation(61)]
    tables, figures = written(batches_of(reviews("train", texts)))
    assert sorted(tables["test"]["text"].to_pylist()) == sorted(TEST)
    assert sorted(tables["train"]["text"].to_pylist()) == sorted(TRAIN)
    assert figures["test_split"] == "official IMDB, restored"
    assert figures["texts_in_both"]["train_test"] == 1


def test_without_duplicates_a_copy_has_each_official_text_once():
    tables, figures = written(batches_of(reviews("train", dict.fromkeys(TRAIN + TEST))))
    assert sorted(tables["test"]["text"].to_pylist()) == sorted(set(TEST))
    assert figures["test_split"] == "official IMDB, restored"


def test_a_copy_that_lacks_a_test_text_is_split_at_random_and_says_so():
    tables, figures = written(batches_of(reviews("train", TRAIN + TEST[1:])))
    assert len(tables["test"]) == 12
    assert figures["test_split"].startswith("random, with 9 of the 10 test texts of IMDB, ")
    assert official_rows(find_official(pa.array(TRAIN + TEST[1:]))) is None


def test_splits_that_are_given_are_kept_and_compared():
    def given(train, test):
        return written(batches_of([*reviews("train", train), *reviews("test", test)]))[1]["test_split"]

    assert given(TRAIN, TEST) == "official IMDB"
    assert given(TRAIN, TEST[:-1]) == "as given, with 10 of the 10 test texts of IMDB, 1 of them in train"
    assert given(TRAIN[:49], ["a", "b"]) == "as given"


def test_the_digests_are_of_25000_reviews():
    digests = np.load(official.PATH, allow_pickle=False)
    assert (len(digests), len(np.unique(digests))) == (25_000, 24_797)


@pytest.mark.skipif("IMDB_ARCHIVE" not in os.environ, reason="reads the official archive")
def test_the_digests_are_those_of_the_archive_and_no_two_texts_share_one(tmp_path):
    normalized: dict[str, list[bytes]] = {"train": [], "test": [], "unsup": []}
    for batch in read_imdb(Path(os.environ["IMDB_ARCHIVE"]), tmp_path):
        for split, text in zip(batch["split"].to_pylist(), batch["text"].to_pylist(), strict=True):
            normalized[split].append(official.normalized(text.encode()))
    assert (np.sort(normalized_digests(normalized["test"])) == np.load(official.PATH)).all()
    distinct = set(normalized["train"]) | set(normalized["test"])
    assert len(np.unique(normalized_digests(distinct))) == len(distinct)
