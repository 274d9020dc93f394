"""Batches: each review once per epoch, little padding, long reviews cut."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from pipeline.classify.batches import batches, load_labelled
from tests.classify.networks import CONFIG, CPU, reviews_of
from tests.rows import ragged


def test_a_batch_is_padded_to_a_multiple_of_32() -> None:
    ids, lengths = reviews_of([[], [3]]).batch(torch.tensor([0, 1]))
    assert ids.tolist() == [[11] * 32, [3] + [11] * 31]
    assert lengths.tolist() == [1, 1]


@given(st.lists(st.integers(0, 50), min_size=1, max_size=300), st.integers(1, 20), st.integers(0, 5))
def test_each_review_is_in_one_batch(lengths: list[int], batch_size: int, seed: int) -> None:
    planned = batches(torch.tensor(lengths), batch_size, torch.Generator().manual_seed(seed))
    assert sorted(torch.cat(planned).tolist()) == list(range(len(lengths)))
    assert all(1 <= len(rows) <= batch_size for rows in planned)


def test_batches_have_little_padding_and_change_from_epoch_to_epoch() -> None:
    lengths = torch.from_numpy(np.random.default_rng(1).integers(20, 400, 6400))
    generator = torch.Generator().manual_seed(1)
    first, second = batches(lengths, 64, generator), batches(lengths, 64, generator)
    padded = sum(int(lengths[rows].max()) * len(rows) for rows in first)
    assert padded < 1.05 * int(lengths.sum())
    assert {tuple(sorted(rows.tolist())) for rows in first} != {tuple(sorted(rows.tolist())) for rows in second}


IDS = st.lists(st.lists(st.integers(0, 14), max_size=9), min_size=1, max_size=5)


@given(IDS, IDS, st.integers(0, 4), st.integers(1, 4))
def test_a_batch_has_the_known_words_of_head_and_tail(
    rows: list[list[int]], others: list[list[int]], head: int, tail: int
) -> None:
    config = replace(CONFIG, head_tokens=head, tail_tokens=tail)
    known = [[i for i in row if i < CONFIG.n_words] for row in (*rows, *others)]
    expected = [row if len(row) <= head + tail else row[:head] + row[len(row) - tail :] for row in known]
    reviews = reviews_of(rows, config) + reviews_of(others, config)
    order = torch.arange(len(expected)).flip(0)
    ids, lengths = reviews.batch(order)
    assert reviews.lengths.tolist() == list(map(len, expected))
    assert lengths.tolist() == [max(1, len(row)) for row in reversed(expected)]
    assert ids.tolist() == [row + [CONFIG.n_words] * (ids.shape[1] - len(row)) for row in reversed(expected)]


def test_labelled_reviews_are_split_and_keep_the_words_of_the_vocabulary(tmp_path: Path) -> None:
    ragged([[1, 12, 2], [3], [11]]).save(tmp_path)
    np.save(tmp_path / "labels.npy", np.array([1, 0, 1], np.int8))
    np.save(tmp_path / "valid.npy", np.array([False, True, False]))
    train, valid = load_labelled(tmp_path, CONFIG, CPU)
    assert (train.labels.tolist(), valid.labels.tolist()) == ([1, 1], [0])
    assert (train.reviews.lengths.tolist(), valid.reviews.lengths.tolist()) == ([2, 0], [1])
