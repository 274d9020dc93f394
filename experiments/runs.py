"""The runs of a study: those that its file of results lacks, as many at once as there are cores.

A file of results is `{key, "items": {name: {seed: figures}}}`. `key` holds the parameters that the figures rest on:
with others the file is left alone, unless it is told to start anew. It is written after each run, so that a study that
was stopped goes on, on another machine too; each run tells its commit, its seconds and its hardware.
"""

import argparse
import fnmatch
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from experiments.elsewhere import ROOT
from pipeline.core.files import read_json, write_json
from pipeline.params import Params
from pipeline.report.tables import write_between_marks
from pipeline.tokenize.tokenizer import available_cores
from stages.runner import hardware

Figures: TypeAlias = dict[str, Any]
Items: TypeAlias = dict[str, dict[str, Figures]]  # figures by name and by seed


@dataclass(frozen=True)
class Study:
    """Runs to be made.

    Attributes:
        results: the file of results.
        document: a Markdown file that has the table between marks, and the name of the marks.
        key: what the figures rest on.
        measure: by name, what gives the figures of a seed.
        core_seconds: by name, about how long that keeps one core busy.
        table: the results in Markdown.
    """

    results: Path
    document: tuple[Path, str]
    key: Mapping[str, Any]
    measure: Mapping[str, Callable[[int], Figures]]
    core_seconds: Mapping[str, float]
    table: Callable[[Items], str]


def sections(params: Params, *names: str) -> dict[str, Any]:
    """Return sections of the parameters as the key of a study, without what a study sets itself or nothing rests on."""
    return params.model_dump(include=set(names), exclude={"classify": {"num_threads", "tensorboard"}})


def differing(a: Any, b: Any, name: str = "") -> list[str]:
    """Return the dotted names under which two trees of dictionaries differ."""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        parts = (differing(a.get(key), b.get(key), f"{name}.{key}") for key in dict.fromkeys([*a, *b]))
        return [found for part in parts for found in part]
    return [] if a == b else [name.removeprefix(".")]


def known(study: Study, *, fresh: bool) -> Items:
    """Return the results that there are, none if `fresh`; ends the program where they rest on other parameters."""
    items: Items = {}
    if study.results.exists() and not fresh:
        found = read_json(study.results)
        if changed := differing(found["key"], study.key):
            sys.exit(f"error: {study.results} rests on other values of {', '.join(changed)}; --fresh starts it anew")
        items = found["items"]
    return {name: items.get(name, {}) for name in study.measure}


def commit() -> str:
    """Name the commit whose code runs, with a plus sign where code or parameters differ from it."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True).stdout.strip()

    changed = git("status", "--porcelain", "--", "*.py", "params.yaml")
    return (git("rev-parse", "--short=10", "HEAD") or "unknown") + "+" * bool(changed)


def mean_and_deviation(values: Iterable[float]) -> str:
    """Write the mean, with the standard deviation where there are several values: `0.9150 ± 0.0071`."""
    listed = list(values)
    spread = f" ± {statistics.stdev(listed):.4f}" if len(listed) > 1 else ""
    return f"{statistics.mean(listed):.4f}{spread}"


def machines(items: Items) -> str:
    """Name the hardware of all runs."""
    return ", ".join(sorted({run["hardware"] for by_seed in items.values() for run in by_seed.values()}))


def complete(study: Study, items: Items, seeds: Sequence[int], *, only: str = "*", limit: int | None = None) -> None:
    """Make the runs that `items` lacks, of names like `only`; put each into `items` and the file of results.

    What they will cost is printed first.
    """
    names = fnmatch.filter(study.measure, only)
    lacking = [(name, seed) for seed in seeds for name in names if str(seed) not in items[name]][:limit]
    n_jobs = available_cores()
    work = sum(study.core_seconds[name] for name, _ in lacking)
    longest = max((study.core_seconds[name] for name, _ in lacking), default=0.0)
    print(f"{len(lacking)} runs to go, {n_jobs} at once: about {max(work / n_jobs, longest) / 60:.0f} min", flush=True)
    facts = {"commit": commit(), "hardware": hardware()}

    def one(name: str, seed: int) -> Figures:
        started = time.perf_counter()
        figures = study.measure[name](seed)
        return {**figures, "seconds": round(time.perf_counter() - started, 1), **facts}

    with ThreadPoolExecutor(n_jobs) as pool:
        futures = {pool.submit(one, name, seed): (name, seed) for name, seed in lacking}
        try:
            for future in as_completed(futures):
                name, seed = futures[future]
                items[name][str(seed)] = future.result()
                write_json(study.results, {"key": study.key, "items": items})
                print(f"{name}, seed {seed}: {future.result()}", flush=True)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def main(study: Study, program: str, description: str, *, seeds: Sequence[int]) -> None:
    """Run the study's command line."""
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=description)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(seeds), help="those to be run")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="runs of such names: '*labels*'")
    parser.add_argument("--runs", type=int, help="stop after so many; 0 writes the table of what there is")
    parser.add_argument("--fresh", action="store_true", help="forget the results that there are")
    arguments = parser.parse_args()
    items = known(study, fresh=arguments.fresh)
    complete(study, items, arguments.seeds, only=arguments.only, limit=arguments.runs)
    print(study.table(items))
    write_between_marks(*study.document, study.table(items))
