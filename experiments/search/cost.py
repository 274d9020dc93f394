"""Print what the search will cost before it is run: `python -m experiments.search.cost`; a few seconds.

A gated cell takes a few steps of each task and of the training on reviews. The seconds are those of the processor, so
other work on the machine does not count. How many candidates are rejected is not known before, so the cost of the
search is printed for all and for none of them; a large candidate takes longer than the cell that is measured.

Reads:  data/tokens/train/ (how many reviews there are)
"""

import math
import time
from dataclasses import replace
from pathlib import Path

import torch

from experiments.cells.cost import N_WORDS, seconds_per_step
from experiments.search import imdb, tasks
from experiments.search.choose import N_WINNERS
from experiments.search.evolve import N_CANDIDATES
from experiments.search.known import COMPARED
from pipeline.classify.network import NetworkConfig
from pipeline.core.ragged import load_labels
from stages.runner import read_params

CELL, N_STEPS = "gru_cho", 10  # measured; steps
N_SEARCHES, N_SEEDS = 2, 3
OVERHEAD = 3.0  # seconds of each training on reviews for loading


def seconds_of(task: tasks.Task, n_steps: int = N_STEPS) -> float:
    """Return the processor's seconds of one training on a task, from a few steps."""
    taken: list[float] = []
    for n in (1, 1, n_steps + 1):  # the first warms up
        started = time.process_time()
        tasks.learn(CELL, replace(task, n_steps=n), tasks.RATES[0], 1)
        taken.append(time.process_time() - started)
    return max(0.0, taken[2] - taken[1]) / n_steps * task.n_steps


def seconds_on_reviews(vector_size: int, batch_size: int) -> float:
    """Return the processor's seconds of one training on reviews, of one epoch."""
    n_tokens = imdb.SETTINGS["head_tokens"], imdb.SETTINGS["tail_tokens"]
    size = imdb.width(CELL, vector_size)
    config = NetworkConfig(N_WORDS, vector_size, size, 1, False, tuple(imdb.SETTINGS["pooling"]), *n_tokens, CELL)
    _, valid = load_labels(Path("data/tokens/train"))
    n_steps = math.ceil(int((~valid).sum()) / batch_size) + math.ceil(int(valid.sum()) / batch_size)
    step = seconds_per_step(config, batch_size)
    return OVERHEAD + n_steps * step


def main() -> None:
    """Measure, and print minutes of one core."""
    torch.set_num_threads(1)
    params = read_params()
    quick, order = seconds_of(tasks.TASKS["memory"]), len(tasks.RATES) * seconds_of(tasks.TASKS["order"])
    reviews = len(imdb.RATES) * seconds_on_reviews(params.embed.vector_size, params.classify.batch_size)
    n_runs = (len(COMPARED) + N_WINNERS) * N_SEEDS
    searches, least = N_SEARCHES * N_CANDIDATES * (quick + order) / 60, N_SEARCHES * N_CANDIDATES * quick / 60
    comparison = n_runs * (quick + order + reviews) / 60
    print(f"a candidate: {quick:.1f} s for the task that rejects, {order:.1f} s for the one that ranks")
    print(f"{N_SEARCHES} searches of {N_CANDIDATES} candidates: {least:.0f} to {searches:.0f} min of one core")
    print(f"{n_runs} comparisons, {quick + order + reviews:.0f} s each: {comparison:.0f} min of one core")
    print(
        f"together {(least + comparison) / 60:.1f} to {(searches + comparison) / 60:.1f} hours of one undisturbed core"
    )


if __name__ == "__main__":
    main()
