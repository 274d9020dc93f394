"""The vectors from a second repository, by the recipes of docs/vectors.md: over a folder, S3 on loopback, HTTP."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.core.embeddings import Embeddings
from tests.conftest import Project
from tests.remotes.conftest import for_s3, recipe, recipes_of, same, shell


@pytest.fixture
def other(tmp_path: Path, environment: dict[str, str]) -> Path:
    folder = tmp_path / "other"
    folder.mkdir()
    shell(folder, environment, "git init --quiet && dvc init --quiet && dvc config core.analytics false")
    return folder


@pytest.mark.parametrize("kind", ["folder", "s3"])
def test_the_recipes_from_push_to_update(
    kind: str, published: Project, other: Path, environment: dict[str, str], tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    environment["STORAGE"] = str(tmp_path / "storage")
    if kind == "s3":
        environment |= for_s3(request.getfixturevalue("s3"))
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
    published: Project, environment: dict[str, str], tmp_path: Path, serve: Callable[[Path], str]
) -> None:
    environment["STORAGE"] = str(tmp_path / "storage")
    recipe(published.folder, environment, "publish")
    shell(tmp_path, environment, f"git clone --quiet {published.folder} clone")
    clone = tmp_path / "clone"
    code = f"dvc remote add -d -f storage {serve(tmp_path / 'storage')} && dvc pull -q artifacts/embeddings"
    shell(clone, environment, code)
    assert same(clone / "artifacts/embeddings", published.folder / "artifacts/embeddings")


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
    assert recipes_of("docs/vectors.md") == {"publish", "take", "open", "update"}
