"""The cells that won the search, by name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from experiments.search.graph import Graph, equation_of
from pipeline.core.errors import InputError
from pipeline.core.files import read_json

WINNERS = Path("experiments/search/winners.json")


def load(name: str, path: Path = WINNERS) -> Callable[..., Any]:
    """Return a winner as an equation for `make_cell`.

    Raises:
        InputError: there is no winner of this name.
    """
    winners = read_json(path)
    if name not in winners:
        raise InputError(f"{path} has no cell {name}; it has {', '.join(winners)}")
    return equation_of(Graph.from_json(winners[name]["graph"]), name)
