"""Presets: a few parameters, as arguments or written into params.yaml."""

import subprocess
import sys
from pathlib import Path

import pytest
from dvc.utils.hydra import apply_overrides
from ruamel.yaml import YAML

from pipeline.core.errors import InputError
from pipeline.params import parse
from pipeline.presets import apply, arguments, read_preset
from tests.conftest import ROOT

PARAMS = (ROOT / "params.yaml").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "presets").glob("*.yaml")))
def test_every_preset_fits_params_yaml(name: str) -> None:
    changed = apply(read_preset(ROOT / "presets", name), PARAMS)
    parse(YAML(typ="safe").load(changed))
    assert changed.count("#") == PARAMS.count("#")  # the comments stay


def test_a_preset_becomes_arguments(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("seeds: [1, 2]\nclassify:\n  bidirectional: false\n  lr: 1e-3\n")
    preset = read_preset(tmp_path, "p")
    assert arguments(preset) == ["-S", "seeds=[1,2]", "-S", "classify.bidirectional=false", "-S", "classify.lr=0.001"]


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "presets").glob("*.yaml")))
def test_dvc_makes_of_the_printed_arguments_what_write_makes(name: str, tmp_path: Path) -> None:
    shell = f'printf "%s\\n" $("{sys.executable}" -m pipeline preset {name})'
    done = subprocess.run(["sh", "-c", shell], cwd=ROOT, capture_output=True, text=True, check=True)
    split = done.stdout.splitlines()
    assert set(split[::2]) == {"-S"}
    params = tmp_path / "params.yaml"
    params.write_text(PARAMS)
    apply_overrides(str(params), split[1::2])
    yaml = YAML(typ="safe")
    assert yaml.load(params) == yaml.load(apply(read_preset(ROOT / "presets", name), PARAMS))


def test_a_preset_changes_its_values_alone(tmp_path: Path) -> None:
    changed = YAML(typ="safe").load(apply({"classify.lr": 0.5, "seeds": [4]}, PARAMS))
    values = YAML(typ="safe").load(PARAMS)
    values["classify"]["lr"] = 0.5
    values["seeds"] = [4]
    assert changed == values


@pytest.mark.parametrize("key", ["classify.nosuch", "nosuch.lr", "nosuch"])
def test_an_unknown_parameter_is_named(key: str) -> None:
    with pytest.raises(InputError, match=f"the preset sets {key}, which params.yaml does not have"):
        apply({key: 1}, PARAMS)


@pytest.mark.parametrize(
    ("text", "said"), [(None, "there are the presets other"), ("a: [", "YAML"), ("- 1", "holds no")]
)
def test_a_broken_preset_is_named(tmp_path: Path, text: str | None, said: str) -> None:
    (tmp_path / "other.yaml").write_text("seeds: [1]")
    if text is not None:
        (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(InputError, match=rf"p\.yaml .*{said}"):
        read_preset(tmp_path, "p")
