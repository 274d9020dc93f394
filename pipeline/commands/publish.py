"""Publish a run: push its files to a DVC remote, check that a clone finds them there, tag the commit."""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from pipeline.commands.options import PATH
from pipeline.core.errors import InputError, one_line

DVC = (sys.executable, "-m", "dvc")
HELP = "docs/remotes.md has recipes"


def _call(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace")
    except FileNotFoundError:
        raise InputError(f"{command[0]} is not installed; it is needed to publish") from None


def _read(folder: Path, problem: str, *command: str) -> str:
    """Return what a command prints; if it fails, raise `problem`, with its reason where `{}` is."""
    done = _call(folder, *command)
    if done.returncode:
        raise InputError(problem.replace("{}", _reason(done)))
    return done.stdout.strip()


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    """Return the error that DVC or git printed, without DVC's hints about its own help."""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(ERROR|fatal|error)\b", line)] or lines or ["no reason given"]
    return one_line("; ".join(dict.fromkeys(errors)), 500)


def _without_secret(address: str) -> str:
    return re.sub(r"//[^/@]*@", "//", address)


def _check_tree(folder: Path) -> None:
    """Check that a clone of HEAD has the files of the workspace, and that a tag can be made."""
    problem = f"{folder.absolute()} is not in a readable git repository ({{}}); publish from a clone of the project"
    changed = _read(folder, problem, "git", "status", "--porcelain", "--", ".").splitlines()
    if changed:
        names = ", ".join(line.split(maxsplit=1)[-1] for line in changed[:5]) + (", ..." if len(changed) > 5 else "")
        raise InputError(f"these files are not as in the last commit: {names}; commit or discard them first")
    unknown = "git does not know who you are ({}); set user.name and user.email"
    _read(folder, unknown, "git", "var", "GIT_COMMITTER_IDENT")


def _check_tag(folder: Path, tag: str) -> None:
    invalid = f"{tag!r} is not a valid name of a tag; choose another"
    _read(folder, invalid, "git", "check-ref-format", f"refs/tags/{tag}")
    done = _call(folder, "git", "rev-parse", "--short", "--verify", "--quiet", f"refs/tags/{tag}^{{commit}}")
    if done.returncode == 0:
        raise InputError(f"the tag {tag} exists, on {done.stdout.strip()}; choose another name, or delete it first")


def _address(folder: Path, remote: str) -> str:
    """Return the address of a remote as a clone sees it: from .dvc/config, not from what is set on this machine."""
    listed = _read(folder, ".dvc/config cannot be read ({}); correct it", *DVC, "remote", "list", "--project")
    remotes = dict(line.split(None, 1) for line in listed.splitlines() if len(line.split(None, 1)) == 2)
    if remote not in remotes:
        names = ", ".join(remotes) or "none"
        raise InputError(
            f".dvc/config has no remote {remote!r} (it has: {names}); add it with `dvc remote add --default NAME"
            f" ADDRESS` and commit .dvc/config; {HELP}"
        )
    return _without_secret(remotes[remote].partition("(default)")[0].strip())


def _check_run(folder: Path) -> None:
    """Check that dvc.lock, not that of a study, is of this code and these parameters, and its outputs as it says."""
    problem = "DVC cannot compare the run with dvc.lock ({})"
    status = json.loads(_read(folder, problem, *DVC, "status", "--json", "dvc.yaml"))
    if status:
        raise InputError(
            f"dvc.lock is not of this tree, or outputs are missing, in {', '.join(status)}; run `dvc repro` (or `dvc"
            " checkout`) and commit what it changes"
        )


def _check_clone(folder: Path, remote: str, address: str, targets: Sequence[str]) -> None:
    """Check that a clone of HEAD finds every file in the remote under the committed address; nothing is downloaded."""
    cache = _read(folder, "DVC's cache is not known ({})", *DVC, "cache", "dir")
    top = _read(folder, "git does not know its folder ({})", "git", "rev-parse", "--show-toplevel")
    inside = _read(folder, "git does not know its folder ({})", "git", "rev-parse", "--show-prefix")
    with TemporaryDirectory() as temporary:
        _read(folder, "the repository cannot be cloned ({})", "git", "clone", "--quiet", top, f"{temporary}/clone")
        clone = Path(temporary) / "clone" / inside
        cache = str(folder.absolute() / cache)
        _read(clone, "the clone's cache cannot be set ({})", *DVC, "cache", "dir", "--local", cache)
        problem = f"pushed, but a clone cannot read {address} ({{}}); check the address in .dvc/config; no tag was made"
        missing = json.loads(_read(clone, problem, *DVC, "status", "--cloud", "--remote", remote, "--json", *targets))
    if missing:
        raise InputError(
            f"pushed, but a clone does not find {', '.join(list(missing)[:5])} at {address}; check that this address in"
            " .dvc/config is absolute and shows what was pushed; no tag was made"
        )


def publish_run(folder: Path, remote: str, tag: str | None, targets: Sequence[str] = ()) -> list[str]:
    """Push the files of the committed run to a DVC remote, and tag the commit.

    Everything is checked before the first byte is sent. The tag is made last, after a clone has found every file, so a
    tag never promises what is not there. A failed push leaves complete files only, which the next one need not send.

    Args:
        folder: the project.
        remote: the name of a remote in .dvc/config. On this machine another address may be set for it, one that takes
            files.
        tag: the name of the tag; `run-` and the commit's first digits if None.
        targets: outputs to push; all by default.

    Returns: what was done, a line each; the last is for a README.

    Raises:
        InputError: the tree differs from HEAD, the tag exists, the remote is not in .dvc/config, the run is not of this
            tree, or the remote cannot be written or, by a clone, read.
    """
    _check_tree(folder)
    tag = tag or "run-" + _read(folder, "there is no commit ({})", "git", "rev-parse", "--short=7", "HEAD")
    _check_tag(folder, tag)
    address = _address(folder, remote)
    _check_run(folder)
    problem = (
        f"the remote {remote!r} is out of reach or takes no files ({{}}); check its address (`dvc remote list`)"
        " and your credentials; no tag was made, and another try sends what is missing"
    )
    pushed = _read(folder, problem, *DVC, "push", "--remote", remote, *targets).splitlines()
    _check_clone(folder, remote, address, targets)
    message = f"The run whose files are at {address}"
    _read(folder, "pushed, but git made no tag ({})", "git", "tag", "--annotate", tag, "--message", message)
    origin = _call(folder, "git", "remote", "get-url", "origin").stdout.strip() or "ADDRESS-OF-THIS-REPOSITORY"
    default = _call(folder, *DVC, "config", "--project", "core.remote").stdout.strip()
    pull = " ".join(["dvc pull", *([] if default == remote else [f"--remote {remote}"]), *targets])
    return [
        f"{remote}: {pushed[-1] if pushed else 'pushed'}",
        f"a clone finds every file at {address}",
        f"tagged {tag}; send the commit and the tag: git push origin HEAD {tag}",
        "for the README, in a clone with the environment:",
        f"`git clone --branch {tag} {_without_secret(origin)}`, then `{pull}`, downloads the files of this run.",
    ]


@click.command()
@click.argument("remote")
@click.option("--tag", help="The name of the tag; run-COMMIT by default.")
@click.option("--target", "targets", multiple=True, type=PATH, help="Push this output only; can be repeated.")
def publish(remote: str, tag: str | None, targets: tuple[Path, ...]) -> None:
    """Push the committed run to a DVC remote and tag it.

    REMOTE is the name of a remote in .dvc/config.
    """
    for line in publish_run(Path(), remote, tag, [path.as_posix() for path in targets]):
        click.echo(line)
