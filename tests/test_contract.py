"""The contract of dvc.yaml: what a stage imports is what it depends on, and one name means one thing."""

import ast
import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipeline.core.imports import import_closure, imported
from pipeline.core.models import LSTMS
from pipeline.params import Params
from stages.runner import SUPPORT
from tests.conftest import ROOT, loaded_by

PIPELINE: dict[str, Any] = YAML(typ="safe").load(ROOT / "dvc.yaml")
STAGES: dict[str, Any] = PIPELINE["stages"]
CODE = ("stages/", "pipeline/")
SLOW = ("tokenize", "embed", "classify", "maas")
FLOORS = (  # a package imports from those on its left, and within its floor from the ones named before it
    ("core",),
    ("cells",),
    ("fetch", "tokenize", "embed", "baseline", "classify", "maas", "ensemble", "student"),
    ("vectors", "polarity", "evaluate"),
    ("report", "compare", "serve", "deploy"),
)


def closure(stage: str) -> set[str]:
    """Return the files that a stage can load, but for `__init__.py` files, which hold a docstring alone."""
    files = import_closure(ROOT / "stages" / f"{stage}.py")
    return {str(file.relative_to(ROOT)) for file in files if file.name != "__init__.py"}


def code_of(stage: dict[str, Any]) -> list[str]:
    return [dep for dep in stage["deps"] if dep.startswith(CODE)]


def files_of(dep: str) -> set[str]:
    """Return the Python files of a dependency, a file or a folder."""
    path = ROOT / dep
    found = path.rglob("*.py") if path.is_dir() else [path]
    return {str(file.relative_to(ROOT)) for file in found if file.name != "__init__.py"}


def keys_of(stage: dict[str, Any]) -> list[str]:
    """Return the parameters of a stage; one that depends on the whole file names it."""
    return [next(iter(key)) if isinstance(key, dict) else key for key in stage["params"]]


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_imports_nothing_that_it_does_not_depend_on(name: str) -> None:
    listed = set().union(*map(files_of, code_of(STAGES[name])))
    assert closure(name) - listed == set()


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_no_folder_that_it_does_not_import(name: str) -> None:
    assert [dep for dep in code_of(STAGES[name]) if not files_of(dep) & closure(name)] == []


@pytest.mark.parametrize("name", SLOW)
def test_a_slow_stage_imports_every_file_of_its_own_folder(name: str) -> None:
    assert files_of(f"pipeline/{name}") - closure(name) == set()


@pytest.mark.parametrize("name", SLOW)
@pytest.mark.parametrize("word", ["card", "export", "intrinsic", "release", "text", "page", "figures", "runner"])
def test_wording_exports_and_scores_rerun_no_slow_stage(name: str, word: str) -> None:
    assert [file for file in closure(name) if Path(file).stem == word] == []


def test_packages_begin_with_a_docstring_and_nothing_else() -> None:
    for file in [*(ROOT / "pipeline").rglob("__init__.py"), ROOT / "stages/__init__.py"]:
        if file.parent.name == "cells":
            continue  # may offer its cells by name
        body = ast.parse(file.read_text("utf-8")).body
        assert len(body) == 1, file
        assert isinstance(body[0], ast.Expr), file


def test_no_plain_output_is_kept_out_of_the_cache() -> None:
    """DVC saves no run of a stage that has one, so a value put back would run again.

    The studies' result files may: they are the record of their runs; as metrics they would flood `dvc metrics show`.
    """
    for name, stage in STAGES.items():
        assert all(isinstance(out, str) for out in stage.get("outs", [])), name


def test_dvc_yaml_stays_short() -> None:
    assert len((ROOT / "dvc.yaml").read_text("utf-8").splitlines()) <= 220
    assert sum(len(code_of(stage)) for stage in STAGES.values()) <= 55


def test_few_modules_lie_outside_a_package() -> None:
    assert len(list((ROOT / "pipeline").glob("*.py"))) <= 6


def test_stage_file_section_and_package_share_a_name(params: Params) -> None:
    assert set(STAGES) == {file.stem for file in (ROOT / "stages").glob("*.py")} - set(SUPPORT)
    sections = set(Params.model_fields) - {"seeds"}
    assert set(STAGES) - sections == {"params", "report"}
    for name in sections:
        assert name in keys_of(STAGES[name]), name
        assert type(getattr(params, name)).__module__ == f"pipeline.{name}.params"


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_gets_the_sections_that_it_depends_on(name: str) -> None:
    signature = inspect.signature(importlib.import_module(f"stages.{name}").main)
    wanted = {key for key in signature.parameters if key in Params.model_fields}
    keys = keys_of(STAGES[name])
    if keys != ["params.yaml"]:
        assert wanted == {key.partition(".")[0] for key in keys}


def parameters_read(stage: str) -> set[str]:
    """Return the sections and the parameters that the file of a stage reads: `embed` if it passes it on whole."""
    sections = set(Params.model_fields) - {"seeds"}
    read, inside = set(), set()
    for node in ast.walk(ast.parse((ROOT / "stages" / f"{stage}.py").read_text("utf-8"))):  # outer nodes first
        match node:
            case ast.Attribute(ast.Name(section) as name, key) if section in sections:
                read.add(f"{section}.{key}")
                inside.add(name)
            case ast.Name(section) if section in sections and node not in inside:
                read.add(section)
    return read


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_each_parameter_that_it_reads(name: str) -> None:
    keys = keys_of(STAGES[name])
    if keys != ["params.yaml"]:
        assert {key for key in parameters_read(name) if key not in keys and key.partition(".")[0] not in keys} == set()


def test_the_report_shows_every_section() -> None:
    signature = inspect.signature(importlib.import_module("stages.report").main)
    assert set(signature.parameters) == {"progress", *Params.model_fields}


def test_params_yaml_has_the_keys_of_the_models(params: Params) -> None:
    values = YAML(typ="safe").load(ROOT / "params.yaml")
    assert {key: set(value) if isinstance(value, dict) else None for key, value in values.items()} == {
        key: set(value) if isinstance(value, dict) else None for key, value in params.model_dump().items()
    }


def test_every_parameter_that_a_stage_names_exists(params: Params) -> None:
    tree = params.model_dump()
    for stage in STAGES.values():
        for name in set(keys_of(stage)) - {"params.yaml"}:
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
    assert line.removeprefix("Params:").strip().split(", ") == keys_of(STAGES[name])


def test_the_matrix_names_the_models() -> None:
    assert tuple(STAGES["classify"]["matrix"]["model"]) == LSTMS
    for model in LSTMS:
        assert f"artifacts/{model}" in STAGES["evaluate"]["deps"]


def test_small_results_are_kept_in_git_and_reviews_are_not() -> None:
    for name, stage in STAGES.items():
        in_git = [out for kind in ("metrics", "plots") for out in stage.get(kind, [])]
        for out in in_git:
            ((path, options),) = out.items()
            assert path.startswith(("metrics/", "plots/", "predictions/")), name
            assert options["cache"] is False, path
        assert all(out.startswith(("data/", "artifacts/", "report/")) for out in stage["outs"]), name


def test_classify_needs_neither_gensim_nor_nltk_nor_dvc() -> None:
    loaded = loaded_by("import stages.runner, stages.classify")
    assert "torch" in loaded
    assert not {"gensim", "nltk", "dvc"} & loaded


def test_the_parameters_are_checked_without_heavy_libraries() -> None:
    assert not {"torch", "gensim", "nltk", "sklearn", "dvc"} & loaded_by("import stages.runner, stages.params")


def room_of(file: Path) -> str:
    """Return the package of a file of pipeline/, its own name for a module outside one."""
    parts = file.relative_to(ROOT / "pipeline").parts
    return parts[0] if len(parts) > 1 else file.stem


def test_imports_run_one_way() -> None:
    floor = {room: i for i, rooms in enumerate(FLOORS) for room in rooms}
    for file in (ROOT / "pipeline").rglob("*.py"):
        room = room_of(file)
        for other in imported(file):
            assert other.is_relative_to(ROOT / "pipeline"), f"{file} imports {other}"
            below = room_of(other)
            if room == below or room not in floor or below == "__init__":
                continue
            assert below in floor, f"{file} imports {other}"
            later = FLOORS[floor[room]].index(room) if floor[room] == floor[below] else len(FLOORS)
            assert floor[below] <= floor[room], f"{file} imports {other}"
            assert floor[below] < floor[room] or FLOORS[floor[room]].index(below) < later, f"{file} imports {other}"


def test_imports_within_the_library_make_no_circle() -> None:
    # Packages are left out: importing a module runs its package first, and `pipeline.cells` offers make_cell.
    modules = [file for file in (ROOT / "pipeline").rglob("*.py") if file.name != "__init__.py"]
    graph = {file: {other for other in imported(file) if other in modules} for file in modules}
    for file in modules:
        waiting, seen = [*graph[file]], set[Path]()
        while waiting:
            other = waiting.pop()
            assert other != file, f"{file} imports itself through others"
            if other not in seen:
                seen.add(other)
                waiting.extend(graph[other])


def test_the_library_neither_prints_nor_reads_params_yaml() -> None:
    for file in (ROOT / "pipeline").rglob("*.py"):
        if room_of(file) in ("__main__", "commands"):
            continue
        text = file.read_text("utf-8")
        assert "tqdm" not in text, file
        assert "print(" not in text, file
