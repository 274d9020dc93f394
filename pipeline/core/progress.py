"""How the work of a stage reports its progress, without knowing who watches."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

Advance = Callable[[int], object]  # called with a number of units done


class Progress(Protocol):
    """What a stage is given to report to."""

    def bar(self, description: str, total: int, unit: str) -> AbstractContextManager[Advance]:
        """Open a progress bar of `total` units; the context yields what advances it."""

    def epoch(self, number: int, of: int, **figures: float) -> None:
        """Report the figures of epoch `number`, from 1, of at most `of`."""
