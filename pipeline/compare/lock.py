"""Check with dvc.lock that predictions belong to the parameters committed with them."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from pydantic import BaseModel, ValidationError

from pipeline.core.errors import InputError, one_line
from pipeline.core.params import flatten
from pipeline.core.yaml import parse_yaml


class _Entry(BaseModel):
    """A dependency or an output; other keys than these are not looked at."""

    path: str
    md5: str | None = None


class _Stage(BaseModel):
    """A stage: its dependencies, outputs, and parameters by file."""

    deps: list[_Entry] = []
    outs: list[_Entry] = []
    params: dict[str, dict[str, Any]] = {}


Stages = Mapping[str, _Stage]


class _Lock(BaseModel):
    """What dvc.lock contains."""

    stages: Stages


CHECKS = "params"  # the stage that only checks all parameters: what it writes does not depend on them


def doubts(lock: bytes | None, params: Mapping[str, Any], content: bytes, path: str) -> list[str]:
    """Return the reasons why a file may not be what `dvc repro` makes of these parameters.

    Changes of code are not considered. A stage that has not run since an earlier one changed its input is noticed if
    both list the input by the same path. `evaluate` lists the folder of an LSTM's seeds, `classify` that of one seed.

    Args:
        lock: dvc.lock.
        params: the values of params.yaml in the same revision, by dotted name.
        content: the file.
        path: the file's path in the project, an output of some stage.

    Returns: one clause per reason; none if dvc.lock confirms the file.
    """
    if lock is None:
        return ["there is no dvc.lock to check them against"]
    try:
        stages = _Lock.model_validate(parse_yaml(lock, "dvc.lock")).stages
    except (InputError, ValidationError):
        return ["dvc.lock cannot be read"]
    hashes = {out.path: str(out.md5) for stage in stages.values() for out in stage.outs}
    if not any(_contains(written, path) for written in hashes):
        return ["dvc.lock does not list them"]
    reasons = []
    # A folder has one hash for all its files, from which that of a single file cannot be derived.
    if path in hashes and hashes[path] != hashlib.md5(content).hexdigest():
        reasons.append("they have another hash than in dvc.lock")
    differing: dict[str, tuple[Any, Any]] = {}
    for name in _upstream(stages, path):
        if name != CHECKS and not _of_unlisted_seed(name, params):
            newer = [dep.path for dep in stages[name].deps if hashes.get(dep.path, str(dep.md5)) != str(dep.md5)]
            if newer:
                reasons.append(f"{name} has not run since {', '.join(newer)} changed")
            for values in stages[name].params.values():
                for key, locked in flatten(values):
                    if (now := params.get(key)) != locked:
                        differing[key] = (locked, now)
    for key, (ran_with, now) in differing.items():
        reasons.append(f"they were made with {key} = {_shown(ran_with)}, not {_shown(now)}")
    return reasons


def _shown(value: Any) -> str:
    return one_line(repr(value), 200)


def _contains(folder: str, path: str) -> bool:
    return PurePosixPath(path).is_relative_to(folder)


def _upstream(stages: Stages, path: str) -> Iterator[str]:
    """Yield the stages that a file depends on, first the one that writes it; paths may be folders."""
    seen, waiting = set[str](), [path]
    while waiting:
        wanted = waiting.pop()
        for name, stage in stages.items():
            outs = [out.path for out in stage.outs]
            if name not in seen and any(_contains(out, wanted) or _contains(wanted, out) for out in outs):
                seen.add(name)
                yield name
                waiting += [dep.path for dep in stage.deps]


def _of_unlisted_seed(name: str, params: Mapping[str, Any]) -> bool:
    """Return whether a run of a matrix stage, `classify@lstm_frozen-2`, has a seed that is no longer listed."""
    seeds = params.get("seeds")
    return "@" in name and isinstance(seeds, list) and name.rpartition("-")[2] not in map(str, seeds)
