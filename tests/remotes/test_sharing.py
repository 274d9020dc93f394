"""Several machines and one S3 remote: nothing is computed or sent twice; a sweep in two clones."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.compare.revisions import experiments
from tests.conftest import Project
from tests.remotes.conftest import for_s3, recipe, same, shell, uploads


@pytest.fixture
def shared(published: Project, environment: dict[str, str], tmp_path: Path, s3: str) -> dict[str, str]:
    """A bare git repository and an S3 remote that has the run; gives the environment to use them."""
    environment |= for_s3(s3)
    code = 'dvc remote add -q --default storage "$STORAGE" && git commit -qam "Where the files are"'
    shell(published.folder, environment, code)
    recipe(published.folder, environment, "share")
    shell(tmp_path, environment, f"git clone --quiet --bare {published.folder} shared.git")
    return environment


def test_a_clone_restores_everything_and_computes_nothing(
    shared: dict[str, str], published: Project, tmp_path: Path, s3: str
) -> None:
    shell(tmp_path, shared, "git clone --quiet shared.git clone")
    clone = tmp_path / "clone"
    assert "Running stage" not in recipe(clone, shared, "restore")
    for name in ("data", "artifacts", "report"):
        assert same(clone / name, published.folder / name), name
    assert shell(clone, shared, "git status --porcelain") == ""

    before = uploads(s3)
    assert "Everything is up to date" in shell(clone, shared, "dvc push")
    assert uploads(s3) == before


def wait_for(names: set[str], clone: Path) -> None:
    """Wait for experiments to be finished. Asking git disturbs no worker; `dvc queue status` can: docs/compare.md."""
    for _ in range(1800):
        if names <= {one.name for one in experiments(clone)}:
            return
        time.sleep(1)
    logs = [path.read_text("utf-8") for path in clone.glob(".dvc/tmp/exps/**/*.out")]
    raise AssertionError("\n".join(logs))


@pytest.fixture
def clones(shared: dict[str, str], tmp_path: Path) -> Iterator[list[Path]]:
    """Two clones, whose workers are ended at last."""
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        shell(tmp_path, shared, f"git clone --quiet shared.git {folder.name}")
    yield folders
    for folder in folders:
        shell(folder, shared, "dvc queue stop --kill")


@pytest.mark.queue
def test_a_sweep_in_two_clones(shared: dict[str, str], clones: list[Path]) -> None:
    """The recipe, with parameters whose stages are quick."""
    parts = [("3", "4"), ("5", "6")]
    for clone, digits in zip(clones, parts, strict=True):
        changes = {"dvc queue start": "dvc queue start &> /dev/null"}  # the worker would keep the test's pipe open
        for old, new in zip("34", digits, strict=True):
            changes[f"classify.embedding_dropout=0.{old}"] = f"evaluate.n_resamples=10{new}"
            changes[f"dropout-{old}"] = f"dropout-{new}"
        recipe(clone, shared, "sweep", changes)
    for clone, digits in zip(clones, parts, strict=True):
        names = {f"dropout-{old}": f"dropout-{new}" for old, new in zip("34", digits, strict=True)}
        wait_for(set(names.values()), clone)
        recipe(clone, shared, "send", names)
    printed = recipe(clones[1], shared, "collect")
    assert {one.name for one in experiments(clones[1])} == {f"dropout-{digit}" for digit in "3456"}
    assert all(f"dropout-{digit}" in printed for digit in "3456")
