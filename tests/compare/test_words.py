"""The changed reviews word by word: networks of other revisions, from DVC's cache, in a project that has run."""

import json
import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.compare import words
from pipeline.compare.results import RevisionResults, read_results
from pipeline.compare.reviews import ChangedReview, read_texts
from pipeline.compare.revisions import find
from pipeline.core.errors import InputError
from tests.conftest import Project, git

TUNED, FROZEN = "lstm_finetuned", "lstm_frozen"
Sides = tuple[RevisionResults, RevisionResults]


@pytest.fixture
def folder(project_copy: Project) -> Path:
    """A repository of two commits: in the second, lstm_finetuned is the network that lstm_frozen is in the first."""
    made = project_copy.folder
    (made / ".dvc/config.local").unlink()
    git(made, "init", "--quiet")
    kept = ("params.yaml", "dvc.yaml", "dvc.lock", "predictions", ".dvc/config")
    git(made, "add", *kept)
    git(made, "commit", "--quiet", "--message", "A")
    path = made / "dvc.lock"
    path.write_text(path.read_text("utf-8").replace(digest(made, TUNED), digest(made, FROZEN)), "utf-8")
    path = made / "predictions/test.json"
    table = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**table, f"{TUNED}_1": table[f"{FROZEN}_1"]}), "utf-8")
    git(made, "add", *kept)
    git(made, "commit", "--quiet", "--message", "B")
    return made


def digest(folder: Path, model: str) -> str:
    stages = YAML(typ="safe").load(folder / "dvc.lock")["stages"]
    (out,) = [out for out in stages[f"classify@{model}-1"]["outs"] if out["path"] == f"artifacts/{model}/1"]
    return str(out["md5"])


def cached(folder: Path, model: str) -> Path:
    """The list of a network's files in DVC's cache."""
    name = digest(folder, model)
    return folder / ".dvc/cache/files/md5" / name[:2] / name[2:]


@pytest.fixture
def sides(folder: Path) -> Sides:
    a, b = (read_results(find(name, folder)) for name in ("HEAD~1", "HEAD"))
    return a, b


@pytest.fixture
def changed(sides: Sides) -> list[ChangedReview]:
    return [ChangedReview(review, True, 0.4, 0.6) for review in sides[0].table["id"].to_pylist()[:3]]


@pytest.fixture
def texts(folder: Path, changed: list[ChangedReview]) -> dict[str, str]:
    return read_texts(folder / "data/test.parquet", [one.id for one in changed])


def test_both_networks_come_from_the_cache_and_give_the_recorded_probabilities(
    folder: Path, sides: Sides, changed: list[ChangedReview], texts: dict[str, str]
) -> None:
    shutil.rmtree(folder / "artifacts")
    before = {path for path in (folder / ".dvc/cache").rglob("*") if path.is_file()}
    shown = words.reviews_of(*sides, TUNED, changed, 2, texts)
    assert list(shown.notes) == []
    assert shown.seeds == {"A": 1, "B": 1}
    assert list(shown.texts) == [one.id for one in changed[:2]]
    for side, one in zip("AB", sides, strict=True):
        recorded = dict(zip(one.table["id"].to_pylist(), one.table[f"{TUNED}_1"].to_pylist(), strict=True))
        for review, read in shown.words[side].items():
            assert read["last"] == pytest.approx(recorded[review], abs=1e-3)
            assert "".join(text for text, _ in read["words"]) == shown.texts[review]
    assert shown.words["A"] != shown.words["B"]
    assert {path for path in (folder / ".dvc/cache").rglob("*") if path.is_file()} == before
    assert not (folder / "artifacts").exists()


def test_a_network_that_the_cache_lacks_is_named_and_the_other_is_shown(
    folder: Path, sides: Sides, changed: list[ChangedReview], texts: dict[str, str]
) -> None:
    cached(folder, FROZEN).unlink()  # dvc.lock of the workspace is that of B
    shown = words.reviews_of(*sides, TUNED, changed, 2, texts)
    assert list(shown.words) == ["A"]
    (note,) = shown.notes
    assert note.startswith("B: artifacts/lstm_finetuned/1 of HEAD is not in DVC's cache (")
    assert note.endswith("check out HEAD and run `dvc fetch`")


def test_a_network_without_all_its_files_is_named(
    folder: Path, sides: Sides, changed: list[ChangedReview], texts: dict[str, str]
) -> None:
    for one in json.loads(cached(folder, FROZEN).read_text("utf-8")):
        if one["relpath"] == "model.safetensors":
            (folder / ".dvc/cache/files/md5" / one["md5"][:2] / one["md5"][2:]).unlink()
    shown = words.reviews_of(*sides, TUNED, changed, 2, texts)
    assert "A" in shown.words
    assert "artifacts/lstm_finetuned/1 of HEAD is" in shown.notes[0]


def test_a_network_of_other_predictions_shades_nothing(
    sides: Sides, changed: list[ChangedReview], texts: dict[str, str]
) -> None:
    network = words.load_network(sides[0].revision, TUNED, 1)
    with pytest.raises(InputError, match=r"predictions have 7\.00: they come from another network or other code;"):
        words.word_by_word(network, texts, dict.fromkeys(texts, 7.0))


def test_a_network_of_another_format_is_refused(sides: Sides, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.classify.classifier.FORMAT", 99)
    with pytest.raises(
        InputError,
        match=r"^artifacts/lstm_frozen/1 of HEAD~1 cannot be read \(artifacts/lstm_frozen/1.*check out HEAD~1",
    ):
        words.load_network(sides[0].revision, FROZEN, 1)


def test_the_network_of_the_workspace_is_that_of_its_folder(folder: Path) -> None:
    workspace = find("workspace", folder)
    assert words.load_network(workspace, TUNED, 1).training["model"] == TUNED
    shutil.rmtree(folder / "artifacts" / TUNED)
    with pytest.raises(InputError, match="is missing"):
        words.load_network(workspace, TUNED, 1)


def test_linear_models_and_reviews_without_text_are_not_read(sides: Sides, changed: list[ChangedReview]) -> None:
    for model, texts in (("nbsvm", {one.id: "A<br />text" for one in changed}), (TUNED, {})):
        shown = words.reviews_of(*sides, model, changed, 2, texts)
        assert (shown.words, list(shown.notes)) == ({}, [])
        assert set(shown.texts.values()) <= {"A\ntext"}
