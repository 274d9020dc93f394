"""What these tests share: the recipes of the documents, a run in git, servers on loopback."""

import functools
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.conftest import ROOT, Project

RECIPES = {
    name: (document, language, code)
    for document in ("docs/vectors.md", "docs/remotes.md")
    for name, language, code in re.findall(
        r"<!-- recipe: (\w+) -->\n```(\w+)\n(.*?)```", (ROOT / document).read_text("utf-8"), re.DOTALL
    )
}
CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
GITCONFIG = "[user]\n    name = test\n    email = test@example.org\n[init]\n    defaultBranch = main\n"


def recipes_of(document: str) -> set[str]:
    """Return the names of a document's recipes."""
    return {name for name, (where, _, _) in RECIPES.items() if where == document}


def shell(folder: Path, environment: dict[str, str], code: str, language: str = "sh") -> str:
    """Run code as a user would paste it; return what it printed."""
    command = ["bash", "-euc", code] if language == "sh" else [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def recipe(folder: Path, environment: dict[str, str], name: str, changes: dict[str, str] | None = None) -> str:
    """Run a recipe; `changes` are texts to replace in it, which must occur."""
    _, language, code = RECIPES[name]
    for old, new in (changes or {}).items():
        assert old in code
        code = code.replace(old, new)
    return shell(folder, environment, code, language)


def for_s3(address: str) -> dict[str, str]:
    """Return the environment with which DVC reaches the S3 server."""
    names = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    return {"STORAGE": "s3://vectors/imdb", "AWS_ENDPOINT_URL": address, **names}


def same(first: Path, second: Path) -> bool:
    """Return whether two files, or two folders with all that is in them, have the same names and bytes."""
    if first.is_file():
        return first.read_bytes() == second.read_bytes()
    ours, theirs = ({path.relative_to(one) for path in one.rglob("*") if path.is_file()} for one in (first, second))
    return ours == theirs and all((first / name).read_bytes() == (second / name).read_bytes() for name in ours)


@pytest.fixture
def environment(project_copy: Project, tmp_path: Path) -> dict[str, str]:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(GITCONFIG)
    names = {"HOME": str(home), "PROJECT": str(project_copy.folder), "XDG_CONFIG_HOME": str(home)}
    return {**project_copy.environment, **names}


@pytest.fixture
def published(project_copy: Project, environment: dict[str, str]) -> Project:
    """The project that has run, as a git repository."""
    (project_copy.folder / ".dvc" / "config.local").unlink()
    (project_copy.folder / ".gitignore").write_text("/data/\n/artifacts/\n/report/\n/dist/\n__pycache__/\n")
    shell(project_copy.folder, environment, "git init --quiet && git add --all && git commit --quiet -m run")
    return project_copy


@pytest.fixture
def s3() -> Iterator[str]:
    """An S3 server on loopback; its bucket keeps all versions, and anybody may read. Gives its address."""
    server = pytest.importorskip("moto.server", reason="moto is not installed; `make test` installs it")
    boto3 = pytest.importorskip("boto3")
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    address = f"http://{host}:{port}"
    client = boto3.client("s3", endpoint_url=address, **CREDENTIALS)
    client.create_bucket(Bucket="vectors")
    client.put_bucket_versioning(Bucket="vectors", VersioningConfiguration={"Status": "Enabled"})
    actions = ["s3:GetObject", "s3:HeadObject"]  # the second is moto's; in S3 the first covers HEAD
    anybody = {"Effect": "Allow", "Principal": "*", "Action": actions, "Resource": "arn:aws:s3:::vectors/*"}
    client.put_bucket_policy(Bucket="vectors", Policy=json.dumps({"Version": "2012-10-17", "Statement": [anybody]}))
    yield address
    running.stop()


def uploads(address: str) -> dict[str, int]:
    """Return how often each object of the bucket was written."""
    import boto3

    client = boto3.client("s3", endpoint_url=address, **CREDENTIALS)
    counts: dict[str, int] = {}
    for page in client.get_paginator("list_object_versions").paginate(Bucket="vectors"):
        for version in page.get("Versions", []):
            counts[version["Key"]] = counts.get(version["Key"], 0) + 1
    return counts


@pytest.fixture
def serve() -> Iterator[Callable[[Path], str]]:
    """Serve folders over HTTP, for reading only; the function gives the address."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    servers: list[ThreadingHTTPServer] = []

    def start(folder: Path) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
