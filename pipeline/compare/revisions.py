"""Read the files of a revision from git: of a commit, a DVC experiment or the workspace.

Every clone has what is in git, without DVC's cache. `dvc exp` keeps an experiment as a commit under
refs/exps/<first 2 digits>/<other 38 digits of the commit it started from>/<name>.
"""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import InputError

WORKSPACE = "workspace"  # as DVC calls it
COMMIT = re.compile(r"[0-9a-f]{40,64}")  # `^HEAD` gives one with a caret: all that is not in HEAD
EXPERIMENT = re.compile(r"refs/exps/([0-9a-f]{2})/([0-9a-f]{38})/([^/]+)")


@dataclass(frozen=True)
class Revision:
    """A revision."""

    name: str  # that the user gave
    commit: str | None  # 40 digits; None for the workspace
    subject: str
    folder: Path  # of the project, in the workspace
    base: str | None = None  # the commit that an experiment started from

    @property
    def short(self) -> str:
        """The first digits of the commit; empty for the workspace."""
        return (self.commit or "")[:7]

    def read(self, path: Path) -> bytes | None:
        """Return the content of a file of the project; None if the revision lacks it."""
        if self.commit is None:
            file = self.folder / path
            return file.read_bytes() if file.is_file() else None
        done = _git(self.folder, "cat-file", "blob", f"{self.commit}:./{path.as_posix()}")
        return done.stdout if done.returncode == 0 else None


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", *arguments], cwd=folder, capture_output=True)
    except ValueError:  # a NUL in an argument
        return subprocess.CompletedProcess(arguments, 1, b"", b"")
    except FileNotFoundError:
        raise InputError("git is not installed; it is needed to read revisions") from None


def _check_repository(folder: Path) -> None:
    done = _git(folder, "rev-parse", "--git-dir")
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise InputError(
            f"{folder.absolute()} is not in a readable git repository ({said}); revisions are read from git, so"
            " run in a clone of the project"
        )


def _commit(folder: Path, name: str) -> str | None:
    done = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    commit = done.stdout.decode(errors="replace").strip()
    return commit if done.returncode == 0 and COMMIT.fullmatch(commit) else None


def _subject(folder: Path, commit: str) -> str:
    return _git(folder, "show", "--no-patch", "--format=%s", commit).stdout.decode(errors="replace").strip()


def experiments(folder: Path) -> list[Revision]:
    """Return the finished experiments of `dvc exp`, of all commits, the oldest first.

    Raises:
        InputError: the folder is not in a git repository.
    """
    _check_repository(folder)
    lines = _git(
        folder, "for-each-ref", "--sort=committerdate", "--format=%(objectname) %(refname)", "refs/exps"
    ).stdout.decode(errors="replace")
    finished = []
    for line in lines.splitlines():
        commit, _, ref = line.partition(" ")
        if kept := EXPERIMENT.fullmatch(ref):
            base = kept[1] + kept[2]
            finished.append(Revision(kept[3], commit, f"experiment on {base[:7]}", folder, base))
    return finished


def find(name: str, folder: Path) -> Revision:
    """Find a revision: `workspace`, a revision of git (a commit, branch, tag, HEAD~3), or an experiment of `dvc exp`.

    Of several experiments with the name, take the one that started from HEAD.

    Raises:
        InputError: the folder is not in a git repository, nothing has the name, or several experiments have it.
    """
    _check_repository(folder)
    if name == WORKSPACE:
        dirty = _git(folder, "status", "--porcelain", "--untracked-files=no", "--", ".").stdout
        return Revision(name, None, "with changes since HEAD" if dirty else "as HEAD is", folder)
    known = experiments(folder)
    if commit := _commit(folder, name):
        by_commit = {one.commit: one.subject for one in known}
        return Revision(name, commit, by_commit.get(commit) or _subject(folder, commit), folder)
    matching = [one for one in known if one.name == name]
    if len(matching) > 1:
        head = _commit(folder, "HEAD")
        here = [one for one in matching if one.base == head]
        if len(here) != 1:
            commits = ", ".join(f"{one.short} ({one.subject})" for one in matching)
            raise InputError(f"several experiments are called {name}: {commits}; name one by its commit")
        matching = here
    if not matching:
        names = ", ".join(one.name for one in known[-8:]) or "none"
        raise InputError(
            f"there is no revision {name!r}: no commit, branch or tag in git has that name; experiments: {names};"
            " `git fetch` and `dvc exp pull` fetch those of a remote"
        )
    return matching[0]
