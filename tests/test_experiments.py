"""The studies: their matrices, their results, their tables, and a small study run by DVC."""

import json
import shutil
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

import experiments.cells.table
import experiments.search.table
from experiments.labels import subset
from experiments.machines import table as machines
from experiments.presets import run as presets
from experiments.table import read_runs, table
from pipeline.cells.stack import FAMILIES
from pipeline.core.imports import import_closure
from pipeline.core.models import LSTMS
from pipeline.core.params import flatten
from pipeline.core.ragged import Ragged
from pipeline.core.vocabulary import read_types
from pipeline.params import Params, parse
from pipeline.presets import apply
from pipeline.report.markers import between_markers
from tests.conftest import ROOT, Project
from tests.studies import STUDIES, YAML_READER, values_of

# Studies with more than one table.
OWN_TABLES = {"cells": experiments.cells.table.main, "search": experiments.search.table.main}
RUN_STAGES = [(study, name) for study, stages in STUDIES.items() for name in stages if "matrix" in stages[name]]
# Changes to these rerun no study: they present results, check parameters, or are recorded as values in dvc.lock.
NO_DEPENDENCY = {"stages/runner.py", "stages/progress.py", "pipeline/presets.py", "pipeline/params.py"}
# New cells change these; each run of the study of cells depends on the file of its own cell's family.
OF_OTHER_CELLS = {f"pipeline/cells/{name}.py" for name in ("stack", "table", *FAMILIES)}
NOT_RUN = [study for study in STUDIES if not (ROOT / "experiments" / study / "dvc.lock").exists()]
RUN = {"accuracy": 0.92, "log_loss": 0.2, "seconds": 3600.0, "hardware": "2 x A"}


def combinations(study: str, stage: dict[str, Any]) -> list[dict[str, Any]]:
    axes = [values_of(study, axis) for axis in stage["matrix"].values()]
    return [dict(zip(stage["matrix"], values, strict=True)) for values in product(*axes)]


def filled(text: str, item: dict[str, Any]) -> str:
    for key, value in flatten(item):
        text = text.replace(f"${{item.{key}}}", str(value))
    assert "${" not in text
    return text


def results_of(study: str) -> set[str]:
    names = set()
    for stage in STUDIES[study].values():
        for item in combinations(study, stage) if "matrix" in stage else []:
            ((name, options),) = stage["outs"][0].items()
            assert options == {"cache": False}
            names.add(filled(name, item))
    return names


def test_every_folder_with_a_study_has_a_table_and_a_page() -> None:
    for study in STUDIES:
        assert {"README.md", "table.py"} <= {path.name for path in (ROOT / "experiments" / study).iterdir()}


def test_no_output_of_a_study_is_cached() -> None:
    """Else `dvc pull` and `dvc checkout` of the whole project fail as long as the study has not run."""
    outs = [out for stages in STUDIES.values() for stage in stages.values() for out in stage.get("outs", [])]
    assert all(list(out.values()) == [{"cache": False}] for out in outs)


def test_a_study_that_has_not_run_says_so() -> None:
    for study in NOT_RUN:
        assert "The study has not run yet.\n" in (ROOT / "experiments" / study / "README.md").read_text("utf-8")


@pytest.mark.parametrize("study", STUDIES)
def test_the_result_files_are_those_of_the_matrix(study: str) -> None:
    files = {str(path.relative_to(ROOT)) for path in (ROOT / "experiments" / study / "runs").glob("*.json")}
    assert files <= results_of(study) if study in NOT_RUN else files == results_of(study)
    for name in files:
        figures = json.loads((ROOT / name).read_text("utf-8"))
        assert {"commit", "hardware"} <= set(figures), name


@pytest.mark.parametrize(("study", "name"), RUN_STAGES)
def test_a_run_writes_one_uncached_file_named_by_its_arguments(study: str, name: str) -> None:
    stage = STUDIES[study][name]
    assert "metrics" not in stage  # 75 of them would flood `dvc metrics show`
    assert stage["wdir"] == "../.."
    for item in combinations(study, stage):
        arguments = filled(stage["cmd"], item).split(f" {study} ")[-1].split("run ")[-1].split()
        ((path, _),) = stage["outs"][0].items()
        assert filled(path, item) == f"experiments/{study}/runs/{'-'.join(arguments)}.json"
        assert all(set(str(value)) <= set("abcdefghijklmnopqrstuvwxyz_0123456789") for _, value in flatten(item))


@pytest.mark.parametrize(("study", "name"), RUN_STAGES)
def test_a_run_depends_on_the_code_that_it_executes(study: str, name: str) -> None:
    stage = STUDIES[study][name]
    listed = [dep for dep in stage["deps"] if dep.startswith(("experiments/", "stages/", "pipeline/"))]
    roots = [ROOT / dep for dep in listed if dep.endswith(".py") and "${" not in dep]
    closure = {str(path.relative_to(ROOT)) for root in roots for path in import_closure(root)}
    missing = {
        path
        for path in closure
        if not any(path == dep or path.startswith(f"{dep}/") for dep in listed)
        and not path.endswith(("__init__.py", "/params.py"))
    }
    checks = {str(path.relative_to(ROOT)) for path in import_closure(ROOT / "pipeline/params.py")}
    allowed = NO_DEPENDENCY | (OF_OTHER_CELLS if "pipeline/cells" not in listed else set())
    assert missing - checks <= allowed


def test_no_study_depends_on_the_bytes_of_the_vectors() -> None:
    """They differ between processors in the last bits; `dvc status` is clean on any machine."""
    deps = {dep for study, name in RUN_STAGES for dep in STUDIES[study][name]["deps"] if dep.startswith("artifacts")}
    assert deps == {"artifacts/embeddings/config.json", "artifacts/embeddings/vocab.tsv"}


def test_each_technique_of_the_ablation_is_one_of_the_default(params: Params) -> None:
    techniques = YAML_READER.load(ROOT / "experiments/ablation/techniques.yaml")
    assert list(techniques) == STUDIES["ablation"]["run"]["matrix"]["technique"]
    text = (ROOT / "params.yaml").read_text("utf-8")
    seen = set()
    for name, changes in techniques.items():
        model = changes.pop("model", "lstm_finetuned")
        assert model in LSTMS
        changed = parse(YAML_READER.load(apply({f"classify.{key}": value for key, value in changes.items()}, text)))
        assert (changed == params) == (not changes), name
        seen.add((model, changed.model_dump_json()))
    assert len(seen) == len(techniques)
    length = params.classify.head_tokens + params.classify.tail_tokens
    assert techniques["tail_of_long_reviews"] == {"head_tokens": length, "tail_tokens": 0}
    assert techniques["head_of_long_reviews"] == {"head_tokens": 0, "tail_tokens": length}
    assert techniques["lower_learning_rate_for_vectors"] == {"embedding_lr": params.classify.lr}


def test_the_parameters_that_are_changed_exist_and_the_default_is_among_the_variants(params: Params) -> None:
    for change in STUDIES["parameters"]["run"]["matrix"]["change"]:
        key, _, value = change.rpartition("_")
        assert change == "default" or getattr(params.embed, key) not in (None, int(value))
    matrix = STUDIES["word2vec"]["run"]["matrix"]
    assert params.embed.architecture in matrix["architecture"]
    assert params.embed.loss in matrix["loss"]


@pytest.mark.parametrize("study", [study for study in STUDIES if study not in {*OWN_TABLES, *NOT_RUN}])
def test_the_pages_have_the_committed_results(study: str) -> None:
    page = (ROOT / "experiments" / study / "README.md").read_text("utf-8")
    text = table(study, read_runs(ROOT / "experiments" / study / "runs"))
    assert between_markers(page, "runs", text) == page, f"run `python -m experiments.table {study}`"


@pytest.mark.parametrize("study", OWN_TABLES)
def test_the_pages_of_own_tables_have_the_committed_results(study: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if study in NOT_RUN:
        pytest.skip("the study has not run yet")
    written: list[tuple[Path, str, str]] = []
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(f"experiments.{study}.table.write_between_markers", lambda *given: written.append(given))
    OWN_TABLES[study]()
    assert written
    for path, name, text in written:
        page = path.read_text("utf-8")
        assert between_markers(page, name, text) == page, f"run `python -m experiments.{study}.table`"


def test_the_table_of_the_ablation() -> None:
    other = {"accuracy": 0.91, "log_loss": 0.3, "hardware": "4 x B"}
    lines = table("ablation", {"warmup": [RUN], "max_pooling": [{**RUN, "log_loss": 0.4}], "nothing": [RUN, other]})
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines.splitlines()[2:5]]
    assert cells == [
        ["nothing", "2", "0.9150 ± 0.0071", "0.2500 ± 0.0707"],
        ["max pooling", "1", "0.9200", "0.4000"],
        ["warmup", "1", "0.9200", "0.2000"],
    ]
    assert lines.splitlines()[-1] == "4 runs, 4.0 hours of one core: 2 x A, 4 x B."


def test_the_tables_of_the_vectors() -> None:
    scores = {
        "analogies": {"accuracy": 0.15, "coverage": 0.4},
        "semantic": {"accuracy": 0.1, "coverage": 0.25},
        "syntactic": {"accuracy": 0.2, "coverage": 0.5},
        "wordsim353": {"spearman": 0.3, "coverage": 0.9},
        "simlex999": {"spearman": 0.4, "coverage": 1.0},
    }
    run = {**RUN, "bag_of_vectors": 0.9, "lstm_frozen": 0.93, "lstm_frozen_log_loss": 0.2, "embed_seconds": 700.0}
    run |= scores
    line = table("word2vec", {"cbow-negative_sampling": [run]}).splitlines()[2]
    assert [cell.strip() for cell in line.split("|")[1:-1]] == [
        "cbow, negative sampling", "0.100 (25 %)", "0.200 (50 %)", "0.300 (90 %)", "0.400 (100 %)",
        "1", "0.9000", "0.9300", "0.2000", "700",
    ]  # fmt: skip
    lines = table("parameters", {"negative_10": [run], "negative_2": [run], "default": [run]}).splitlines()[2:5]
    assert [line.split("|")[2].strip() for line in lines] == ["default", "2", "10"]
    assert [line.split("|")[3].strip() for line in lines] == ["0.150 (40 %)"] * 3


def test_the_table_of_the_labels() -> None:
    runs = {
        "linear-all": [{**RUN, "bag_of_vectors": 0.89, "nbsvm": 0.91}],
        "lstm_frozen-100": [{**RUN, "lstm_frozen": 0.7}, {**RUN, "lstm_frozen": 0.8}],
    }
    lines = table("labels", runs).splitlines()[2:4]
    assert [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines] == [
        ["100", "2", "", "", "", "0.7500 ± 0.0707", ""],
        ["all", "1", "0.8900", "0.9100", "", "", ""],
    ]


def test_fewer_labels_are_balanced_and_include_all_validation_reviews(rng: np.random.Generator) -> None:
    given, valid = (rng.random(1000) < 0.4).astype(np.int8), rng.random(1000) < 0.1
    kept = subset.draw(given, valid, 100, seed=1)
    assert kept[valid].all()
    assert given[kept & ~valid].tolist().count(1) == 50
    assert (kept & ~valid).sum() == 100
    assert (subset.draw(given, valid, 100, seed=1) == kept).all()
    assert (subset.draw(given, valid, 100, seed=2) != kept).any()


def test_fewer_labels_keep_ids_and_text_together(project: Project, tmp_path: Path) -> None:
    subset.write_with_fewer_labels(project.folder, tmp_path, 100, seed=1)
    train = tmp_path / "data/tokens/train"
    reviews, valid = Ragged.load(train), np.load(train / "valid.npy")
    assert len(reviews) == len(np.load(train / "labels.npy")) == valid.sum() + 100
    lines = (tmp_path / "data/corpus.txt").read_text("utf-8").splitlines()
    types, _ = read_types(tmp_path / "data/tokens/types.tsv")
    assert [" ".join(types[i] for i in reviews[row]) for row in range(len(reviews))] == lines


@pytest.fixture
def study_project(project_copy: Project) -> Project:
    """A project that has run, with the studies cut down to a few runs and no results."""
    shutil.copytree(ROOT / "experiments", project_copy.folder / "experiments")
    small = {
        ("ablation", "run"): {"technique": ["max_pooling", "fine_tuning"], "seed": [1]},
        ("parameters", "run"): {"change": ["window_2"], "seed": [1]},
        ("labels", "lstm"): {"model": ["lstm_random"], "labels": [100], "seed": [1]},
    }
    for study in STUDIES:
        path = project_copy.folder / "experiments" / study / "dvc.yaml"
        path.with_name("dvc.lock").unlink(missing_ok=True)
        shutil.rmtree(path.with_name("runs"), ignore_errors=True)
        stages = YAML_READER.load(path)["stages"]
        kept = {name: {**stages[name], "matrix": small[study, name]} for name in stages if (study, name) in small}
        if kept:
            YAML().dump({"stages": {**kept, "table": stages["table"]}}, path)
        else:
            path.unlink()
    return project_copy


def test_dvc_makes_the_missing_runs_and_no_more(study_project: Project) -> None:
    names = [f"experiments/{study}/dvc.yaml" for study in ("ablation", "labels", "parameters")]
    study_project.run("dvc", "repro", *names)
    runs = {path.name for path in study_project.folder.glob("experiments/*/runs/*")}
    assert runs == {"max_pooling-1.json", "fine_tuning-1.json", "window_2-1.json", "lstm_random-100-1.json"}
    assert "| max pooling" in (study_project.folder / "experiments/ablation/README.md").read_text("utf-8")

    assert "Running stage" not in study_project.run("dvc", "repro", *names)
    assert "up to date" in study_project.run("dvc", "status")
    before = study_project.bytes_of("experiments", "metrics", "artifacts")
    deleted = "experiments/ablation/runs/max_pooling-1.json"
    (study_project.folder / deleted).unlink()
    printed = study_project.run("dvc", "repro", *names)
    assert "Running stage 'experiments/ablation/dvc.yaml:run@max_pooling-1'" in printed
    assert "Running stage 'experiments/ablation/dvc.yaml:run@fine_tuning-1'" not in printed
    after = study_project.bytes_of("experiments", "metrics", "artifacts")
    changed = {name for name in before if after[name] != before[name]}
    assert changed <= {deleted, "experiments/ablation/dvc.lock"}  # if its seconds differ


def test_results_measured_before_are_recorded_by_dvc_commit(study_project: Project) -> None:
    """For results of code that computes the same bytes, on the same data."""
    runs = study_project.folder / "experiments/ablation/runs"
    runs.mkdir()
    for name in ("max_pooling", "fine_tuning"):
        (runs / f"{name}-1.json").write_text(json.dumps({**RUN, "commit": "1234567890"}))
    study_project.run("experiments.table", "ablation")
    study_project.run("dvc", "commit", "--force", "experiments/ablation/dvc.yaml")
    assert "Running stage" not in study_project.run("dvc", "repro", "experiments/ablation/dvc.yaml")
    assert "ablation" not in study_project.run("dvc", "status")


def test_the_spread_over_kernels_stands_beside_that_over_seeds() -> None:
    def run(accuracy: float) -> dict[str, Any]:
        models = ("bag_of_vectors", "nbsvm", "lstm_frozen", "lstm_finetuned")
        return RUN | {key: accuracy for model in models for key in (model, f"{model}_log_loss")}

    rows = machines.rows({"avx2": [run(0.5)], "native": [run(0.7), run(0.8), run(0.9)]})
    assert [row["kernels"] for row in rows] == [
        "native", "avx2", "standard deviation of these 2", "standard deviation of 3 seeds",
    ]  # fmt: skip
    assert [row["`nbsvm`"] for row in rows] == [
        "0.7000 (0.7000)",
        "0.5000 (0.5000)",
        "0.1414 (0.1414)",
        "0.1000 (0.1000)",
    ]


def test_a_run_of_a_preset_is_a_line_of_figures_with_its_origin() -> None:
    figures = presets.figures(ROOT, "fast")
    assert (
        figures["test"]["nbsvm"]["accuracy"]
        == json.loads((ROOT / "metrics/test.json").read_text())["nbsvm"]["accuracy"]
    )
    assert figures["parameters"]["classify.hidden_size"] == 64
    assert figures["seconds"]["student-1"] > 0
    heading, _, row = presets.table({"fast": figures}).split("\n")
    assert "`lstm_student`" in heading
    assert "min for all stages" in row
    assert figures["commit"] in row
    del figures["test"]["lstm_frozen"]
    assert presets.table({"gpu": figures}).split("\n")[2].split("|")[3].strip() == ""


def test_every_preset_that_was_run_is_in_the_table() -> None:
    runs = {path.stem: json.loads(path.read_text()) for path in sorted((ROOT / "experiments/presets").glob("*.json"))}
    page = (ROOT / "docs/results.md").read_text()
    assert between_markers(page, "presets", presets.table(runs)) == page
