"""Ragged rows from plain lists and back."""

import numpy as np

from pipeline.core.ragged import Ragged


def ragged(rows: list[list[int]]) -> Ragged:
    offsets = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    return Ragged(np.array([i for row in rows for i in row], np.int32), offsets)


def as_lists(reviews: Ragged) -> list[list[int]]:
    return [reviews[i].tolist() for i in range(len(reviews))]
