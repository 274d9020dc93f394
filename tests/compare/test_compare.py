"""`python -m pipeline compare` in small repositories: what it says of revisions, experiments and bad input."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from ruamel.yaml import YAML

from pipeline.__main__ import main
from pipeline.evaluate.predictions import make_predictions, save_predictions

N = 400
PREDICTIONS = "predictions/test.parquet"
Command = Callable[..., str]


class Repository:
    """A git repository of predictions, parameters and a lock that vouches for them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.params: dict[str, Any] = {"seeds": [1], "baseline": {"C": [0.1, 1.0], "min_df": 2}}
        rng = np.random.default_rng(0)
        self.labels = rng.integers(0, 2, N).astype(np.int8)
        self.ids = [f"test/{i}" for i in range(N)]
        self.columns = {name: self.fit(0.8, seed) for seed, name in enumerate(("bag", "nbsvm", "lstm_1"))}

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
        done = subprocess.run(["git", *identity, *arguments], cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def fit(self, accuracy: float, seed: int) -> np.ndarray:
        """Return probabilities that are right for a share of the reviews."""
        right = np.random.default_rng(seed).random(N) < accuracy
        return np.where(right == (self.labels == 1), 0.9, 0.1)

    def write(self, table: pa.Table | None = None, *, lock: bool = True) -> None:
        """Write predictions, parameters and lock."""
        path = self.folder / PREDICTIONS
        save_predictions(make_predictions(self.ids, self.labels, self.columns) if table is None else table, path)
        YAML().dump(self.params, self.folder / "params.yaml")
        if lock:
            digest = hashlib.md5(path.read_bytes()).hexdigest()
            fit = {
                "params": {"params.yaml": {"baseline": self.params["baseline"]}},
                "outs": [{"path": "artifacts/nbsvm", "md5": "0"}],
            }
            evaluate = {
                "deps": [{"path": "artifacts/nbsvm", "md5": "0"}],
                "params": {"params.yaml": {"seeds": self.params["seeds"]}},
                "outs": [{"path": PREDICTIONS, "md5": digest}],
            }
            YAML().dump({"stages": {"baseline": fit, "evaluate": evaluate}}, self.folder / "dvc.lock")

    def commit(self, message: str = "a run", table: pa.Table | None = None) -> str:
        self.write(table)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def experiment(self, name: str) -> str:
        """Keep what is in the workspace as `dvc exp run` does: a commit under refs/exps, the branch where it was."""
        head = self.git("rev-parse", "HEAD")
        made = self.commit(f"dvc: commit experiment {name}")
        self.git("update-ref", f"refs/exps/{head[:2]}/{head[2:]}/{name}", made)
        self.git("reset", "--quiet", "--hard", head)
        return made


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository with one commit."""
    made = Repository(tmp_path / "repository")
    made.commit("The first run")
    return made


@pytest.fixture
def compare(repository: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command, in the repository; returns what it printed, or its error."""
    monkeypatch.chdir(repository.folder)

    def run(*arguments: str, fails: bool = False) -> str:
        monkeypatch.setattr(sys, "argv", ["pipeline", "compare", "--resamples", "200", *arguments])
        if fails:
            with pytest.raises(SystemExit) as caught:
                main()
            said = str(caught.value)
            assert said.startswith("error: ")
            assert "\n" not in said
            return said
        main()
        return capsys.readouterr().out

    return run


def test_head_against_the_workspace(repository: Repository, compare: Command) -> None:
    repository.columns["nbsvm"] = repository.fit(0.95, 7)
    repository.params["baseline"]["min_df"] = 10
    repository.write()
    said = compare()
    assert "A  HEAD" in said
    assert "The first run" in said
    assert "B  workspace" in said
    assert "400 test reviews" in said
    assert "B is better in nbsvm by more than noise at level 0.05." in said
    assert "All answers are the same in bag and lstm." in said
    assert "baseline.min_df         2  10" in said
    assert "!" not in said
    assert max(map(len, said.splitlines())) <= 96


def test_the_other_way_round_it_is_worse(repository: Repository, compare: Command) -> None:
    repository.columns["nbsvm"] = repository.fit(0.95, 7)
    repository.write()
    assert "B is worse in nbsvm" in compare("workspace", "HEAD")


def test_a_small_change_cannot_be_told_from_noise(repository: Repository, compare: Command) -> None:
    turned = repository.columns["nbsvm"].copy()
    turned[:6] = 1 - turned[:6]
    repository.columns["nbsvm"] = turned
    repository.write()
    assert "What changed in nbsvm cannot be told from noise at level 0.05." in compare()
    assert "at level 0.01" in compare("--level", "0.01")
    assert "99 % intervals" in compare("--level", "0.01")


def test_nothing_changed(compare: Command) -> None:
    said = compare()
    assert "Both have the same file of predictions." in said
    assert "The parameters are the same." in said


def test_the_order_of_the_reviews_is_no_difference(repository: Repository, compare: Command) -> None:
    table = make_predictions(repository.ids, repository.labels, repository.columns)
    repository.write(table.take(np.random.default_rng(1).permutation(N)))
    assert "All answers are the same in bag, nbsvm and lstm." in compare()


def test_json_says_the_same_for_machines(repository: Repository, compare: Command) -> None:
    repository.columns["nbsvm"] = repository.fit(0.95, 7)
    repository.params["baseline"]["min_df"] = 10
    repository.write()
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
    repository.params["baseline"]["min_df"] = 10
    repository.columns["nbsvm"] = repository.fit(0.95, 7)
    repository.experiment("rarer-ngrams")
    said = compare("HEAD", "rarer-ngrams")
    assert "B  rarer-ngrams" in said
    assert "experiment on" in said
    assert "baseline.min_df         2  10" in said


def test_of_two_experiments_of_one_name_that_of_head_is_meant(repository: Repository, compare: Command) -> None:
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


def test_several_revisions_are_held_against_the_first(repository: Repository, compare: Command) -> None:
    repository.columns["nbsvm"] = repository.fit(0.95, 7)
    repository.commit("The second run")
    repository.git("tag", "second")
    said = compare("HEAD~1", "second", "workspace")
    assert "A  HEAD~1" in said
    assert "for 2 tests" in said


def test_all_leaves_out_what_cannot_be_compared_and_says_why(repository: Repository, compare: Command) -> None:
    repository.params["baseline"]["min_df"] = 10
    repository.experiment("good")
    repository.labels = 1 - repository.labels
    repository.experiment("other-test-set")
    said = compare("--all")
    assert "good" in said
    assert "Left out: other-test-set; 400 of the 400 reviews have another label" in said


def test_all_without_experiments(compare: Command) -> None:
    assert "there are no experiments here; `dvc exp run" in compare("--all", fails=True)


def test_several_seeds_show_what_the_seed_makes_of_it(repository: Repository, compare: Command) -> None:
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
    assert "other seeds and other reviews" in said
    assert "a single seed" not in said
    lstm = json.loads(compare("--json"))["comparisons"][0]["models"]["lstm"]
    assert lstm["low"] <= lstm["bootstrap"]["low"]
    assert lstm["p_is_of"] == "reviews and seeds"
    assert len(lstm["mcnemar_p"]) == 3
    assert lstm["standard_error"]["paired_by_seed"]


def test_of_one_seed_it_says_what_is_not_known(repository: Repository, compare: Command) -> None:
    repository.columns["lstm_1"] = repository.fit(0.95, 7)
    repository.write()
    assert "lstm: a side has a single seed" in " ".join(compare().split())
    assert "single seed" not in compare("--model", "nbsvm")


# Bad input.


def test_a_revision_that_does_not_exist(repository: Repository, compare: Command) -> None:
    repository.experiment("rarer-ngrams")
    said = compare("nosuch", fails=True)
    assert "there is no revision 'nosuch'" in said
    assert "the experiments are rarer-ngrams" in said
    assert "there is no revision '--nosuch'" in compare("HEAD", "--", "--nosuch", fails=True)


def test_a_revision_without_predictions(repository: Repository, compare: Command) -> None:
    repository.git("rm", "--quiet", PREDICTIONS)
    repository.git("commit", "--quiet", "--message", "none")
    said = compare("HEAD~1", "HEAD", fails=True)
    assert "HEAD has no predictions, predictions/test.parquet is not in it" in said
    assert "the workspace has no predictions" in compare("HEAD~1", fails=True)


def test_a_revision_with_broken_predictions(repository: Repository, compare: Command) -> None:
    path = repository.folder / PREDICTIONS
    path.write_bytes(path.read_bytes()[:-9])
    assert "predictions/test.parquet of the workspace is not a whole parquet file" in compare(fails=True)


def test_a_revision_with_broken_parameters(repository: Repository, compare: Command) -> None:
    (repository.folder / "params.yaml").write_text("a: [")
    assert "params.yaml of the workspace is not readable YAML" in compare(fails=True)
    (repository.folder / "params.yaml").unlink()
    assert "the workspace has no params.yaml" in compare(fails=True)


def test_another_test_set(repository: Repository, compare: Command) -> None:
    repository.ids = [f"{name}x" if i % 2 else name for i, name in enumerate(repository.ids)]
    repository.write()
    said = compare(fails=True)
    assert "400 reviews, workspace for 400, 200 of them the same: they are of different test sets" in said


def test_other_labels(repository: Repository, compare: Command) -> None:
    repository.labels[5] = 1 - repository.labels[5]
    repository.write()
    said = compare(fails=True)
    assert "1 of the 400 reviews have another label in workspace than in HEAD, the first is test/5" in said


def test_half_of_the_reviews(repository: Repository, compare: Command) -> None:
    half = make_predictions(repository.ids, repository.labels, repository.columns).slice(0, N // 2)
    repository.write(half)
    said = compare(fails=True)
    assert "HEAD has predictions for 400 reviews, workspace for 200, 200 of them the same" in said
    assert "workspace has only part of them" in said


def test_a_review_that_stands_there_twice(repository: Repository, compare: Command) -> None:
    table = make_predictions(repository.ids, repository.labels, repository.columns)
    repository.write(pa.concat_tables([table, table.slice(0, 3)]))
    assert "names 3 reviews twice" in compare(fails=True)


def test_a_column_that_is_not_of_probabilities(repository: Repository, compare: Command) -> None:
    table = make_predictions(repository.ids, repository.labels, repository.columns)
    repository.write(table.set_column(2, "bag", pa.array([float("nan")] * N, pa.float32())))
    assert "the column bag is not of probabilities" in compare(fails=True)


def test_a_model_that_one_side_lacks_is_left_out_by_name(repository: Repository, compare: Command) -> None:
    repository.columns["newcomer"] = repository.fit(0.9, 9)
    repository.write()
    said = compare()
    assert "Left out: newcomer, which only workspace has." in said
    assert "nbsvm" in said
    assert "have none of the models in common" in compare("--model", "newcomer", fails=True)


def test_a_model_that_nobody_knows(compare: Command) -> None:
    said = compare("--model", "gpt", fails=True)
    assert "there is no model 'gpt' in HEAD or workspace; there are bag, nbsvm, lstm" in said


def test_a_dirty_tree_whose_predictions_are_of_other_parameters(repository: Repository, compare: Command) -> None:
    repository.params["baseline"]["min_df"] = 10
    repository.write(lock=False)
    said = " ".join(compare().split())
    assert "! the predictions of the workspace may not belong to its params.yaml" in said
    assert "they were made with baseline.min_df = 2, not 10" in said


def test_a_dirty_tree_whose_predictions_are_not_those_of_the_lock(repository: Repository, compare: Command) -> None:
    repository.columns["nbsvm"] = repository.fit(0.95, 7)
    repository.write(lock=False)
    assert "they are not the ones that dvc.lock names" in " ".join(compare().split())


@pytest.mark.parametrize(("lock", "said"), [(None, "there is no dvc.lock"), ("a: [", "cannot be read")])
def test_a_lock_that_vouches_for_nothing(repository: Repository, compare: Command, lock: str | None, said: str) -> None:
    path = repository.folder / "dvc.lock"
    path.unlink() if lock is None else path.write_text(lock)
    assert said in " ".join(compare().split())


def test_runs_of_seeds_that_are_no_longer_listed_raise_no_doubt(repository: Repository, compare: Command) -> None:
    path = repository.folder / "dvc.lock"
    lock = YAML(typ="safe").load(path)
    lock["stages"]["classify@lstm-2"] = {
        "params": {"params.yaml": {"baseline": {"min_df": 99}}},
        "outs": [{"path": "artifacts/nbsvm/2", "md5": "0"}],
    }
    YAML().dump(lock, path)
    assert "!" not in compare()


def test_a_folder_that_is_no_repository(repository: Repository, compare: Command) -> None:
    shutil.rmtree(repository.folder / ".git")
    said = compare(fails=True)
    assert "is in no git repository that can be read" in said


def test_a_machine_without_git(compare: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert "git is not installed" in compare(fails=True)


@pytest.mark.parametrize("level", ["0", "1", "five"])
def test_a_level_that_is_none(compare: Command, level: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        compare("--level", level)
    assert "is not between 0 and 1" in capsys.readouterr().err


def test_a_project_below_the_root_of_the_repository(
    repository: Repository, compare: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = repository.folder / "inner"
    inner.mkdir()
    for name in ("predictions", "params.yaml", "dvc.lock"):
        repository.git("mv", name, f"inner/{name}")
    repository.git("commit", "--quiet", "--message", "moved")
    monkeypatch.chdir(inner)
    assert "Both have the same file of predictions." in compare()


def test_it_needs_neither_torch_nor_gensim_nor_scikit_learn() -> None:
    code = (
        "import sys, pipeline.comparison_text, pipeline.revisions, pipeline.sides;"
        "print(*{m.partition('.')[0] for m in sys.modules})"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "numpy" in loaded
    assert not {"torch", "gensim", "sklearn", "dvc", "nltk"} & set(loaded)
