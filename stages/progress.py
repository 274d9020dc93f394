"""What a stage shows while it works: a bar on a terminal, a line per epoch elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm


class Terminal:
    """The `pipeline.core.progress.Progress` of every stage: how progress looks is no concern of the stage."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._first_epoch: int | None = None

    @contextmanager
    def bar(self, description: str, total: int, unit: str) -> Iterator[Callable[[int], object]]:
        """Show a bar on a terminal; yield what advances it by a number of units."""
        self._started, self._first_epoch = time.perf_counter(), None
        with tqdm(total=total, unit=unit, unit_scale=True, desc=description, mininterval=2, disable=None) as bar:
            yield bar.update

    def epoch(self, number: int, of: int, **figures: float) -> None:
        """Print the figures of an epoch and the time left, where no bar shows them: in a log or a queue.

        Args:
            number: of the epoch, from 1.
            of: the most epochs there can be.
            figures: by name, validation_accuracy say.
        """
        if sys.stderr.isatty():
            return
        if self._first_epoch is None:
            self._first_epoch = number
        done = number - self._first_epoch + 1
        left = (time.perf_counter() - self._started) / done * (of - number)
        shown = ", ".join(f"{name.replace('_', ' ')} {value:.4f}" for name, value in figures.items())
        when = f"about {left / 60:.0f} min left" if left >= 90 else f"about {left:.0f} s left"
        print(f"  epoch {number} of {of}: {shown}{'; ' + when if number < of else ''}", flush=True)
