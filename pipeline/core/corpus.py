"""corpus.txt: the tokens of one review per line, joined by spaces; those of train come first, then those of unsup."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


class CorpusLines:
    """Some lines, read from the file each time that they are iterated over.

    Args:
        path: the file.
        chosen: int64, the numbers of the lines, from 0, in rising order.
    """

    def __init__(self, path: Path, chosen: NDArray[np.int64]) -> None:
        self._path, self._chosen = path, chosen

    def __iter__(self) -> Iterator[str]:
        wanted = iter(self._chosen.tolist())
        following = next(wanted, None)
        with open(self._path, encoding="utf-8", newline="\n") as lines:
            for number, line in enumerate(lines):
                if number == following:
                    yield line.removesuffix("\n")
                    following = next(wanted, None)
