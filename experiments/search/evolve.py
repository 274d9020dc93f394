"""The search: mutate one of the best cells so far, reject it by a quick task, rank it by a long-lag task.

Each candidate has random numbers of its own, made of the seed and its number, so an interrupted search goes on with the
same candidates.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from experiments.record import Figures
from experiments.search.graph import Graph, equation_of, equations, key
from experiments.search.known import GRAPHS, STARTS
from experiments.search.mutate import mutate
from experiments.search.tasks import TASKS, best, learn
from pipeline.core.digest import digest_of
from pipeline.core.errors import InputError
from pipeline.core.files import read_object, write_json
from pipeline.core.imports import import_closure

N_CANDIDATES = 200  # of each seed
N_PARENTS, N_KEPT = 8, 10
QUICK_RATE, LEAST_ACCURACY = 0.03, 0.9  # of the task that rejects
TRIES = 50  # for a mutation that was not tried before


@dataclass(frozen=True)
class Candidate:
    """A cell that was tried.

    Attributes:
        number: counts from 1; 0 for the cells that the search starts from.
        parent: the number of the cell that it was made of.
        memory: accuracy on the task that rejects.
        loss: on the task that ranks, see `Learned`; None if it was rejected.
    """

    number: int
    parent: int
    graph: Graph
    memory: float
    loss: float | None

    def to_json(self) -> Figures:
        """Return the candidate as JSON values, with its equations."""
        facts = {"number": self.number, "parent": self.parent, "memory": self.memory, "loss": self.loss}
        return {**facts, "equations": equations(self.graph), "graph": self.graph.to_json()}

    @classmethod
    def from_json(cls, given: Figures) -> "Candidate":
        """Read a candidate back."""
        graph = Graph.from_json(given["graph"])
        return cls(given["number"], given["parent"], graph, given["memory"], given["loss"])


def judge(graph: Graph, number: int, parent: int, seed: int) -> Candidate:
    """Try a cell on the task that rejects and, if it passes, on the one that ranks."""
    equation = equation_of(graph)
    memory = learn(equation, TASKS["memory"], QUICK_RATE, seed).accuracy
    loss = best(equation, TASKS["order"], seed).loss if memory >= LEAST_ACCURACY else None
    return Candidate(number, parent, graph, round(memory, 4), None if loss is None else round(loss, 5))


def ranked(tried: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates that were not rejected, the lowest loss first."""
    kept = [one for one in tried if one.loss is not None]
    return sorted(kept, key=lambda one: (one.loss, one.number))


def next_graph(tried: Sequence[Candidate], rng: Random) -> tuple[Graph, int] | None:
    """Mutate one of the best candidates into a cell that was not tried; return it with its parent's number."""
    seen = {key(one.graph) for one in tried}
    parents = ranked(tried)[:N_PARENTS] or list(tried)
    for _ in range(TRIES):
        parent = rng.choice(parents)
        graph = mutate(parent.graph, rng)
        if graph is not None and key(graph) not in seen:
            return graph, parent.number
    return None


class Log:
    """The candidates tried so far, kept in a file that belongs to a seed, this code and its settings."""

    def __init__(self, path: Path, facts: dict[str, Any]) -> None:
        self.path, self.key = path, digest_of(facts, import_closure(Path(__file__)))

    def load(self) -> list[Candidate]:
        """Read the candidates back; none if there are none of this key."""
        try:
            saved = read_object(self.path)
        except InputError:
            return []
        return [Candidate.from_json(one) for one in saved["tried"]] if saved.get("key") == self.key else []

    def save(self, tried: Sequence[Candidate]) -> None:
        """Write the candidates."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_json(self.path, {"key": self.key, "tried": [one.to_json() for one in tried]})


def evolve(seed: int, n_candidates: int = N_CANDIDATES, folder: Path = Path(".checkpoints")) -> Figures:
    """Search with one seed.

    Args:
        seed: of the mutations and of the trainings.
        n_candidates: to try, beside the cells that the search starts from.
        folder: for what an interrupted search goes on from.

    Returns: the best candidates, how many were tried and rejected, and the losses of the cells at the start.
    """
    log = Log(folder / f"search-{seed}.json", {"seed": seed, "n": n_candidates})
    tried, started = log.load(), time.process_time()
    n_starts = len(STARTS)
    for i in range(len(tried), n_starts + n_candidates):
        if i < n_starts:
            graph, parent = GRAPHS[STARTS[i]], 0
        else:
            made = next_graph(tried, Random(f"{seed}-{i}"))
            if made is None:
                break
            graph, parent = made
        one = judge(graph, max(0, i - n_starts + 1), parent, seed)
        tried.append(one)
        log.save(tried)
        done = f"loss {one.loss:.4f}" if one.loss is not None else "rejected"
        print(f"  candidate {one.number} of {n_candidates}: {done}, best {ranked(tried)[0].loss}", flush=True)
    log.path.unlink(missing_ok=True)
    candidates = tried[n_starts:]
    return {
        "n_candidates": len(candidates),
        "n_rejected": sum(one.loss is None for one in candidates),
        "starts": {name: one.loss for name, one in zip(STARTS, tried, strict=False)},
        "n_better": sum(one.loss is not None and one.loss < min_loss(tried[:n_starts]) for one in candidates),
        "processor_seconds": round(time.process_time() - started, 1),
        "best": [one.to_json() for one in ranked(candidates)[:N_KEPT]],
    }


def min_loss(tried: Sequence[Candidate]) -> float:
    """Return the lowest loss of the task that ranks, infinite if all were rejected."""
    return min((one.loss for one in tried if one.loss is not None), default=float("inf"))
