"""Slices of the test reviews: every review in one group, each group scored like the whole."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluate.metrics import score
from pipeline.evaluate.slices import accuracies, by_quantile, groups_of


@given(st.lists(st.integers(0, 40), min_size=1, max_size=60), st.integers(1, 6))
def test_every_value_is_in_one_group_and_groups_do_not_overlap(values: list[int], n: int) -> None:
    groups = by_quantile(np.array(values), "d", n)
    assert len(groups) <= n
    np.testing.assert_array_equal(sum(inside.astype(int) for inside in groups.values()), np.ones(len(values)))
    ends = [(np.array(values)[inside].min(), np.array(values)[inside].max()) for inside in groups.values()]
    assert all(earlier[1] < later[0] for earlier, later in pairwise(ends))
    assert list(groups) == [f"{a} to {b}" if a < b else f"{a}" for a, b in ends]


def test_groups_of_distinct_values_have_equal_size() -> None:
    assert [inside.sum() for inside in by_quantile(np.arange(100), "d", 5).values()] == [20] * 5


def test_groups_with_the_same_name_are_merged() -> None:
    groups = by_quantile(np.array([0.1001, 0.1002, 0.1003]), ".1%", 3)
    assert {name: inside.tolist() for name, inside in groups.items()} == {"10.0%": [True, True, True]}


def test_without_known_values_there_are_no_groups() -> None:
    assert by_quantile(np.array([np.nan, np.nan]), "d") == {}


def test_reviews_are_split_by_length_stars_and_unknown_words() -> None:
    lengths, n_known = np.array([4, 0, 10, 10]), np.array([4, 0, 9, 5])
    groups = groups_of(lengths, n_known, [10, 1, 10, None])
    assert {name: inside.tolist() for name, inside in groups["rating"].items()} == {
        "1": [False, True, False, False],
        "10": [True, False, True, False],
    }
    assert {name: inside.tolist() for name, inside in groups["oov"].items()} == {
        "none": [True, True, False, False],  # an empty review lacks no word
        "10.0%": [False, False, True, False],
        "50.0%": [False, False, False, True],
    }
    assert sum(inside.sum() for inside in groups["length"].values()) == 4


def test_without_stars_there_is_no_slice_by_them() -> None:
    assert groups_of(np.array([1, 2]), np.array([1, 2]), [None, None])["rating"] == {}


def test_a_group_is_scored_like_the_whole(rng: np.random.Generator) -> None:
    labels, p = rng.integers(0, 2, 200).astype(np.int8), rng.random((2, 200))
    half = np.arange(200) < 100
    rows = accuracies({"length": {"all": np.ones(200, bool), "half": half}}, labels, {"bag": p})
    whole = score(labels, p)
    assert rows[0] == {
        "slice": "length",
        "group": "all",
        "n": 200,
        "model": "bag",
        "accuracy": whole["accuracy"],
        "low": whole["accuracy_low"],
        "high": whole["accuracy_high"],
    }
    assert rows[1]["n"] == 100
    assert rows[1]["accuracy"] == pytest.approx(score(labels[half], p[:, half])["accuracy"])
