"""One model about many texts."""

import shutil
from pathlib import Path

import pytest

from pipeline.core.errors import InputError
from pipeline.serve.text_model import TextModel
from tests.conftest import Project


@pytest.mark.parametrize("name", ["embeddings", "tuned"])
def test_a_folder_of_word_vectors_is_not_a_model(project: Project, name: str) -> None:
    with pytest.raises(InputError, match=f"{name} has word vectors, not a model; .*nbsvm") as error:
        TextModel.load(project.folder / "artifacts" / name)
    assert "delete" not in str(error.value)


def test_an_lstm_needs_its_own_folder_only(project: Project, tmp_path: Path) -> None:
    shutil.copytree(project.folder / "artifacts/lstm_frozen/1", tmp_path / "model")
    assert len(TextModel.load(tmp_path / "model").probabilities(["dull", "warm"])) == 2
