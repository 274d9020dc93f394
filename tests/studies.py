"""The pipelines of the studies."""

from typing import Any

from ruamel.yaml import YAML

from tests.conftest import ROOT

YAML_READER = YAML(typ="safe", pure=True)
STUDIES: dict[str, dict[str, Any]] = {
    path.parent.name: YAML_READER.load(path)["stages"] for path in sorted((ROOT / "experiments").glob("*/dvc.yaml"))
}


def values_of(study: str, axis: Any) -> list[Any]:
    """The values of an axis of a matrix; `${name}` is a list among the file's variables."""
    if isinstance(axis, list):
        return axis
    variables = YAML_READER.load(ROOT / "experiments" / study / "dvc.yaml")["vars"]
    return next(group[axis[2:-1]] for group in variables if axis[2:-1] in group)
