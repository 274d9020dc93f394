"""Train a cell on a task with three seeds, on one thread: `python -m experiments.long_lags.run TASK CELL`.

Writes: experiments/long_lags/runs/TASK-CELL.json

With --length, --lag, --cap or --seeds it is a trial, which prints its figures and writes nothing.
"""

import argparse
import json
import math
import sys
import time
from dataclasses import replace

import numpy as np
import torch

from experiments.long_lags.gradients import gradient_norms
from experiments.long_lags.tasks.table import Task, task_of
from experiments.long_lags.train import Outcome, start, train
from experiments.record import Figures, record
from pipeline.core.errors import InputError

SEEDS = (1, 2, 3)
GRADIENT_TASK = "latch_100"  # whose networks show the vanishing gradient
N_GRADIENT, EVERY = 4, 5  # sequences, and every so many steps


def rounded(value: float) -> float | None:
    """Return four significant digits; None for what is not a number or infinite."""
    return float(f"{value:.4g}") if math.isfinite(value) else None


def gradients(task: Task, outcome: Outcome) -> dict[str, list[float | None]]:
    """Return the norms of dh_T / ds_t by steps back from T, of the untrained and the trained network."""
    batch = task.draw(np.random.default_rng(0), N_GRADIENT, task.length, task.lag)
    x = torch.from_numpy(batch.inputs)
    back: list[float | None] = [float(steps) for steps in range(0, x.shape[1] + 1, EVERY)]
    norms = {"steps_back": back}
    for name, network in (("untrained", outcome.untrained), ("trained", outcome.network)):
        if name == "untrained" or not outcome.diverged:
            norms[name] = [rounded(norm) for norm in gradient_norms(network.layers, x)[::-1][::EVERY]]
    return norms


def one_run(task: Task, cell: str, seed: int) -> tuple[Figures, Outcome]:
    """Train one network and return its figures."""
    started = time.perf_counter()
    outcome = train(task, cell, seed)
    score = outcome.score
    figures: Figures = {
        "seed": seed,
        "solved": outcome.solved,
        "sequences": outcome.sequences,
        "diverged": outcome.diverged,
        "wrong_frac": rounded(score.n_wrong / score.n),
        "mean_error": rounded(score.mean_error),
    }
    if task.bands:
        figures["squared_error"] = dict(zip(task.bands, map(rounded, score.squared), strict=True))
    return {**figures, "training_seconds": round(time.perf_counter() - started, 1)}, outcome


def measure_task(task: Task, cell: str, seeds: tuple[int, ...], with_gradients: bool) -> Figures:
    """Return the figures of a cell on a task, with the gradients of the first seed if asked for."""
    start(task, cell, 0)  # checks the cell and the lag before anything takes time
    figures: Figures = {"cell": cell, "length": task.length, "lag": task.lag, "cap": task.cap, "seeds": []}
    for seed in seeds:
        one, outcome = one_run(task, cell, seed)
        figures["seeds"].append(one)
        if with_gradients and seed == seeds[0]:
            figures["gradients"] = gradients(task, outcome)
    return figures


def measure(task: str, cell: str) -> Figures:
    """Return the figures of a run of the study.

    Raises:
        InputError: there is no such task or cell.
    """
    return measure_task(task_of(task), cell, SEEDS, task == GRADIENT_TASK)


def main(arguments: list[str]) -> None:
    """Make a run, or a trial; print what is wrong with the arguments in one line."""
    parser = argparse.ArgumentParser("python -m experiments.long_lags.run", description="a cell on a task")
    parser.add_argument("task")
    parser.add_argument("cell")
    parser.add_argument("--length", type=int, help="steps of the shortest sequence")
    parser.add_argument("--lag", type=int, help="steps from the last input that counts to the target")
    parser.add_argument("--cap", type=int, help="training sequences at most")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    try:
        if (given.length, given.lag, given.cap, given.seeds) == (None, None, None, list(SEEDS)):
            record("long_lags", measure, given.task, given.cell)
            return
        task = task_of(given.task, given.length, given.lag)
        task = replace(task, cap=task.cap if given.cap is None else given.cap)
        print(json.dumps(measure_task(task, given.cell, tuple(given.seeds), False), indent=2))
    except InputError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
