"""dvc.lock is that of this tree: code, commands and parameters. `make check-lock`; needs no data."""

import hashlib
import json
import subprocess
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT

pytestmark = pytest.mark.lock
REMEDY = "run `dvc repro` and commit dvc.lock, metrics/, plots/ and predictions/"


def load(name: str) -> dict[str, Any]:
    path = ROOT / name
    assert path.is_file(), f"{name} is missing; {REMEDY}"
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(path)
    return found


def md5_of(path: Path) -> str:
    """Hash a file, or a folder as DVC does: the md5 of a list of its files' md5s, without files that git ignores."""
    if path.is_file():
        return hashlib.md5(path.read_bytes()).hexdigest()
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "."]
    kept = subprocess.run(listing, cwd=path, capture_output=True, text=True, check=True).stdout.split("\0")
    names = sorted(name for name in set(kept) if name and (path / name).is_file())
    entries = [{"md5": md5_of(path / name), "relpath": name} for name in names]
    return hashlib.md5(json.dumps(entries, sort_keys=True).encode()).hexdigest() + ".dir"


def expected() -> dict[str, tuple[dict[str, Any], str]]:
    """Return by its name in dvc.lock each run of a stage: the stage, and its command."""
    runs, seeds = {}, load("params.yaml")["seeds"]
    for name, stage in load("dvc.yaml")["stages"].items():
        if "matrix" not in stage:
            runs[name] = (stage, stage["cmd"])
            continue
        matrix = {key: seeds if values == "${seeds}" else values for key, values in stage["matrix"].items()}
        for values in product(*matrix.values()):
            command = stage["cmd"]
            for key, value in zip(matrix, values, strict=True):
                command = command.replace(f"${{item.{key}}}", str(value))
            runs[f"{name}@{'-'.join(map(str, values))}"] = (stage, command)
    return runs


def test_every_stage_has_run() -> None:
    locked = load("dvc.lock")["stages"]
    assert set(locked) == set(expected()), REMEDY
    for name, (_, command) in expected().items():
        assert locked[name]["cmd"] == command, REMEDY


@pytest.mark.parametrize("name", expected())
def test_the_code_is_that_of_the_run(name: str) -> None:
    stage, _ = expected()[name]
    locked = {dep["path"]: dep["md5"] for dep in load("dvc.lock")["stages"][name]["deps"]}
    assert set(locked) == set(stage["deps"]), REMEDY
    in_git = [dep for dep in stage["deps"] if dep.startswith(("stages/", "pipeline/", "corpus", "external"))]
    changed = [dep for dep in in_git if md5_of(ROOT / dep) != locked[dep]]
    assert changed == [], f"{', '.join(changed)} changed since {name} ran; {REMEDY}"


@pytest.mark.parametrize("name", expected())
def test_the_parameters_are_those_of_the_run(name: str) -> None:
    stage, _ = expected()[name]
    locked = load("dvc.lock")["stages"][name]["params"]["params.yaml"]
    values = load("params.yaml")

    def value(key: str) -> Any:
        place: Any = values
        for part in key.split("."):
            place = place[part]
        return place

    whole = stage["params"] == [{"params.yaml": None}]
    assert locked == (values if whole else {key: value(key) for key in stage["params"]}), REMEDY


@pytest.mark.parametrize("name", expected())
def test_what_is_kept_in_git_is_what_the_run_wrote(name: str) -> None:
    outs = load("dvc.lock")["stages"][name]["outs"]
    small = [out for out in outs if out["path"].startswith(("metrics/", "plots/", "predictions/"))]
    assert small or name in ("params", "report")
    changed = [out["path"] for out in small if md5_of(ROOT / out["path"]) != out["md5"]]
    assert changed == [], f"{', '.join(changed)} is not what {name} wrote; {REMEDY}"
