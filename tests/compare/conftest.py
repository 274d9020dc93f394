"""What the tests of `compare` share: a repository, and the command in it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.__main__ import main
from tests.compare.repository import Repository

Command = Callable[..., str]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository with one commit."""
    made = Repository(tmp_path / "repository")
    made.commit("The first run")
    return made


@pytest.fixture
def compare(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command, in the repository; returns what it prints, or its error."""
    monkeypatch.chdir(repository.folder)

    def run(*arguments: str, fails: bool = False) -> str:
        done = CliRunner().invoke(main, ["compare", "--resamples", "200", *arguments])
        if not fails:
            assert done.exit_code == 0, done.output
            return done.stdout
        assert done.exit_code == 1
        said = done.stderr.rstrip("\n")
        assert said.startswith("error: ")
        assert "\n" not in said
        return said

    return run
