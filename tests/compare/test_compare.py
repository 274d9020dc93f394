"""`python -m pipeline compare` in small repositories: revisions, experiments and bad input."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML

from pipeline.ensemble.predictions import make_predictions
from tests.compare.conftest import Command
from tests.compare.repository import PREDICTIONS, N, Repository
from tests.conftest import ROOT, loaded_by


def test_head_against_the_workspace(repository: Repository, compare: Command) -> None:
    repository.better()
    said = compare()
    assert "A  HEAD" in said
    assert "The first run" in said
    assert "B  workspace" in said
    assert "400 test reviews" in said
    assert "B is significantly better in nbsvm at level 0.05." in said
    assert "All answers are the same in bag and lstm." in said
    assert "baseline.min_df         2  10" in said
    assert "!" not in said
    assert max(map(len, said.splitlines())) <= 96


def test_the_other_way_round_it_is_worse(repository: Repository, compare: Command) -> None:
    repository.better()
    assert "B is significantly worse in nbsvm" in compare("workspace", "HEAD")


def test_a_small_change_is_within_noise(repository: Repository, compare: Command) -> None:
    turned = repository.columns["nbsvm"].copy()
    turned[:6] = 1 - turned[:6]
    repository.columns["nbsvm"] = turned
    repository.write()
    assert "The change in nbsvm is within noise at level 0.05." in compare()
    assert "at level 0.01" in compare("--level", "0.01")
    assert "99 % intervals" in compare("--level", "0.01")


def test_nothing_changed(compare: Command) -> None:
    said = compare()
    assert "The files of predictions are identical." in said
    assert "The parameters are the same." in said


def test_the_order_of_the_reviews_makes_no_difference(repository: Repository, compare: Command) -> None:
    table = make_predictions(repository.ids, repository.labels, repository.columns)
    repository.write(table.take(np.random.default_rng(1).permutation(N)))
    assert "All answers are the same in bag, nbsvm and lstm." in compare()


def test_json_has_the_same_figures(repository: Repository, compare: Command) -> None:
    repository.better()
    found = json.loads(compare("--json"))
    (comparison,) = found["comparisons"]
    assert comparison["a"]["commit"] == repository.git("rev-parse", "HEAD")
    assert comparison["b"]["commit"] is None
    assert comparison["params"] == {"baseline.min_df": [2, 10]}
    nbsvm = comparison["models"]["nbsvm"]
    assert nbsvm["verdict"] == "better"
    assert nbsvm["difference"] == pytest.approx(nbsvm["b"]["accuracy"] - nbsvm["a"]["accuracy"])
    assert nbsvm["low"] < nbsvm["difference"] < nbsvm["high"]
    assert nbsvm["n_gained"] - nbsvm["n_lost"] == pytest.approx(nbsvm["difference"] * N)
    assert nbsvm["p"] == nbsvm["mcnemar_p"] < 0.05
    assert comparison["models"]["bag"]["verdict"] == "same answers"


def test_an_experiment_is_read_by_its_name_without_a_cache(repository: Repository, compare: Command) -> None:
    repository.better()
    repository.experiment("rarer-ngrams")
    said = compare("HEAD", "rarer-ngrams")
    assert "B  rarer-ngrams" in said
    assert "experiment on" in said
    assert "baseline.min_df         2  10" in said


def test_of_two_experiments_with_one_name_that_of_head_is_taken(repository: Repository, compare: Command) -> None:
    repository.params["baseline"]["min_df"] = 10
    repository.experiment("twin")
    repository.params["baseline"]["min_df"] = 2
    repository.commit("The second run")
    repository.params["baseline"]["min_df"] = 20
    second = repository.experiment("twin")
    assert second[:7] in compare("HEAD", "twin")
    repository.params["baseline"]["min_df"] = 2
    repository.commit("The third run")
    said = compare("twin", fails=True)
    assert "several experiments are called twin" in said
    assert second[:7] in said


def test_all_experiments_with_p_values_corrected_together(repository: Repository, compare: Command) -> None:
    for i, accuracy in enumerate((0.8, 0.84, 0.95)):
        repository.columns["nbsvm"] = repository.fit(accuracy, 10 + i)
        repository.params["baseline"]["min_df"] = 10 + i
        repository.experiment(f"try-{i}")
        repository.params["baseline"]["min_df"] = 2
    said = compare("--all")
    assert "p corrected after Holm for 3 tests" in said
    assert "baseline.min_df 2 -> 12" in said
    assert "same answers: bag, lstm" in said
    assert max(map(len, said.splitlines())) <= 96
    models = [one["models"]["nbsvm"] for one in json.loads(compare("--all", "--json"))["comparisons"]]
    p = sorted(one["p"] for one in models)
    assert sorted(one["p_holm"] for one in models)[0] == pytest.approx(3 * p[0])
    assert [one["verdict"] for one in models][2] == "better"


def test_several_revisions_are_compared_with_the_first(repository: Repository, compare: Command) -> None:
    repository.better()
    repository.commit("The second run")
    repository.git("tag", "second")
    said = compare("HEAD~1", "second", "workspace")
    assert "A  HEAD~1" in said
    assert "for 2 tests" in said


def test_all_leaves_out_what_cannot_be_compared_with_the_reason(repository: Repository, compare: Command) -> None:
    repository.params["baseline"]["min_df"] = 10
    repository.experiment("good")
    repository.labels = 1 - repository.labels
    repository.experiment("other-test-set")
    said = compare("--all")
    assert "good" in said
    assert "Left out: other-test-set; 400 of the 400 reviews have another label" in said


def test_all_without_experiments(compare: Command) -> None:
    assert "there are no experiments; `dvc exp run" in compare("--all", fails=True)


def test_several_seeds_show_the_variance_between_seeds(repository: Repository, compare: Command) -> None:
    del repository.columns["lstm_1"]
    repository.params["seeds"] = [1, 2, 3]
    for seed in (1, 2, 3):
        repository.columns[f"lstm_{seed}"] = repository.fit(0.8 + 0.02 * seed, seed)
    repository.commit("Three seeds")
    for seed in (1, 2, 3):
        repository.columns[f"lstm_{seed}"] = repository.fit(0.87 - 0.02 * seed, 10 + seed)
    repository.write()
    said = compare("--model", "lstm")
    assert "lstm, paired by seed" in said
    assert "seeds 1, 2, 3" in said
    assert "interval over reviews and seeds" in said
    assert "several seeds" not in said
    lstm = json.loads(compare("--json"))["comparisons"][0]["models"]["lstm"]
    assert lstm["low"] <= lstm["bootstrap"]["low"]
    assert lstm["p_is_of"] == "reviews and seeds"
    assert len(lstm["mcnemar_p"]) == 3
    assert lstm["standard_error"]["paired_by_seed"]


def test_a_single_seed_is_pointed_out(repository: Repository, compare: Command) -> None:
    repository.columns["lstm_1"] = repository.fit(0.95, 7)
    repository.write()
    assert "lstm: not both revisions have several seeds" in " ".join(compare().split())
    assert "several seeds" not in compare("--model", "nbsvm")


# Bad input.


def test_a_revision_that_does_not_exist(repository: Repository, compare: Command) -> None:
    repository.experiment("rarer-ngrams")
    said = compare("nosuch", fails=True)
    assert "there is no revision 'nosuch'" in said
    assert "experiments: rarer-ngrams" in said
    assert "there is no revision '--nosuch'" in compare("HEAD", "--", "--nosuch", fails=True)
    for name in ("^HEAD", "a\0b", "HEAD..HEAD", "\udcff", "\x1b[31m", "a\nb", "x" * 100_000):
        said = compare(name, fails=True)
        assert "there is no revision" in said
        assert said.isprintable()
        assert len(said) < 2100


def test_a_revision_without_predictions(repository: Repository, compare: Command) -> None:
    repository.git("rm", "--quiet", PREDICTIONS)
    repository.git("commit", "--quiet", "--message", "none")
    said = compare("HEAD~1", "HEAD", fails=True)
    assert "HEAD has no predictions: predictions/test.json is missing" in said
    assert "the workspace has no predictions" in compare("HEAD~1", fails=True)


def test_a_revision_with_broken_predictions(repository: Repository, compare: Command) -> None:
    path = repository.folder / PREDICTIONS
    path.write_bytes(path.read_bytes()[:-9])
    assert "predictions/test.json of the workspace is not" in compare(fails=True)


def test_a_revision_with_broken_parameters(repository: Repository, compare: Command) -> None:
    (repository.folder / "params.yaml").write_text("a: [")
    assert "params.yaml of the workspace is not readable YAML" in compare(fails=True)
    (repository.folder / "params.yaml").unlink()
    assert "the workspace has no params.yaml" in compare(fails=True)


def test_another_test_set(repository: Repository, compare: Command) -> None:
    repository.ids = [f"{name}x" if i % 2 else name for i, name in enumerate(repository.ids)]
    repository.write()
    said = compare(fails=True)
    assert "400 reviews, workspace for 400, and 200 are in both: their test sets differ" in said


def test_other_labels(repository: Repository, compare: Command) -> None:
    repository.labels[5] = 1 - repository.labels[5]
    repository.write()
    said = compare(fails=True)
    assert "1 of the 400 reviews have another label in workspace than in HEAD, the first is test/5" in said


def test_half_of_the_reviews(repository: Repository, compare: Command) -> None:
    half = make_predictions(repository.ids, repository.labels, repository.columns).slice(0, N // 2)
    repository.write(half)
    said = compare(fails=True)
    assert "HEAD has predictions for 400 reviews, workspace for 200, and 200 are in both" in said
    assert "workspace has only part of them" in said


def test_a_review_that_is_there_twice(repository: Repository, compare: Command) -> None:
    table = make_predictions(repository.ids, repository.labels, repository.columns)
    repository.write(pa.concat_tables([table, table.slice(0, 3)]))
    assert "has 3 reviews twice" in compare(fails=True)


@pytest.mark.parametrize(
    "text",
    [
        "a: 2001-01-01",
        "a: !!set {1, 2}",
        "a: !!binary aGk=",
        "1: {2: 3}",
        "a: .nan",
        "a: {b: &b [1], c: *b}",
        "a: [{2001-01-01: 1}]",
    ],
)
def test_parameters_of_odd_types_are_compared(repository: Repository, compare: Command, text: str) -> None:
    (repository.folder / "params.yaml").write_text(text)
    assert "parameters that differ" in compare()
    json.loads(compare("--json"))


def test_names_in_a_revision_cannot_control_the_terminal(repository: Repository, compare: Command) -> None:
    hostile = "a\x1b[31m\x9b2J\u202e`"
    repository.columns[hostile] = repository.fit(0.7, 5)
    repository.params[hostile] = hostile
    repository.better()
    repository.git("commit", "--quiet", "--all", "--message", hostile)
    (repository.folder / "params.yaml").write_text("a: 1")
    for form in ((), ("--markdown",), ("--json",), ("HEAD~1", "HEAD", "workspace"), ("--reviews", "2")):
        printed = compare(*form)
        assert "\\u202e" in printed
        assert all(line.isprintable() for line in printed.split("\n"))
    json.loads(compare("--json"))


def test_parameters_that_aliases_make_huge_are_refused(repository: Repository, compare: Command) -> None:
    rows = [f"a{i}: &a{i} {{x: *a{i - 1}, y: *a{i - 1}}}" for i in range(1, 40)]
    (repository.folder / "params.yaml").write_text("\n".join(["a0: &a0 {x: 1}", *rows]))
    assert "params.yaml of the workspace is not readable YAML (more than 100,000 values" in compare(fails=True)


def test_a_column_without_probabilities(repository: Repository, compare: Command) -> None:
    table = make_predictions(repository.ids, repository.labels, repository.columns)
    repository.write(table.set_column(2, "bag", pa.array([2.0] * N, pa.float32())))
    assert "the column bag has values that are no probabilities" in compare(fails=True)


def test_a_model_of_one_revision_only_is_left_out_by_name(repository: Repository, compare: Command) -> None:
    repository.columns["newcomer"] = repository.fit(0.9, 9)
    repository.write()
    said = compare()
    assert "Left out: newcomer, which is only in workspace." in said
    assert "nbsvm" in said
    assert "have no such model in common" in compare("--model", "newcomer", fails=True)


def test_an_unknown_model(compare: Command) -> None:
    said = compare("--model", "gpt", fails=True)
    assert "there is no model 'gpt' in HEAD or workspace; the models are bag, nbsvm, lstm" in said


def test_predictions_in_the_workspace_made_with_other_parameters(repository: Repository, compare: Command) -> None:
    repository.params["baseline"]["min_df"] = 10
    repository.write(lock=False)
    said = " ".join(compare().split())
    assert "! the predictions of the workspace may not belong to its params.yaml" in said
    assert "they were made with baseline.min_df = 2, not 10" in said


def test_predictions_in_the_workspace_with_another_hash(repository: Repository, compare: Command) -> None:
    repository.columns["nbsvm"] = repository.fit(0.95, 7)
    repository.write(lock=False)
    assert "they have another hash than in dvc.lock" in " ".join(compare().split())


def test_predictions_older_than_a_model(repository: Repository, compare: Command) -> None:
    with repository.lock() as stages:  # as after `dvc exp run -S baseline.min_df=10 baseline`
        stages["baseline"]["outs"][0]["md5"] = "1"
    assert "evaluate has not run since artifacts/nbsvm changed" in " ".join(compare().split())


@pytest.mark.parametrize(
    ("lock", "said"),
    [
        (None, "there is no dvc.lock"),
        ("a: [", "cannot be read"),
        ("stages: {a: }", "cannot be read"),
        ("stages: [a]", "cannot be read"),
        ("stages: {a: {outs: [1]}}", "cannot be read"),
        ("stages: {a: {outs: [{path: predictions}], params: {x: 1}}}", "cannot be read"),
        ("stages: {a: {outs: [{path: 2001-99-99}]}}", "cannot be read"),
        ("[" * 10_000, "cannot be read"),
    ],
)
def test_a_lock_that_confirms_nothing(repository: Repository, compare: Command, lock: str | None, said: str) -> None:
    path = repository.folder / "dvc.lock"
    path.unlink() if lock is None else path.write_text(lock)
    assert said in " ".join(compare().split())


def test_runs_of_seeds_that_are_no_longer_listed_raise_no_doubt(repository: Repository, compare: Command) -> None:
    with repository.lock() as stages:
        stages["classify@lstm-2"] = {
            "deps": [{"path": "artifacts/embeddings", "md5": "0"}],
            "params": {"params.yaml": {"baseline": {"min_df": 99}}},
            "outs": [{"path": "artifacts/nbsvm/2", "md5": "0"}],
        }
        stages["embed"] = {"outs": [{"path": "artifacts/embeddings", "md5": "1"}]}
    assert "!" not in compare()


@pytest.mark.parametrize("seeds", [3, None, {"a": 1}, "1"])
def test_seeds_that_are_no_list_are_compared(repository: Repository, compare: Command, seeds: Any) -> None:
    with repository.lock() as stages:
        stages["classify@lstm-2"] = {"outs": [{"path": "artifacts/nbsvm/2", "md5": "0"}]}
    repository.params["seeds"] = seeds
    YAML().dump(repository.params, repository.folder / "params.yaml")
    assert "parameters that differ" in compare()


def test_parameters_upstream_count_through_folders_and_matrix_stages(repository: Repository, compare: Command) -> None:
    with repository.lock() as stages:
        folders = ("artifacts/lstm", "pipeline/core")
        stages["evaluate"]["deps"] = [{"path": path, "md5": f"{i}.dir"} for i, path in enumerate(folders, 1)]
        stages["classify@lstm-1"] = {
            "deps": [{"path": "data/tokens/train", "md5": "3.dir"}],
            "params": {"params.yaml": {"classify": {"lr": 0.1}}},
            "outs": [{"path": "artifacts/lstm/1", "md5": "4.dir"}],
        }
        stages["tokenize"] = {
            "deps": [{"path": "data/params.json", "md5": "5"}],
            "params": {"params.yaml": {"tokenize.lowercase": True}},
            "outs": [{"path": "data/tokens", "md5": "6.dir"}],
        }
        # The stage that checks all parameters writes the same file for all of them.
        stages["params"] = {
            "params": {"params.yaml": {"maas": {"lr": 0.5}}},
            "outs": [{"path": "data/params.json", "md5": "5"}],
        }
    repository.params |= {"classify": {"lr": 0.2}, "tokenize": {"lowercase": False}, "maas": {"lr": 0.6}}
    YAML().dump(repository.params, repository.folder / "params.yaml")
    said = " ".join(compare().split())
    assert "they were made with classify.lr = 0.1, not 0.2" in said
    assert "they were made with tokenize.lowercase = True, not False" in said
    assert "made with baseline" not in said
    assert "made with maas" not in said


@pytest.mark.parametrize(("folder", "said"), [("predictions", False), ("other", True)])
def test_predictions_inside_a_folder_of_the_lock(
    repository: Repository, compare: Command, folder: str, said: bool
) -> None:
    with repository.lock() as stages:
        stages["evaluate"]["outs"] = [{"path": folder, "md5": "1.dir"}]
    assert ("dvc.lock does not list them" in " ".join(compare().split())) == said


def test_predictions_of_an_older_revision_are_read_from_parquet(repository: Repository, compare: Command) -> None:
    (repository.folder / PREDICTIONS).unlink()
    table = make_predictions(repository.ids, repository.labels, repository.columns)
    pq.write_table(table, repository.folder / "predictions/test.parquet")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message", "An older revision")
    repository.better()
    said = compare()
    assert "B is significantly better in nbsvm" in said
    assert "All answers are the same in bag and lstm." in said


MACHINE = {"instruction_set": "AVX512", "blas": {"kernel": "SkylakeX"}, "n_threads": 2}


def write_provenance(repository: Repository, machine: dict[str, Any] | None) -> None:
    path = repository.folder / "metrics/provenance.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"versions": {}, **({"machine": machine} if machine else {})}))


def test_another_machine_is_named(repository: Repository, compare: Command) -> None:
    write_provenance(repository, MACHINE)
    repository.commit("With provenance")
    assert "machine" not in compare()
    write_provenance(repository, {**MACHINE, "blas": {"kernel": "Zen"}})
    said = " ".join(compare().split())
    assert "! another machine: blas.kernel SkylakeX -> Zen;" in said
    (comparison,) = json.loads(compare("--json"))["comparisons"]
    assert comparison["notes"][0].startswith("another machine: blas.kernel SkylakeX -> Zen")
    repository.experiment("there")
    assert "! another machine: blas.kernel SkylakeX -> Zen" in " ".join(compare("--all").split())


@pytest.mark.parametrize("machine", [None, MACHINE])
def test_an_older_revision_without_its_machine_raises_no_note(
    repository: Repository, compare: Command, machine: dict[str, Any] | None
) -> None:
    write_provenance(repository, machine)
    assert "machine" not in compare()
    (repository.folder / "metrics/provenance.json").write_text("[]")
    assert "machine" not in compare()


def test_what_only_one_revision_knows_of_its_machine_is_no_difference(repository: Repository, compare: Command) -> None:
    write_provenance(repository, MACHINE)
    repository.commit()
    write_provenance(repository, {**MACHINE, "new": True})
    assert "machine" not in compare()


def test_a_folder_without_a_repository(repository: Repository, compare: Command) -> None:
    shutil.rmtree(repository.folder / ".git")
    said = compare(fails=True)
    assert "is not in a readable git repository" in said


def test_a_machine_without_git(compare: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert "git is not installed" in compare(fails=True)


def test_a_project_below_the_root_of_the_repository(
    repository: Repository, compare: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = repository.folder / "inner"
    inner.mkdir()
    for name in ("predictions", "params.yaml", "dvc.lock"):
        repository.git("mv", name, f"inner/{name}")
    repository.git("commit", "--quiet", "--message", "moved")
    monkeypatch.chdir(inner)
    assert "The files of predictions are identical." in compare()


def test_it_needs_neither_torch_nor_gensim_nor_scikit_learn() -> None:
    loaded = loaded_by("import pipeline.compare.text, pipeline.compare.revisions, pipeline.compare.results")
    assert "numpy" in loaded
    assert not {"torch", "gensim", "sklearn", "dvc", "nltk"} & loaded


def test_markdown_has_the_figures_and_escapes_names(repository: Repository, compare: Command) -> None:
    repository.better()
    repository.commit()
    printed = compare("HEAD~1", "HEAD", "--markdown")
    (row,) = [line for line in printed.splitlines() if "`nbsvm`" in line]
    figures = json.loads(compare("HEAD~1", "HEAD", "--json"))["comparisons"][0]["models"]["nbsvm"]
    assert f"{100 * figures['difference']:+.2f} (" in row
    assert "**B is better**" in row
    assert "| `baseline.min_df` | `2` | `10` |" in " ".join(printed.split())
    assert "same answers" in printed
    repository.git("branch", "a_|_<b>")
    assert "**a\\_\\|\\_\\<b\\>" in compare("HEAD~1", "a_|_<b>", "--markdown")
    commit = repository.git("rev-parse", "HEAD").strip()[:7]
    assert f"**{commit}** against **HEAD~1 " in compare("HEAD~1", commit, "--markdown")


def test_markdown_of_several_revisions_has_a_table_each(repository: Repository, compare: Command) -> None:
    repository.better()
    repository.commit()
    printed = compare("HEAD~1", "HEAD", "workspace", "--markdown")
    assert printed.count("| model") == 2
    assert "corrected after Holm" in printed


@pytest.mark.parametrize("may_comment", [True, False])
def test_a_pull_request_gets_the_comparison_in_the_summary_and_a_comment(
    repository: Repository, tmp_path: Path, may_comment: bool
) -> None:
    """The steps of the workflow, with the environment of the event and a `gh` that writes down its arguments."""
    workflow = YAML(typ="safe").load(ROOT / ".github/workflows/compare.yml")
    (step,) = [step for step in workflow["jobs"]["compare"]["steps"] if step.get("run") == ".ci/compare"]
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    repository.better()
    repository.commit("A pull request")
    (repository.folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/compare", repository.folder / ".ci/compare")
    (repository.folder / ".venv").symlink_to(sys.prefix)
    tools = tmp_path / "tools"
    tools.mkdir()
    gh, asked = tools / "gh", tmp_path / "asked"
    gh.write_text(f'#!/bin/sh\necho "$@" > {asked}\ncat "$7" >> {asked}\n{"" if may_comment else "exit 1"}\n')
    gh.chmod(0o755)
    summary = tmp_path / "summary.md"
    values = {"${{ github.token }}": "a-token", "${{ github.event.pull_request.number }}": "7"}
    event = {"GITHUB_BASE_REF": "main", "GITHUB_STEP_SUMMARY": str(summary)}
    event |= {name: values[value] for name, value in step["env"].items()}
    path = f"{tools}:{os.environ['PATH']}"
    done = subprocess.run(
        [".ci/compare"], cwd=repository.folder, capture_output=True, text=True,
        env={**os.environ, **event, "PATH": path, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "**B is better**" in summary.read_text()
    assert asked.read_text().startswith("pr comment 7 --edit-last --create-if-none --body-file ")
    assert "**B is better**" in asked.read_text()
    assert ("no comment" in done.stderr) == (not may_comment)


def test_the_reviews_that_changed_side_are_listed_by_how_far_they_moved(
    repository: Repository, compare: Command, tmp_path: Path
) -> None:
    p = repository.columns["nbsvm"].copy()
    right = int(np.flatnonzero((p > 0.5) == (repository.labels == 1))[0])
    wrong = int(np.flatnonzero((p > 0.5) != (repository.labels == 1))[0])
    p[right], p[wrong] = 1 - p[right], np.where(p[wrong] > 0.5, 0.4, 0.6)
    repository.columns["nbsvm"] = p
    repository.commit()
    printed = compare("HEAD~1", "HEAD", "--model", "nbsvm", "--reviews", "10")
    assert "nbsvm: 2 reviews changed side" in printed
    lost, gained = printed.splitlines()[-2:]
    assert lost.endswith(f"lost    test/{right}")
    assert gained.endswith(f"gained  test/{wrong}")
    (repository.folder / "data").mkdir()
    texts = pa.table({"id": repository.ids, "text": [f"The start of {i}.\n{'word ' * 99}" for i in range(N)]})
    pq.write_table(texts, repository.folder / "data/test.parquet")
    printed = compare("HEAD~1", "HEAD", "--model", "nbsvm", "--reviews", "1")
    assert printed.splitlines()[-1].startswith(f"      The start of {right}. word word")
    assert "bag: no review changed side." in compare("HEAD~1", "HEAD", "--reviews", "1")


@pytest.mark.parametrize("other", [["--json"], ["--markdown"], ["HEAD"]])
def test_reviews_are_listed_for_two_revisions_as_text(compare: Command, other: list[str]) -> None:
    assert "--reviews needs two revisions" in compare("HEAD", "workspace", "--reviews", "3", *other, fails=True)
