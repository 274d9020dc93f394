"""What the tests of the page share: its models."""

import pytest

from pipeline.serve.predictor import Predictor
from tests.conftest import Project


@pytest.fixture(scope="session")
def predictor(project: Project) -> Predictor:
    return Predictor.load(project.folder / "artifacts", project.folder / "data")
