"""The studies: what they would run, how they go on, what they say."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from experiments import runs
from experiments.leave_one_out import study as leave_one_out
from experiments.runs import Figures, Study, complete, differing, known
from experiments.study import labels
from experiments.study import study as parameters
from experiments.word2vec import study as word2vec
from pipeline.core.files import read_json
from pipeline.core.models import LSTMS
from pipeline.core.ragged import Ragged
from pipeline.core.vocabulary import read_types
from pipeline.params import Params, parse
from pipeline.presets import apply
from pipeline.report.tables import between_marks
from tests.conftest import ROOT, Project

RUN = {"accuracy": 0.92, "log_loss": 0.2, "seconds": 400.0, "hardware": "2 x A"}
STUDIES = sorted(path.parent.name for path in (ROOT / "experiments").glob("*/dvc.yaml"))


def a_study(folder: Path, calls: list[tuple[str, int]], *, key: Any = None) -> Study:
    def measure(name: str, seed: int) -> Figures:
        calls.append((name, seed))
        if name == "broken":
            raise RuntimeError("no")
        return {"accuracy": 0.5}

    names = ("a", "b")
    return Study(
        results=folder / "results.json",
        document=(folder / "README.md", "results"),
        key=key or {"embed": {"epochs": 5, "window": 3}},
        measure={name: lambda seed, name=name: measure(name, seed) for name in names},  # type: ignore[misc]
        core_seconds=dict.fromkeys(names, 60.0),
        table=lambda items: f"{sum(map(len, items.values()))} runs",
    )


def test_a_study_makes_the_runs_that_are_missing_and_says_what_they_cost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls: list[tuple[str, int]] = []
    study = a_study(tmp_path, calls)
    complete(study, known(study, fresh=False), seeds=(1, 2), limit=1)
    assert calls == [("a", 1)]
    assert capsys.readouterr().out.startswith("1 runs to go, ")
    complete(study, known(study, fresh=False), seeds=(2,), only="b*")
    assert calls == [("a", 1), ("b", 2)]
    complete(study, known(study, fresh=False), seeds=(1, 2))
    assert sorted(calls) == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]
    complete(study, known(study, fresh=False), seeds=(1, 2))
    assert len(calls) == 4
    found = read_json(study.results)["items"]["a"]["1"]
    assert found["accuracy"] == 0.5
    assert set(found) == {"accuracy", "seconds", "commit", "hardware"}


def test_what_was_measured_before_an_error_is_kept(tmp_path: Path) -> None:
    calls: list[tuple[str, int]] = []
    study = a_study(tmp_path, calls)
    complete(study, known(study, fresh=False), seeds=(1,))

    def fails(seed: int) -> Figures:
        raise RuntimeError(seed)

    broken = Study(**{**study.__dict__, "measure": {**study.measure, "c": fails}, "core_seconds": {"c": 1.0}})
    with pytest.raises(RuntimeError):
        complete(broken, known(broken, fresh=False), seeds=(1,))
    assert set(read_json(study.results)["items"]) >= {"a", "b"}


def test_results_of_other_parameters_are_neither_used_nor_lost(tmp_path: Path) -> None:
    calls: list[tuple[str, int]] = []
    study = a_study(tmp_path, calls)
    complete(study, known(study, fresh=False), seeds=(1,))
    before = study.results.read_bytes()
    other = a_study(tmp_path, calls, key={"embed": {"epochs": 6, "window": 3}})
    with pytest.raises(SystemExit, match=r"results\.json rests on other values of embed\.epochs; --fresh starts"):
        known(other, fresh=False)
    assert study.results.read_bytes() == before
    assert known(other, fresh=True) == {"a": {}, "b": {}}


def test_trees_differ_where_a_value_does() -> None:
    assert differing({"a": {"b": 1, "c": [1]}}, {"a": {"b": 1, "c": [2]}, "d": 3}) == ["a.c", "d"]
    assert differing({"a": {"b": 1}}, {"a": {"b": 1}}) == []


def test_the_runs_of_a_study_are_changes_of_known_parameters(params: Params) -> None:
    text = (ROOT / "params.yaml").read_text("utf-8")
    seen = set()
    techniques = leave_one_out.techniques(params.classify)
    for name, (model, changes) in techniques.items():
        assert model in LSTMS
        changed = parse(YAML(typ="safe", pure=True).load(apply(changes, text)))
        seen.add((model, changed.model_dump_json()))
        assert (changed == params) == (not changes), name
    assert len(seen) == len(techniques)
    variants = word2vec.study(params).measure.values()
    values = [parse(YAML(typ="safe", pure=True).load(apply(run.args[0], text))) for run in variants]  # type: ignore[attr-defined]
    assert len({one.model_dump_json() for one in values}) == 4
    assert params in values


def test_fewer_labels_are_balanced_and_leave_validation_whole(rng: np.random.Generator) -> None:
    given, valid = (rng.random(1000) < 0.4).astype(np.int8), rng.random(1000) < 0.1
    kept = labels.chosen(given, valid, 100, seed=1)
    assert kept[valid].all()
    assert given[kept & ~valid].tolist().count(1) == 50
    assert (kept & ~valid).sum() == 100
    assert (labels.chosen(given, valid, 100, seed=1) == kept).all()
    assert (labels.chosen(given, valid, 100, seed=2) != kept).any()


def test_a_corpus_with_fewer_labels_goes_through_the_stages(project: Project, tmp_path: Path) -> None:
    labels.write_with_fewer_labels(project.folder, tmp_path, 100, seed=1)
    train = tmp_path / "data/tokens/train"
    reviews, valid = Ragged.load(train), np.load(train / "valid.npy")
    assert len(reviews) == len(np.load(train / "labels.npy")) == valid.sum() + 100
    lines = (tmp_path / "data/corpus.txt").read_text("utf-8").splitlines()
    types, _ = read_types(tmp_path / "data/tokens/types.tsv")
    assert [" ".join(types[i] for i in reviews[row]) for row in range(len(reviews))] == lines


def test_both_tables_of_the_study(params: Params) -> None:
    study = parameters.study(params)
    items: Any = {name: {} for name in study.measure}
    items["all labels, linear"]["1"] = {"bag_of_vectors": 0.89, "nbsvm": 0.91, "hardware": "2 x A"}
    items["window 2"]["1"] = {"embed_seconds": 3.0, "bag_of_vectors": 0.88, "nbsvm": 0.91, "hardware": "2 x A"}
    items["100 labels, lstm_frozen"] = {
        seed: {"lstm_frozen": score, "lstm_frozen_log_loss": 0.5, "hardware": "2 x A"}
        for seed, score in (("1", 0.7), ("2", 0.8))
    }
    lines = study.table(items).splitlines()
    default = "|  | the default: vector_size 200, window 10, negative 5, epochs 5 | 0.8900 |  |  | "
    assert any(line.startswith(default) for line in lines)  # and the committed run's seconds
    assert "| `window` | 2 | 0.8800 |  |  | 3 |" in lines
    assert "| 100 | 2 |  |  |  | 0.7500 ± 0.0707 |  |" in lines
    assert "| all | 1 | 0.8900 | 0.9100 |  |  |  |" in lines


def test_the_tables_tell_means_deviations_and_coverage() -> None:
    other = {"accuracy": 0.91, "log_loss": 0.3, "seconds": 600.0, "hardware": "4 x B"}
    lines = leave_one_out.table({"nothing": {"1": RUN, "2": other}, "warm-up": {"1": RUN}, "word2vec": {}}).splitlines()
    assert lines[2:] == [
        "| nothing | 2 | 0.9150 ± 0.0071 | 0.2500 ± 0.0707 |",
        "| warm-up | 1 | 0.9200 | 0.2000 |",
        "",
        "2 x A, 4 x B; a training has one thread.",
    ]
    scores = {
        "semantic": {"accuracy": 0.1, "coverage": 0.25},
        "syntactic": {"accuracy": 0.2, "coverage": 0.5},
        "wordsim353": {"spearman": 0.3, "coverage": 0.9},
        "simlex999": {"spearman": 0.4, "coverage": 1.0},
    }
    run = {**scores, "bag_of_vectors": 0.9, "lstm_frozen": 0.93, "lstm_frozen_log_loss": 0.2, "embed_seconds": 700.0}
    lines = word2vec.table({"CBOW": {"1": {**run, "hardware": "2 x A"}}, "skip-gram": {}}).splitlines()
    assert lines[2] == (
        "| CBOW | 1 | 0.100 (25 %) | 0.200 (50 %) | 0.300 (90 %) | 0.400 (100 %) | 0.9000 | 0.9300 | 0.2000 | 700 |"
    )
    assert len(lines) == 5


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_is_a_stage_whose_results_stay_when_it_stops(name: str) -> None:
    stage = YAML(typ="safe").load(ROOT / "experiments" / name / "dvc.yaml")["stages"][name]
    assert stage["cmd"] == f"python -m experiments.{name}.study"
    assert stage["outs"] == [{f"experiments/{name}/results.json": {"cache": False, "persist": True}}]


@pytest.mark.parametrize(
    ("study", "document", "marks"),
    [
        (leave_one_out, "docs/accuracy.md", "leave-one-out"),
        (parameters, "experiments/study/README.md", "study"),
        (word2vec, "experiments/word2vec/README.md", "variants"),
    ],
)
def test_the_documents_have_the_committed_results(
    study: Any, document: str, marks: str, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    committed = study.study(params)
    table = committed.table(known(committed, fresh=False))
    text = (ROOT / document).read_text("utf-8")
    assert between_marks(text, marks, table) == text, f"run `python -m {study.__name__} --runs 0`"


def test_a_commit_is_named() -> None:
    assert runs.commit() not in ("", "unknown")
