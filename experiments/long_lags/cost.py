"""Print what the study costs at most, from the speed of this machine: `python -m experiments.long_lags.cost`.

A few batches of each run are timed, in seconds of processor time, so that other programs hardly matter. A run that
meets its criterion before the cap takes less.
"""

import time
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import torch
from ruamel.yaml import YAML
from tabulate import tabulate

from experiments.long_lags.run import SEEDS
from experiments.long_lags.tasks.table import TASKS, Task
from experiments.long_lags.train import BATCH, CHECK_EVERY, CHUNK, outputs_of, start, step

STUDY = Path(__file__).with_name("dvc.yaml")
N_TIMED = 2  # batches
START_SECONDS = 4.0  # to start Python, load torch, and let DVC record the result


def matrix() -> tuple[list[str], list[str]]:
    """Return the tasks and the cells of the study."""
    listed = YAML(typ="safe", pure=True).load(STUDY)["stages"]["run"]["matrix"]
    return list(listed["task"]), list(listed["cell"])


def seconds(work: Callable[[], object], times: int) -> float:
    """Return the processor time of some work, the mean of a few times."""
    started = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - started) / times


def at_most(task: Task, cell: str) -> float:
    """Return the seconds of a run whose seeds all go to the cap."""
    network, optimizer = start(task, cell, 1)
    rng = np.random.default_rng(1)

    def train() -> object:
        return step(network, optimizer, task.draw(rng, BATCH, task.length, task.lag), task.output)

    def check() -> object:
        return outputs_of(network, task.draw(rng, CHUNK, task.length, task.lag), task.output)

    train()  # the first is slower
    a_batch, a_check = seconds(train, N_TIMED), seconds(check, 1)
    return START_SECONDS + len(SEEDS) * task.cap / BATCH * (a_batch + a_check / CHECK_EVERY)


def table(tasks: Sequence[str], cells: Sequence[str]) -> str:
    """Return the minutes of each run and the hours of all, as text."""
    predicted = {(task, cell): at_most(TASKS[task], cell) for task, cell in product(tasks, cells)}
    rows = [[task, *(f"{predicted[task, cell] / 60:.1f}" for cell in cells)] for task in tasks]
    total = sum(predicted.values()) / 3600
    return (
        f"{tabulate(rows, ['minutes at most', *cells], disable_numparse=True)}\n\n"
        f"{len(predicted)} runs of {len(SEEDS)} seeds: at most {total:.1f} hours of one core, {total / 2:.1f} of two"
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(table(*matrix()))
