"""Choose the best cells of all seeds and write them down: `python -m experiments.search.winners`.

Reads:  experiments/search/runs/evolve-SEED.json
Writes: experiments/search/winners.json, with the graph and the equations of `winner_1` to `winner_5`
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from experiments.record import Figures
from experiments.search.graph import Graph, equation_of, key
from experiments.search.known import GRAPHS
from pipeline.core.errors import InputError
from pipeline.core.files import read_json, write_json

WINNERS, RUNS = Path("experiments/search/winners.json"), Path("experiments/search/runs")
N_WINNERS = 5


def choose(searches: Iterable[Figures]) -> dict[str, Figures]:
    """Return the candidates of the lowest loss by name, each cell once, without those that the search started from."""
    candidates = sorted((one for search in searches for one in search["best"]), key=lambda one: float(one["loss"]))
    seen = {key(graph) for graph in GRAPHS.values()}
    chosen: list[Figures] = []
    for one in candidates:
        if (which := key(Graph.from_json(one["graph"]))) not in seen and len(chosen) < N_WINNERS:
            seen.add(which)
            chosen.append(one)
    return {f"winner_{rank}": one for rank, one in enumerate(chosen, 1)}


def load(name: str, path: Path = WINNERS) -> Callable[..., Any]:
    """Return a winner as an equation for `make_cell`.

    Raises:
        InputError: there is no winner of this name.
    """
    winners = read_json(path)
    if name not in winners:
        raise InputError(f"{path} has no cell {name}; it has {', '.join(winners)}")
    return equation_of(Graph.from_json(winners[name]["graph"]), name)


def main() -> None:
    """Read the searches and write the winners."""
    write_json(WINNERS, choose(read_json(path) for path in sorted(RUNS.glob("evolve-*.json"))))


if __name__ == "__main__":
    main()
