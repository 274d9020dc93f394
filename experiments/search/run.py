"""Search for cells, or compare one: `python -m experiments.search.run evolve SEED` and `... compare CELL SEED`.

CELL is `winner_1` to `winner_5`, or a cell of the table. A comparison trains it anew on the search's two tasks and on
reviews, with a seed that the search did not use.

Reads:  for `compare` experiments/search/winners.json, data/tokens/train/, artifacts/embeddings/
Writes: experiments/search/runs/evolve-SEED.json or compare-CELL-SEED.json
"""

import sys

import torch

from experiments.record import Figures, record
from experiments.search.evolve import QUICK_RATE, evolve
from experiments.search.imdb import best_on_imdb
from experiments.search.known import COMPARED
from experiments.search.tasks import TASKS, best, learn
from experiments.search.winners import load
from stages.runner import read_params

OTHER_SEEDS = 1000  # is added to the seeds of a comparison


def compare(name: str, seed: str) -> Figures:
    """Return how a cell learns both tasks, and its scores on the validation reviews."""
    cell = name if name in COMPARED else load(name)
    other = OTHER_SEEDS + int(seed)
    memory, order = learn(cell, TASKS["memory"], QUICK_RATE, other), best(cell, TASKS["order"], other)
    return {
        "memory": round(memory.accuracy, 4),
        "order_loss": round(order.loss, 5),
        "order_accuracy": round(order.accuracy, 4),
        **best_on_imdb(cell, int(seed), read_params().classify),
    }


def measure(what: str, *arguments: str) -> Figures:
    """Search or compare, on one thread."""
    torch.set_num_threads(1)
    return evolve(int(arguments[0])) if what == "evolve" else compare(*arguments)


if __name__ == "__main__":
    record("search", measure, *sys.argv[1:])
