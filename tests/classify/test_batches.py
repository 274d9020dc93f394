"""Batches: each review once per epoch, little padding, long reviews cut."""

from pathlib import Path

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from pipeline.classify.batches import batches, head_and_tail, load_labelled
from tests.classify.test_network import CONFIG, CPU, ragged, reviews_of


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


@given(st.lists(st.lists(st.integers(0, 9), max_size=9), max_size=5), st.integers(0, 4), st.integers(0, 4))
def test_a_long_review_keeps_its_head_and_tail(rows: list[list[int]], head: int, tail: int) -> None:
    kept = head_and_tail(ragged(rows), head, tail)
    expected = [row if len(row) <= head + tail else row[:head] + row[len(row) - tail :] for row in rows]
    assert [kept[i].tolist() for i in range(len(kept))] == expected


def test_labelled_reviews_are_split_and_keep_the_words_of_the_vocabulary(tmp_path: Path) -> None:
    ragged([[1, 12, 2], [3], [11]]).save(tmp_path)
    np.save(tmp_path / "labels.npy", np.array([1, 0, 1], np.int8))
    np.save(tmp_path / "valid.npy", np.array([False, True, False]))
    train, valid = load_labelled(tmp_path, CONFIG, CPU)
    assert (train.labels.tolist(), valid.labels.tolist()) == ([1, 1], [0])
    assert (train.reviews.lengths.tolist(), valid.reviews.lengths.tolist()) == ([2, 0], [1])
