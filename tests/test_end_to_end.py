"""Every stage, run by DVC on a small corpus: the same bytes again, nothing lost, test not looked at."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML

from pipeline.ensemble.predictions import load_predictions
from tests.conftest import ROOT, Project, git
from tests.faults.forks import run_stage

FITTED = ("data/tokens", "data/corpus.txt", "artifacts", "plots/history", "metrics/valid")
RESULTS = ("artifacts", "metrics", "plots", "predictions", "report")


def hear_ctrl_c() -> None:
    """Undo what a shell does to jobs in the background, and they to their children: the signal is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def read_to_the_end(terminal: int) -> str:
    """Return what is printed on a pseudo-terminal until its other side is closed, which raises an error on Linux."""
    printed = b""
    with contextlib.suppress(OSError):
        while block := os.read(terminal, 1024):
            printed += block
    os.close(terminal)
    return printed.decode()


def locked(project: Project) -> dict[str, object]:
    """Return the md5 of every output in dvc.lock but the report, which shows the seconds of its run."""
    stages = YAML(typ="safe").load(project.folder / "dvc.lock")["stages"]
    return {
        f"{name}: {out['path']}": out["md5"]
        for name, stage in stages.items()
        for out in stage["outs"]
        if not out["path"].startswith("report/")
    }


def test_every_model_is_scored_and_shown(project: Project) -> None:
    scores = json.loads((project.folder / "metrics/test.json").read_text())
    assert list(scores) == [
        "bag_of_vectors",
        "tfidf",
        "nbsvm",
        "lstm_random",
        "lstm_frozen",
        "lstm_finetuned",
        "lstm_student",
        "ensemble",
    ]
    assert all(score["n"] == 80 for score in scores.values())
    table = project.run("pipeline", "results")
    page = (project.folder / "report/index.html").read_text()
    for model in scores:
        assert f"`{model}`" in table
        assert f"<code>{model}</code>" in page


def test_predictions_hold_no_text(project: Project) -> None:
    table = load_predictions(project.folder / "predictions/test.json")
    assert table.column_names[:3] == ["id", "label", "bag_of_vectors"]
    assert all(str(column.type) in ("float", "double") for column in table.columns[2:])


def test_a_second_repro_runs_nothing(project: Project) -> None:
    assert "Data and pipelines are up to date" in project.run("dvc", "repro")


def test_a_second_evaluation_writes_the_same_bytes(project_copy: Project) -> None:
    before = locked(project_copy)
    project_copy.run("dvc", "repro", "--force", "--single-item", "evaluate")
    assert locked(project_copy) == before


def test_a_run_in_another_folder_and_with_other_test_texts_fits_the_same_bytes(
    project: Project, tmp_path: Path
) -> None:
    other = Project(tmp_path / "noise", noise_in_test=True)
    other.run("dvc", "repro", "student", "polarity")
    assert other.bytes_of("data/test.parquet") != project.bytes_of("data/test.parquet")
    assert other.bytes_of(*FITTED) == project.bytes_of(*FITTED)


def test_a_change_reruns_what_it_touches_and_no_more(project_copy: Project) -> None:
    code = project_copy.folder / "pipeline/evaluate/metrics.py"
    code.write_text(code.read_text() + "\n# another wording\n")
    assert "Running stage 'classify" not in project_copy.run("dvc", "repro", "--dry")
    project_copy.set({"classify.embedding_dropout": 0.4})
    planned = project_copy.run("dvc", "repro", "--dry")
    assert "classify" in planned
    assert "Running stage 'embed'" not in planned
    code.write_text(code.read_text().removesuffix("\n# another wording\n"))
    project_copy.set({"classify.embedding_dropout": 0.2})
    assert "Data and pipelines are up to date" in project_copy.run("dvc", "repro")


CHANGES = {  # a valid change of each section, and the stages that it runs
    "fetch.valid_frac": (0.2, "fetch"),
    "tokenize.lowercase": (False, "tokenize"),
    "embed.epochs": (1, "embed"),
    "baseline.min_df": (3, "baseline"),
    "classify.embedding_dropout": (0.4, "classify@lstm_frozen-1"),
    "maas.epochs": (1, "maas"),
    "polarity.n_neighbors": (5, "polarity"),
    "ensemble.models": (["tfidf", "nbsvm"], "ensemble"),
    "student.epochs": (3, "student"),
    "evaluate.n_resamples": (100, "evaluate"),
}


def test_a_value_put_back_is_answered_from_the_run_cache(project_copy: Project) -> None:
    committed = (project_copy.folder / "dvc.lock").read_text()
    stages = list(YAML(typ="safe").load(project_copy.folder / "dvc.yaml")["stages"])
    kept = (project_copy.folder / "params.yaml").read_text()
    project_copy.set({key: value for key, (value, _) in CHANGES.items()})
    printed = project_copy.run("dvc", "repro")
    for name in stages:
        assert f"Running stage '{name}" in printed
    (project_copy.folder / "params.yaml").write_text(kept)
    printed = project_copy.run("dvc", "repro")
    for name in stages:
        if name != "report":  # it shows the seconds of the last run
            assert f"Stage '{name}" in printed
            assert f"Running stage '{name}" not in printed
    assert "is cached - skipping run" in printed
    before, after = (YAML(typ="safe").load(text)["stages"] for text in (committed, project_copy.folder / "dvc.lock"))
    del before["report"], after["report"]
    assert after == before
    assert "up to date" in project_copy.run("dvc", "status")


def test_typos_are_all_named_and_delete_nothing(project_copy: Project) -> None:
    before = project_copy.bytes_of("data", *RESULTS)
    project_copy.set(dict.fromkeys(CHANGES, "typo"))
    printed = project_copy.run("dvc", "repro", status=255)
    assert "error in params: params.yaml: " in printed
    for key in CHANGES:
        assert f"{key} = 'typo'" in printed
    del before["data/params.json"]
    assert project_copy.bytes_of("data", *RESULTS) == before


def test_a_missing_file_of_vectors_or_device_deletes_nothing(project_copy: Project) -> None:
    before = project_copy.bytes_of("artifacts")
    for values, message in (
        ({"embed.pretrained": "glove.txt"}, "external/glove.txt does not exist"),
        ({"embed.pretrained": None, "classify.device": "cuda"}, "torch finds no usable GPU"),
    ):
        project_copy.set(values)
        assert message in project_copy.run("dvc", "repro", status=255, CUDA_VISIBLE_DEVICES="")
        assert project_copy.bytes_of("artifacts") == before


def test_python_caches_do_not_count_as_code(project_copy: Project) -> None:
    cache = project_copy.folder / "pipeline/core/__pycache__"
    cache.mkdir(exist_ok=True)
    (cache / "files.cpython-311.pyc").write_bytes(b"x")
    assert "up to date" in project_copy.run("dvc", "status")


def test_other_wording_reruns_no_slow_stage(project_copy: Project) -> None:
    for name in (
        "vectors/card.py",
        "compare/text.py",
        "report/templates/report.html.j2",
        "serve/server.py",
        "commands/runs.py",
    ):
        path = project_copy.folder / "pipeline" / name
        path.write_text(path.read_text() + "\n# another wording\n")
    (project_copy.folder / "stages/runner.py").open("a").write("# another wording\n")
    planned = project_copy.run("dvc", "repro", "--dry")
    assert set(re.findall(r"Running stage '(\w+)", planned)) <= {"report"}


def test_a_new_parameter_of_one_section_retrains_no_other(project_copy: Project) -> None:
    path = project_copy.folder / "pipeline/evaluate/params.py"
    path.write_text(path.read_text() + "    n_bins: Count\n")
    params = project_copy.folder / "params.yaml"
    params.write_text(params.read_text().replace("\nevaluate:\n", "\nevaluate:\n  n_bins: 15\n"))
    planned = project_copy.run("dvc", "repro", "--dry")
    assert set(re.findall(r"Running stage '(\w+)", planned)) <= {"params", "evaluate", "report"}


def test_off_a_terminal_an_epoch_is_a_line(project_copy: Project) -> None:
    printed = run_stage(project_copy.folder, "classify", "lstm_frozen", "1").printed
    assert re.search(
        r"epoch 1 of 2: train loss \d\.\d{4}, valid loss \d\.\d{4}, valid accuracy .*; about \d+ s left", printed
    )
    assert "epoch 2 of 2" in run_stage(project_copy.folder, "embed").printed


def test_a_file_changed_in_the_corpus_folder_reruns_fetch(project_copy: Project) -> None:
    (project_copy.folder / "corpus/reviews.csv").open("a").write("1,7,m,another text,train\n")
    assert "Running stage 'fetch'" in project_copy.run("dvc", "repro", "--dry")


def test_evaluate_names_the_seeds_that_it_leaves_aside(project_copy: Project) -> None:
    project_copy.set({"seeds": [1, 2]})
    project_copy.run("dvc", "repro", "evaluate")
    table = load_predictions(project_copy.folder / "predictions/test.json")
    assert {"lstm_frozen_1", "lstm_frozen_2"} <= set(table.column_names)
    assert json.loads((project_copy.folder / "metrics/test.json").read_text())["lstm_frozen"]["n_seeds"] == 2
    assert (
        "lstm_random, lstm_frozen, lstm_finetuned, lstm_student: mean ± standard deviation of 2 seeds."
        in project_copy.run("pipeline", "results")
    )
    project_copy.set({"seeds": [2]})
    printed = run_stage(project_copy.folder, "evaluate").printed
    assert "artifacts/lstm_random/1, artifacts/lstm_frozen/1" in printed
    assert "lstm_frozen_1" not in load_predictions(project_copy.folder / "predictions/test.json").column_names


def test_of_more_reviews_than_max_reviews_a_sample_is_taken(project_copy: Project) -> None:
    every = json.loads((project_copy.folder / "predictions/test.json").read_text())
    project_copy.set({"baseline.max_reviews": 100, "evaluate.max_reviews": 20})
    assert "reviews 100" in project_copy.run("stages", "baseline")
    project_copy.run("stages", "evaluate")
    assert json.loads((project_copy.folder / "metrics/valid/nbsvm.json").read_text())["reviews"] == 100
    sample = json.loads((project_copy.folder / "predictions/test.json").read_text())
    assert len(sample["id"]) == 20
    assert sample["lstm_frozen_1"] == [every["lstm_frozen_1"][every["id"].index(i)] for i in sample["id"]]


def test_evaluate_refuses_an_lstm_of_other_words(project_copy: Project) -> None:
    vocabulary = project_copy.folder / "artifacts/lstm_random/1/vocab.tsv"
    words = vocabulary.read_text().replace("witty\t", "wittier\t")
    vocabulary.unlink()  # DVC may have linked it to its cache
    vocabulary.write_text(words)
    ended = run_stage(project_copy.folder, "evaluate")
    assert ended.in_one_line
    assert "artifacts/lstm_random/1 has another vocabulary than the embeddings of this run; run `dvc repro`" in (
        ended.printed
    )


@pytest.mark.parametrize("stage", ["tokenize", "embed", "classify"])
def test_ctrl_c_leaves_nothing_half_written_and_the_next_run_the_same(project_copy: Project, stage: str) -> None:
    project = project_copy
    before = project.bytes_of(*FITTED)
    slow = {
        "tokenize": {},
        "embed": {"embed.epochs": 100_000},
        "classify": {"classify.epochs": 100_000, "classify.patience": 100_000},
    }
    kept = (project.folder / "params.yaml").read_text()
    project.set(slow[stage])
    if stage == "tokenize":  # more to do, so that it is still at it
        table = pq.read_table(project.folder / "data/unsup.parquet")
        unsup = (project.folder / "data/unsup.parquet").read_bytes()
        pq.write_table(table.take(np.tile(np.arange(len(table)), 5_000)), project.folder / "data/unsup.parquet")
    arguments = ["stages", stage, *(["lstm_frozen", "1"] if stage == "classify" else [])]
    terminal, theirs = os.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    process = subprocess.Popen(
        project.command(*arguments),
        cwd=project.folder,
        env=project.environment,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=hear_ctrl_c,
    )
    os.close(theirs)
    while b"%" not in os.read(terminal, 1024):  # the progress bar is there: it is at work
        assert process.poll() is None
    time.sleep(1)
    os.killpg(process.pid, signal.SIGINT)
    rest = read_to_the_end(terminal)
    assert process.wait(timeout=120) == 130, rest
    assert f"{stage} was stopped" in rest
    assert "Traceback" not in rest
    assert list(project.folder.rglob("*.partial")) == []
    assert project.bytes_of(*FITTED) == before
    (project.folder / "params.yaml").write_text(kept)
    if stage == "tokenize":
        (project.folder / "data/unsup.parquet").write_bytes(unsup)
    assert "%" not in project.run(*arguments)  # no bar without a terminal
    assert project.bytes_of(*FITTED) == before


@pytest.mark.parametrize("stage", ["fetch", "baseline", "evaluate", "report"])
def test_a_stage_that_is_stopped_at_its_first_write_leaves_what_was(project_copy: Project, stage: str) -> None:
    before = project_copy.bytes_of("data", *RESULTS)
    code = (
        "import os, runpy, sys\n"
        "def stop(*_): raise KeyboardInterrupt\n"
        "os.replace = stop\n"
        f"sys.argv = ['stages', '{stage}']\n"
        "runpy.run_module('stages', run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project_copy.folder,
        env=project_copy.environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 130, done.stderr
    assert f"{stage} was stopped" in done.stderr
    assert list(project_copy.folder.rglob("*.partial")) == []
    assert project_copy.bytes_of("data", *RESULTS) == before


def test_experiments_are_compared_by_name_in_a_clone(project_copy: Project, tmp_path: Path) -> None:
    folder = project_copy.folder
    (folder / ".dvc/config.local").unlink()  # with git from here on
    shutil.copy(ROOT / ".gitignore", folder)

    git(folder, "init", "--quiet")
    git(folder, "config", "user.name", "a")
    git(folder, "config", "user.email", "a@b")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "The first run")
    printed = project_copy.run("dvc", "exp", "run", "--name", "rarer", "-S", "baseline.min_df=6", "evaluate")
    assert "Running stage 'baseline'" in printed
    assert "Running stage 'classify" not in printed

    said = project_copy.run("pipeline", "compare", "HEAD", "rarer")
    assert "baseline.min_df         2  6" in said
    assert "80 test reviews" in said
    assert "the same in bag_of_vectors, lstm_random, lstm_frozen" in " ".join(said.split())
    assert "!" not in said  # the lock vouches for both
    assert said.splitlines()[3:] == project_copy.run("pipeline", "compare").splitlines()[3:]  # it is in the workspace
    assert "baseline.min_df 2 -> 6" in project_copy.run("pipeline", "compare", "--all")

    # In a clone, whose cache is empty.
    git(folder, "clone", "--quiet", ".", str(tmp_path / "clone"))
    clone = Project.at(tmp_path / "clone")
    git(clone.folder, "fetch", "--quiet", "origin", "refs/exps/*:refs/exps/*")
    assert clone.run("pipeline", "compare", "HEAD", "rarer") == said
