"""`make publish`: a clone gets the files at once, or nothing is tagged and one line says why."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.commands.publish import publish_run
from pipeline.core.errors import InputError
from tests.conftest import ROOT, Project
from tests.remotes.conftest import GITCONFIG, for_s3, recipe, recipes_of, same, shell

KEPT_BY_DVC = ("data", "artifacts", "report/index.html")
MAKE = "make publish REMOTE=public"
COMMAND = "python -m pipeline publish public"


@pytest.mark.parametrize("kind", ["folder", "s3"])
def test_a_clone_pulls_a_published_run(
    kind: str, published: Project, environment: dict[str, str], tmp_path: Path, serve: Callable[[Path], str],
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    """The lines that are printed are run as they are; the clone has an address to read from and no credentials."""
    if kind == "s3":
        address = request.getfixturevalue("s3")
        writer = environment | for_s3(address) | {"ADDRESS": f"{address}/vectors/imdb"}
    else:
        (tmp_path / "www").mkdir()
        writer = environment | {"STORAGE": str(tmp_path / "www/imdb"), "ADDRESS": serve(tmp_path / "www") + "/imdb"}
    shell(tmp_path, environment, "git init --quiet --bare imdb.git")
    shell(published.folder, environment, f"git remote add origin {tmp_path / 'imdb.git'}")
    printed = recipe(published.folder, writer, "readable", {MAKE: COMMAND})
    assert "files pushed" in printed
    shell(published.folder, environment, re.findall(r"git push origin HEAD run-\w{7}", printed)[0])

    clone, pull = re.findall(r"`([^`]+)`", printed.splitlines()[-1])
    reader = tmp_path / "reader"
    reader.mkdir()
    shell(reader, environment, f"{clone} && cd imdb && {pull}")
    for name in KEPT_BY_DVC:
        assert same(reader / "imdb" / name, published.folder / name), name
    assert "up to date" in shell(reader / "imdb", environment, "dvc repro --pull")


def test_a_clone_pulls_from_a_file_of_a_release(
    published: Project, environment: dict[str, str], tmp_path: Path, serve: Callable[[Path], str]
) -> None:
    recipe(published.folder, environment, "pack")
    release = serve(published.folder / "dist")
    shell(tmp_path, environment, f"git clone --quiet {published.folder} clone")
    recipe(tmp_path / "clone", environment | {"RELEASE": release}, "unpack")
    for name in KEPT_BY_DVC:
        assert same(tmp_path / "clone" / name, published.folder / name), name


def test_make_passes_on_what_it_is_given() -> None:
    def make(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["make", "--no-print-directory", "-n", "-o", ".venv/bin/installed", "publish", *arguments]
        alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        return subprocess.run(command, cwd=ROOT, env=alone, capture_output=True, text=True)

    assert make(MAKE.split()[-1]).stdout.split() == [".venv/bin/python", *COMMAND.split()[1:]]
    given = make("REMOTE=public", "TAG=v1", "TARGETS=data artifacts/tfidf").stdout
    assert given.split()[-6:] == ["--tag", "v1", "--target", "data", "--target", "artifacts/tfidf"]
    missing = make()
    assert missing.returncode == 2
    assert "name a remote of .dvc/config, make publish REMOTE=NAME" in missing.stderr


def change(folder: Path, code: str) -> None:
    shell(folder, dict(os.environ), code)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home, and a committed project of one stage, with the remote `storage` in a folder beside it."""
    above = tmp_path_factory.mktemp("made")
    (above / "home").mkdir()
    (above / "home/.gitconfig").write_text(GITCONFIG)
    folder = above / "project"
    (folder / ".dvc").mkdir(parents=True)
    (folder / ".dvc/.gitignore").write_text("/config.local\n/tmp\n/cache\n")
    (folder / ".dvc/config").write_text(
        "[core]\nanalytics = false\nremote = storage\n['remote \"storage\"']\nurl = ../../storage\n"
    )
    (folder / "dvc.yaml").write_text("stages:\n  copy:\n    cmd: cp a b\n    deps: [a]\n    outs: [b]\n")
    (folder / "a").write_text("text\n")
    (folder / ".gitignore").write_text("/b\n")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "HOME": str(above / "home"), "XDG_CONFIG_HOME": str(above / "home"), "PATH": path}
    shell(folder, environment, "git init -q && dvc repro -q && git add . && git commit -qm run")
    return above


@pytest.fixture
def tiny(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project."""
    shutil.copytree(made, tmp_path, symlinks=True, dirs_exist_ok=True)
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    config = tmp_path / "project/.dvc/config"
    config.write_text(config.read_text("utf-8").replace("../../storage", str(tmp_path / "storage")))
    change(tmp_path / "project", "git commit -qam 'An address that is the same in a clone'")
    return tmp_path / "project"


def tags(folder: Path) -> list[str]:
    return subprocess.run(["git", "tag"], cwd=folder, capture_output=True, text=True, check=True).stdout.split()


def test_chosen_outputs_and_a_tag(tiny: Path, tmp_path: Path) -> None:
    change(tiny, "git remote add origin https://user:secret@git.example.org/p.git")
    lines = publish_run(tiny, "storage", "v1", ["b"])
    assert lines[0] == "storage: 1 file pushed"
    assert lines[-1].startswith("`git clone --branch v1 https://git.example.org/p.git`, then `dvc pull b`, downloads")
    assert tags(tiny) == ["v1"]
    assert [path.read_text() for path in (tmp_path / "storage").rglob("*") if path.is_file()] == ["text\n"]


@pytest.mark.parametrize(
    ("code", "remote", "tag", "message"),
    [
        ("echo more >> a", "storage", None, r"these files are not as in the last commit: a; commit or discard them"),
        ("touch new", "storage", None, r"these files are not as in the last commit: new; commit"),
        ("rm -rf .git", "storage", None, r"is not in a readable git repository \(fatal: .*publish from a clone"),
        ("rm ~/.gitconfig && git config user.useConfigOnly true", "storage", None,
         r"git does not know who you are .*; set user.name and user.email"),
        ("git tag v1", "storage", "v1", r"the tag v1 exists, on \w+; choose another name"),
        ("true", "storage", "a..b", r"'a\.\.b' is not a valid name of a tag"),
        ("true", "public", None,
         r"\.dvc/config has no remote 'public' \(it has: storage\); add it with `dvc remote add"),
        ("dvc remote add -q --local mine /x", "mine", None, r"has no remote 'mine' \(it has: storage\)"),
        ("echo more >> a && git commit -qam a", "storage", None,
         r"dvc.lock is not of this tree, .* in copy; run `dvc repro`"),
        ("rm b", "storage", None, r"dvc.lock is not of this tree, or outputs are missing, in copy"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_before_anything_is_sent(
    tiny: Path, tmp_path: Path, code: str, remote: str, tag: str | None, message: str
) -> None:
    change(tiny, code)
    before = tags(tiny) if (tiny / ".git").exists() else []
    with pytest.raises(InputError, match=message):
        publish_run(tiny, remote, tag)
    assert not (tmp_path / "storage").exists()
    assert not before or tags(tiny) == before


def test_a_place_that_takes_no_files_is_named(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "storage").write_text("a file, where the folder should be")
    with pytest.raises(InputError, match=r"the remote 'storage' is out of reach or takes no files \(.+\); check its"):
        publish_run(tiny, "storage", None)
    assert tags(tiny) == []
    (tmp_path / "storage").unlink()
    assert "pushed" in publish_run(tiny, "storage", None)[0]


@pytest.mark.parametrize("fault", ["closed", "another folder", "not installed"])
def test_an_address_where_a_clone_finds_nothing_is_no_release(
    tiny: Path, tmp_path: Path, fault: str, serve: Callable[[Path], str]
) -> None:
    message = r"pushed, but a clone does not find b at http"
    if fault == "closed":
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            address = f"http://127.0.0.1:{unused.getsockname()[1]}"
    elif fault == "another folder":
        (tmp_path / "empty").mkdir()
        address = serve(tmp_path / "empty")
    else:  # DVC's part for this kind of remote
        address, message = "oss://bucket/imdb", r"pushed, but a clone cannot read oss://bucket/imdb \(ERROR.*dvc-oss"
    change(tiny, f"dvc remote modify -q storage url {address} && git commit -qam address")
    change(tiny, f"dvc remote modify -q --local storage url {tmp_path / 'storage'}")
    with pytest.raises(InputError, match=message):
        publish_run(tiny, "storage", None)
    assert tags(tiny) == []


def test_no_recipe_is_left_out() -> None:
    shared = {"share", "restore", "sweep", "send", "collect"}  # test_sharing.py
    assert recipes_of("docs/remotes.md") == {"readable", "pack", "unpack", *shared}
