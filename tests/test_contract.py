"""The contract of dvc.yaml: what a stage imports is what it depends on, and one name means one thing."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipeline.core.models import LSTMS
from pipeline.params import Params
from tests.conftest import ROOT

PIPELINE: dict[str, Any] = YAML(typ="safe").load(ROOT / "dvc.yaml")
STAGES: dict[str, Any] = PIPELINE["stages"]
EXCEPT = {"pipeline/params.py"}  # what it does to a run stands in dvc.lock as values
CODE = ("stages/", "pipeline/")


def imported(path: Path) -> set[Path]:
    """Find the files of this project that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            names = [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        found |= {ROOT / (name.replace(".", "/") + ".py") for name in names}
    return {file for file in found if file.is_file()}


def closure(path: Path) -> set[str]:
    """Find all files of this project that running a file can load."""
    seen, waiting = set[Path](), {path}
    while waiting:
        file = waiting.pop()
        seen.add(file)
        waiting |= imported(file) - seen
    return {str(file.relative_to(ROOT)) for file in seen}


def code_of(stage: dict[str, Any]) -> list[str]:
    return [dep for dep in stage["deps"] if dep.startswith(CODE)]


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_the_modules_that_it_imports(name: str) -> None:
    listed = {dep for dep in code_of(STAGES[name]) if dep.endswith(".py")}
    assert listed == closure(ROOT / "stages" / f"{name}.py") - EXCEPT


@pytest.mark.parametrize("name", STAGES)
def test_every_file_of_code_that_a_stage_depends_on_exists(name: str) -> None:
    assert [dep for dep in code_of(STAGES[name]) if not (ROOT / dep).is_file()] == []


def test_the_report_depends_on_all_that_its_page_is_made_of() -> None:
    made_of = [*(ROOT / "pipeline/templates").iterdir(), *(ROOT / "pipeline/vendor").glob("*.js*")]
    assert {str(path.relative_to(ROOT)) for path in made_of if path.name.startswith(("report.", "macros.", "ve"))} == {
        dep for dep in code_of(STAGES["report"]) if not dep.endswith(".py")
    }


def test_a_stage_has_a_file_of_its_name_and_a_section_or_none() -> None:
    files = {file.stem for file in (ROOT / "stages").glob("*.py")} - {"__init__", "stage"}
    assert set(STAGES) == files
    sections = set(Params.model_fields) - {"seeds"}
    assert set(STAGES) - sections == {"report"}
    for name in sections:
        assert name in STAGES[name]["params"], name


def test_params_yaml_has_the_keys_of_the_models(params: Params) -> None:
    values = YAML(typ="safe").load(ROOT / "params.yaml")
    assert {key: set(value) if isinstance(value, dict) else None for key, value in values.items()} == {
        key: set(value) if isinstance(value, dict) else None for key, value in params.model_dump().items()
    }


def test_every_parameter_that_a_stage_names_exists(params: Params) -> None:
    tree = params.model_dump()
    for stage in STAGES.values():
        for name in stage["params"]:
            section, _, key = name.partition(".")
            assert section in tree, name
            assert not key or key in tree[section], name


def test_no_parameter_has_a_default() -> None:
    for name, field in Params.model_fields.items():
        assert field.is_required(), name
        for key, inner in getattr(field.annotation, "model_fields", {}).items():
            assert inner.is_required(), f"{name}.{key}"


def test_only_evaluate_reads_test() -> None:
    assert [name for name, stage in STAGES.items() if "data/test.parquet" in stage["deps"]] == ["evaluate"]
    for name, stage in STAGES.items():
        assert "data" not in stage["deps"], name  # a whole folder would bring test along


@pytest.mark.parametrize("name", STAGES)
def test_the_docstring_of_a_stage_names_its_parameters(name: str) -> None:
    text = importlib.import_module(f"stages.{name}").__doc__
    assert text is not None
    line = next(line for line in text.splitlines() if line.startswith("Params:"))
    assert line.removeprefix("Params:").strip().split(", ") == STAGES[name]["params"]


def test_the_matrix_names_the_models_of_params() -> None:
    assert tuple(STAGES["classify"]["matrix"]["model"]) == LSTMS
    for model in LSTMS:
        assert f"artifacts/{model}" in STAGES["evaluate"]["deps"]


def test_small_results_are_kept_in_git_and_reviews_are_not() -> None:
    for name, stage in STAGES.items():
        outs: list[Any] = [*stage["outs"], *stage.get("metrics", [])]
        uncached = {next(iter(out)) for out in outs if isinstance(out, dict)}
        cached = {out for out in outs if isinstance(out, str)}
        assert all(out.startswith(("metrics/", "plots/", "predictions/")) for out in uncached), name
        assert all(out.startswith(("data/", "artifacts/", "report/")) for out in cached), name


def test_classify_needs_neither_gensim_nor_nltk_nor_dvc() -> None:
    code = "import sys, stages.classify; print(*{m.partition('.')[0] for m in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "torch" in loaded.split()
    assert not {"gensim", "nltk", "dvc"} & set(loaded.split())


def test_the_library_does_not_import_the_stages() -> None:
    for file in (ROOT / "pipeline").glob("*.py"):
        assert not any(found.parent.name == "stages" for found in imported(file)), file


def test_imports_within_the_library_make_no_circle() -> None:
    for file in (ROOT / "pipeline").glob("*.py"):
        for other in imported(file):
            assert str(file.relative_to(ROOT)) not in closure(other), f"{file} and {other}"
