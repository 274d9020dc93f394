"""Presets: files presets/<name>.yaml with values for some parameters of params.yaml."""

import re
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq

from pipeline.core.errors import InputError
from pipeline.core.params import flatten
from pipeline.core.yaml import parse_yaml

NULL = "tag:yaml.org,2002:null"  # by default, ruamel.yaml writes it as an empty value


def read_preset(folder: Path, name: str) -> dict[str, Any]:
    """Read a preset as `{"section.key": value}`.

    Raises:
        InputError: there is no such preset, or its file is not YAML or has no parameters.
    """
    path = folder / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in folder.glob("*.yaml"))) or "none"
        raise InputError(f"there is no preset {name!r} in {folder}/; the presets are {known}")
    values = parse_yaml(path.read_bytes(), path)
    if not isinstance(values, Mapping):
        raise InputError(f"{path} has no parameters; see presets/demo.yaml")
    return dict(flatten(values))


def arguments(preset: Mapping[str, Any]) -> list[str]:
    """Return the preset as arguments of `dvc exp run`: -S key=value, without quotes or spaces."""
    return [text for key, value in preset.items() for text in ("-S", f"{key}={_override(value)}")]


def _override(value: Any) -> str:
    """Return a value in the syntax of Hydra's overrides.

    Raises:
        InputError: it has other characters than letters, digits, `_`, `.`, `+` and `-`.
    """
    if isinstance(value, list):
        return "[" + ",".join(map(_override, value)) + "]"
    text = {"None": "null", "True": "true", "False": "false"}.get(str(value), str(value))
    if not re.fullmatch(r"[\w.+-]*", text):  # the shell or Hydra would read more than a value
        raise InputError(f"the preset has the value {text!r}, which is no argument; use --write")
    return text


def apply(preset: Mapping[str, Any], params: str) -> str:
    """Return the text of a params.yaml with the preset's values in it; comments are kept.

    Raises:
        InputError: the preset sets a parameter that params.yaml does not have.
    """
    parse_yaml(params.encode(), "params.yaml")  # within its limits
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1000  # no line is wrapped
    yaml.representer.add_representer(type(None), lambda writer, _: writer.represent_scalar(NULL, "null"))
    values = yaml.load(params)
    for key, value in preset.items():
        place = values
        *sections, last = key.split(".")
        for section in sections:
            place = place.get(section, {}) if isinstance(place, dict) else {}
        if not isinstance(place, dict) or last not in place:
            raise InputError(f"the preset sets {key}, which params.yaml does not have; correct its name")
        if isinstance(value, list):
            place[last] = CommentedSeq(value)
            place[last].fa.set_flow_style()  # on one line, as in params.yaml
        else:
            place[last] = value
    text = StringIO()
    yaml.dump(values, text)
    return text.getvalue()
