"""Presets: as arguments of `dvc exp run`, or written into params.yaml."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from dvc.cli import DvcParserError, parse_args
from dvc.utils.hydra import apply_overrides
from ruamel.yaml import YAML

from pipeline.core.errors import InputError
from pipeline.params import parse
from pipeline.presets import apply, arguments, read_preset
from tests.conftest import ROOT

PARAMS = (ROOT / "params.yaml").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "presets").glob("*.yaml")))
def test_every_preset_matches_params_yaml(name: str) -> None:
    changed = apply(read_preset(ROOT / "presets", name), PARAMS)
    parse(YAML(typ="safe").load(changed))
    assert changed.count("#") == PARAMS.count("#")  # the comments stay


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "presets").glob("*.yaml")))
def test_a_preset_changes_only_the_lines_of_its_parameters(name: str) -> None:
    assert apply({}, PARAMS) == PARAMS
    preset = read_preset(ROOT / "presets", name)
    lines = zip(PARAMS.splitlines(), apply(preset, PARAMS).splitlines(), strict=True)
    changed = {old.split(":")[0].strip() for old, new in lines if old != new}
    assert changed <= {key.split(".")[-1] for key in preset}


def test_a_preset_becomes_arguments(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(
        "seeds: [1, 2]\nembed:\n  pretrained: null\nclassify:\n  bidirectional: false\n  lr: 1e-3\n"
    )
    preset = read_preset(tmp_path, "p")
    values = ["seeds=[1,2]", "embed.pretrained=null", "classify.bidirectional=false", "classify.lr=0.001"]
    assert arguments(preset) == [text for value in values for text in ("-S", value)]


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


@pytest.mark.parametrize("arguments", ["nosuch", "", "two words", "fast.yaml"])
def test_dvc_refuses_what_is_printed_for_an_unknown_preset(arguments: str) -> None:
    shell = f'printf "%s\\n" $("{sys.executable}" -m pipeline preset "{arguments}")'
    done = subprocess.run(["sh", "-c", shell], cwd=ROOT, capture_output=True, text=True, check=True)
    assert f"error: there is no preset '{arguments}' in presets/; the presets are best, demo, fast, gpu" in done.stderr
    with pytest.raises(DvcParserError):
        parse_args(["exp", "run", *done.stdout.splitlines()])


def test_dvc_refuses_what_is_printed_for_a_preset_that_has_no_arguments(tmp_path: Path) -> None:
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets/dask.yaml").write_text("tokenize: {scheduler: tcp://host:8786}")
    command = [sys.executable, "-m", "pipeline", "preset", "dask"]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert "which is no argument; use --write" in done.stderr
    with pytest.raises(DvcParserError):
        parse_args(["exp", "run", *done.stdout.split()])


def test_writing_an_unknown_preset_fails_and_prints_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipeline", "preset", "nosuch", "--write", str(tmp_path / "params.yaml")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")


@pytest.mark.parametrize("value", ["a b", "$(id)", "${oc.env:HOME}", "a;b", "a=b", "*"])
def test_a_value_that_the_shell_would_read_otherwise_is_refused(value: str) -> None:
    with pytest.raises(InputError, match="which is no argument; use --write"):
        arguments({"embed.pretrained": [value]})


def test_a_preset_changes_only_its_values(tmp_path: Path) -> None:
    changed = YAML(typ="safe").load(apply({"classify.lr": 0.5, "seeds": [4]}, PARAMS))
    values = YAML(typ="safe").load(PARAMS)
    values["classify"]["lr"] = 0.5
    values["seeds"] = [4]
    assert changed == values


@pytest.mark.parametrize("key", ["classify.nosuch", "nosuch.lr", "nosuch", "seeds.a", "seeds.a.b"])
def test_an_unknown_parameter_is_named(key: str) -> None:
    with pytest.raises(InputError, match=f"the preset sets {key}, which params.yaml does not have"):
        apply({key: 1}, PARAMS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no preset 'p' .*the presets are other"),
        ("a: [", r"p\.yaml is not readable YAML"),
        ("- 1", r"p\.yaml has no parameters"),
    ],
)
def test_a_broken_preset_is_named(tmp_path: Path, text: str | None, message: str) -> None:
    (tmp_path / "other.yaml").write_text("seeds: [1]")
    if text is not None:
        (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(InputError, match=message):
        read_preset(tmp_path, "p")
