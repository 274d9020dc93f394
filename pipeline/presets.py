"""Presets: files presets/<name>.yaml of a few parameters that differ from params.yaml."""

from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.core.errors import InputError
from pipeline.core.params import flatten


def read_preset(folder: Path, name: str) -> dict[str, Any]:
    """Read a preset as `{"section.key": value}`.

    Raises:
        InputError: there is no such preset, or its file is not YAML.
    """
    path = folder / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in folder.glob("*.yaml"))) or "none"
        raise InputError(f"{path} does not exist; there are the presets {known}")
    try:
        values = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    except (YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not readable YAML: {error}") from None
    if not isinstance(values, Mapping):
        raise InputError(f"{path} holds no parameters; see presets/demo.yaml")
    return dict(flatten(values))


def arguments(preset: Mapping[str, Any]) -> list[str]:
    """Return the preset as arguments of `dvc exp run`: -S key=value."""
    found = []
    for key, value in preset.items():
        text = "[" + ",".join(map(str, value)) + "]" if isinstance(value, list) else str(value)
        found += ["-S", f"{key}={text.lower() if isinstance(value, bool) else text}"]
    return found


def apply(preset: Mapping[str, Any], params: str) -> str:
    """Return the text of a params.yaml with the preset's values in it; its comments stay.

    Raises:
        InputError: the preset names a parameter that params.yaml lacks.
    """
    yaml = YAML()
    yaml.preserve_quotes = True
    values = yaml.load(params)
    for key, value in preset.items():
        place = values
        *sections, last = key.split(".")
        for section in sections:
            place = place.get(section, {})
        if last not in place:
            raise InputError(f"the preset sets {key}, which params.yaml does not have")
        place[last] = value
    text = StringIO()
    yaml.dump(values, text)
    return text.getvalue()
