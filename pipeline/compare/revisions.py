"""Files of a revision, out of git alone: of a commit, of a DVC experiment, of the workspace.

What is kept in git is there in every clone, without DVC's cache. An experiment is a commit that `dvc exp` keeps under
refs/exps/<first 2 digits>/<other 38 of the commit it started from>/<name>.
"""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import InputError

WORKSPACE = "workspace"  # as DVC calls it
EXPERIMENT = re.compile(r"refs/exps/([0-9a-f]{2})/([0-9a-f]{38})/([^/]+)")


@dataclass(frozen=True)
class Revision:
    """A revision by the name that it was asked for."""

    name: str
    commit: str | None  # 40 digits; None for the workspace
    subject: str
    folder: Path  # the project's, in the workspace

    @property
    def short(self) -> str:
        """The first digits of the commit, nothing for the workspace."""
        return (self.commit or "")[:7]

    def read(self, path: Path) -> bytes | None:
        """Return a file of the project; None if the revision has none there."""
        if self.commit is None:
            file = self.folder / path
            return file.read_bytes() if file.is_file() else None
        done = _git(self.folder, "cat-file", "blob", f"{self.commit}:./{path.as_posix()}")
        return done.stdout if done.returncode == 0 else None


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", *arguments], cwd=folder, capture_output=True)
    except FileNotFoundError:
        raise InputError("git is not installed; the revisions are read with it") from None


def _in_repository(folder: Path) -> None:
    done = _git(folder, "rev-parse", "--git-dir")
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise InputError(
            f"{folder.absolute()} is in no git repository that can be read ({said}); the revisions come from git: "
            "run in a clone of the project"
        )


def _commit(folder: Path, name: str) -> str | None:
    done = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    return done.stdout.decode().strip() if done.returncode == 0 else None


def _subject(folder: Path, commit: str) -> str:
    return _git(folder, "show", "--no-patch", "--format=%s", commit).stdout.decode(errors="replace").strip()


def experiments(folder: Path) -> list[Revision]:
    """Return the experiments of `dvc exp` that have finished, of all commits, the oldest first.

    Raises:
        InputError: the folder is in no git repository.
    """
    _in_repository(folder)
    lines = _git(
        folder, "for-each-ref", "--sort=committerdate", "--format=%(objectname) %(refname)", "refs/exps"
    ).stdout.decode()
    found = []
    for line in lines.splitlines():
        commit, _, ref = line.partition(" ")
        if kept := EXPERIMENT.fullmatch(ref):
            found.append(Revision(kept[3], commit, f"experiment on {(kept[1] + kept[2])[:7]}", folder))
    return found


def find(name: str, folder: Path) -> Revision:
    """Find a revision: `workspace`, what git knows (a commit, branch, tag, HEAD~3), or an experiment of `dvc exp`.

    Of several experiments of the name, the one that started from HEAD is meant.

    Raises:
        InputError: the folder is in no git repository, nothing has the name, or several experiments have it.
    """
    _in_repository(folder)
    if name == WORKSPACE:
        dirty = _git(folder, "status", "--porcelain", "--untracked-files=no", "--", ".").stdout
        return Revision(name, None, "with changes since HEAD" if dirty else "as HEAD is", folder)
    known = experiments(folder)
    if commit := _commit(folder, name):
        by_commit = {one.commit: one.subject for one in known}
        return Revision(name, commit, by_commit.get(commit) or _subject(folder, commit), folder)
    found = [one for one in known if one.name == name]
    if len(found) > 1:
        head = (_commit(folder, "HEAD") or "")[:7]
        here = [one for one in found if one.subject.endswith(f" {head}")]
        if len(here) != 1:
            commits = ", ".join(f"{one.short} ({one.subject})" for one in found)
            raise InputError(f"several experiments are called {name}: {commits}; name one by its commit")
        found = here
    if not found:
        names = ", ".join(one.name for one in known[-8:]) or "none here"
        raise InputError(
            f"there is no revision {name!r}: git knows no commit, branch or tag of that name, and the experiments are"
            f" {names}; `git fetch` and `dvc exp pull` bring those of a remote"
        )
    return found[0]
