"""The callbacks by which a stage reports progress; what they show is up to the caller."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

Advance = Callable[[int], object]  # takes the number of units done since the last call


class Progress(Protocol):
    """The receiver of a stage's progress."""

    def bar(self, description: str, total: int, unit: str) -> AbstractContextManager[Advance]:
        """Open a progress bar of `total` units; the context manager yields the function that advances it."""

    def epoch(self, number: int, of: int, **figures: float) -> None:
        """Report the figures of an epoch: `number` counts from 1, at most to `of`."""
