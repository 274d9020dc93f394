"""dvc.lock as a witness: do predictions belong to the parameters that stand beside them?"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

Stages = Mapping[str, Mapping[str, Any]]


def _inside(path: str, folder: str) -> bool:
    return PurePosixPath(path).is_relative_to(folder) or PurePosixPath(folder).is_relative_to(path)


def _upstream(stages: Stages, path: str) -> Iterator[str]:
    """Yield the stages that a file comes from, the one that writes it first."""
    seen, waiting = set[str](), [path]
    while waiting:
        wanted = waiting.pop()
        for name, stage in stages.items():
            if name not in seen and any(_inside(out["path"], wanted) for out in stage.get("outs", [])):
                seen.add(name)
                yield name
                waiting += [dep["path"] for dep in stage.get("deps", [])]


def doubts(lock: bytes | None, params: Mapping[str, Any], content: bytes, path: str) -> list[str]:
    """Say why a file may not be what `dvc repro` makes of these parameters.

    Args:
        lock: dvc.lock.
        params: the values of params.yaml beside it.
        content: the file.
        path: the file's path in the project, an output of some stage.

    Returns: a clause a reason; none if dvc.lock vouches for the file. What changed in code or data is not looked at.
    """
    if lock is None:
        return ["there is no dvc.lock that says where they are from"]
    try:
        stages: Stages = YAML(typ="safe", pure=True).load(lock)["stages"]
    except (YAMLError, UnicodeDecodeError, TypeError, KeyError):
        return ["dvc.lock cannot be read"]
    written = {out["path"]: out.get("md5") for stage in stages.values() for out in stage.get("outs", [])}
    if path not in written:
        return ["dvc.lock does not know them"]
    found = []
    if hashlib.md5(content).hexdigest() != written[path]:
        found.append("they are not the ones that dvc.lock names")
    differing: dict[str, tuple[Any, Any]] = {}
    seeds = {str(seed) for seed in params.get("seeds") or []}
    for name in _upstream(stages, path):
        # The lock keeps the runs of seeds that are listed no more.
        if "@" in name and seeds and name.rpartition("-")[2] not in seeds:
            continue
        for key, ran_with in _values(stages[name].get("params", {})):
            if (now := _at(params, key)) != ran_with:
                differing[key] = (ran_with, now)
    found += [f"they were made with {key} = {ran_with!r}, not {now!r}" for key, (ran_with, now) in differing.items()]
    return found


def _values(files: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Yield the parameters of a stage, `baseline.C` and its value, a section's one by one."""
    for values in files.values():
        for key, value in values.items():
            if isinstance(value, Mapping):
                yield from ((f"{key}.{inner}", one) for inner, one in value.items())
            else:
                yield key, value


def _at(params: Mapping[str, Any], key: str) -> Any:
    place: Any = params
    for part in key.split("."):
        place = place.get(part) if isinstance(place, Mapping) else None
    return place
