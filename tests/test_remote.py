"""The vectors from a second repository, by the recipes of docs/vectors.md: over a folder, S3 on loopback, HTTP."""

import functools
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pipeline.core.embeddings import Embeddings
from tests.conftest import ROOT, Project

RECIPES = {
    name: (language, code)
    for name, language, code in re.findall(
        r"<!-- recipe: (\w+) -->\n```(\w+)\n(.*?)```", (ROOT / "docs/vectors.md").read_text("utf-8"), re.DOTALL
    )
}


def shell(folder: Path, environment: dict[str, str], code: str, language: str = "sh") -> str:
    """Run code as a user would paste it; return what it printed."""
    command = ["bash", "-euc", code] if language == "sh" else [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def recipe(folder: Path, environment: dict[str, str], name: str) -> str:
    language, code = RECIPES[name]
    return shell(folder, environment, code, language)


@pytest.fixture
def environment(project_copy: Project, tmp_path: Path) -> dict[str, str]:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\n    name = test\n    email = test@example.org\n")
    names = {"HOME": str(home), "PROJECT": str(project_copy.folder), "XDG_CONFIG_HOME": str(home)}
    return {**project_copy.environment, **names}


@pytest.fixture
def published(project_copy: Project, environment: dict[str, str]) -> Project:
    """The project that has run, as a git repository."""
    (project_copy.folder / ".dvc" / "config.local").unlink()
    (project_copy.folder / ".gitignore").write_text("/data/\n/artifacts/\n/report/\n__pycache__/\n")
    shell(project_copy.folder, environment, "git init --quiet && git add --all && git commit --quiet -m run")
    return project_copy


@pytest.fixture
def other(tmp_path: Path, environment: dict[str, str]) -> Path:
    folder = tmp_path / "other"
    folder.mkdir()
    shell(folder, environment, "git init --quiet && dvc init --quiet && dvc config core.analytics false")
    return folder


@pytest.fixture
def s3() -> Iterator[str]:
    """An S3 server on loopback with a bucket; gives its address."""
    server = pytest.importorskip("moto.server", reason="moto is not installed; `make test` installs it")
    boto3 = pytest.importorskip("boto3")
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    address = f"http://{host}:{port}"
    options = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=address, **options).create_bucket(Bucket="vectors")
    yield address
    running.stop()


def same(first: Path, second: Path) -> bool:
    names = {file.name for file in first.iterdir()}
    return names == {file.name for file in second.iterdir()} and all(
        (first / name).read_bytes() == (second / name).read_bytes() for name in names
    )


@pytest.mark.parametrize("kind", ["folder", "s3"])
def test_the_recipes_from_push_to_update(
    kind: str, published: Project, other: Path, environment: dict[str, str], tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    environment["STORAGE"] = str(tmp_path / "storage")
    if kind == "s3":
        environment |= {"STORAGE": "s3://vectors/imdb", "AWS_ENDPOINT_URL": request.getfixturevalue("s3")}
        environment |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    ours = published.folder / "artifacts/embeddings"
    recipe(published.folder, environment, "publish")
    recipe(other, environment, "take")
    for name in ("copy", "by-name", "vectors"):
        assert same(other / name, ours), name
    first_line = (ours / "vocab.tsv").read_text("utf-8").splitlines()[0]
    assert recipe(other, environment, "open").strip() == first_line

    published.set({"embed.epochs": 1})
    shell(
        published.folder, environment, "dvc repro -q embed && dvc push -q artifacts/embeddings && git commit -qam new"
    )
    assert not same(other / "vectors", ours)
    recipe(other, environment, "update")
    assert same(other / "vectors", ours)


def test_http_serves_what_a_folder_holds_and_takes_nothing(
    published: Project, environment: dict[str, str], tmp_path: Path
) -> None:
    environment["STORAGE"] = str(tmp_path / "storage")
    recipe(published.folder, environment, "publish")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path / "storage")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_address[1]}"
        shell(tmp_path, environment, f"git clone --quiet {published.folder} clone")
        clone = tmp_path / "clone"
        shell(clone, environment, f"dvc remote add -d -f storage {address} && dvc pull -q artifacts/embeddings")
        assert same(clone / "artifacts/embeddings", published.folder / "artifacts/embeddings")
    finally:
        server.shutdown()


def test_a_file_in_external_that_dvc_keeps_comes_with_a_clone(
    published: Project, environment: dict[str, str], tmp_path: Path
) -> None:
    environment["STORAGE"] = str(tmp_path / "storage")
    ours = Embeddings.load(published.folder / "artifacts/embeddings")
    rows = (f"{word} {' '.join(map(str, vector))}\n" for word, vector in zip(ours.words, ours.vectors, strict=True))
    (published.folder / "external/theirs.txt").write_text("".join(rows))
    assert shell(published.folder, environment, "git status --porcelain") == ""
    published.set({"embed.pretrained": "theirs.txt"})
    recipe(published.folder, environment, "publish")
    code = "dvc add -q external/theirs.txt && dvc repro -q embed && dvc push -q && git add . && git commit -qm theirs"
    shell(published.folder, environment, code)
    assert "theirs.txt.dvc" in shell(published.folder, environment, "git ls-files external")
    assert shell(published.folder, environment, "git status --porcelain") == ""

    shell(tmp_path, environment, f"git clone -q {published.folder} clone")
    clone = tmp_path / "clone"
    shell(clone, environment, f"dvc remote add -q -d -f storage {environment['STORAGE']} && dvc pull -q")
    assert (clone / "external/theirs.txt").read_bytes() == (published.folder / "external/theirs.txt").read_bytes()
    assert "up to date" in shell(clone, environment, "dvc status embed")


def test_no_recipe_is_left_out() -> None:
    assert set(RECIPES) == {"publish", "take", "open", "update"}
