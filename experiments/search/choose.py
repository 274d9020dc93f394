"""Try the best cells of all seeds on reviews and write down the winners: `python -m experiments.search.choose`.

The tasks have one-hot inputs; a cell whose state is unbounded can rank first there and diverge on word vectors.

Reads:  experiments/search/runs/evolve-SEED.json, data/tokens/train/, artifacts/embeddings/
Writes: experiments/search/winners.json, with the graph and the equations of `winner_1` to `winner_5`
"""

from collections.abc import Iterable
from pathlib import Path

import torch

from experiments.record import Figures
from experiments.search.graph import Graph, equation_of, key
from experiments.search.imdb import best_on_imdb
from experiments.search.known import GRAPHS
from experiments.search.winners import WINNERS
from pipeline.core.files import read_json, write_json
from stages.runner import read_params

RUNS = Path("experiments/search/runs")
N_WINNERS, SEED = 5, 0  # no other training on reviews has this seed


def candidates(searches: Iterable[Figures]) -> list[Figures]:
    """Return the best candidates of each search, each cell once, without those that the searches started from."""
    seen = {key(graph) for graph in GRAPHS.values()}
    different: list[Figures] = []
    for search in searches:
        for one in search["best"]:
            if (which := key(Graph.from_json(one["graph"]))) not in seen:
                seen.add(which)
                different.append(one)
    return different


def on_reviews(one: Figures) -> Figures:
    """Return a candidate with its log loss on the validation reviews, that of the better learning rate."""
    equation = equation_of(Graph.from_json(one["graph"]), "candidate")
    return {**one, "reviews_log_loss": best_on_imdb(equation, SEED, read_params().classify)["log_loss"]}


def choose(tried: Iterable[Figures]) -> dict[str, Figures]:
    """Return the candidates of the lowest log loss on reviews by name."""
    best = sorted(tried, key=lambda one: float(one["reviews_log_loss"]))[:N_WINNERS]
    return {f"winner_{rank}": one for rank, one in enumerate(best, 1)}


def main() -> None:
    """Read the searches, try their best cells on reviews, and write the winners."""
    torch.set_num_threads(1)
    tried = []
    for one in candidates(read_json(path) for path in sorted(RUNS.glob("evolve-*.json"))):
        tried.append(on_reviews(one))
        print(f"  loss {one['loss']}, on reviews {tried[-1]['reviews_log_loss']}", flush=True)
    write_json(WINNERS, choose(tried))


if __name__ == "__main__":
    main()
