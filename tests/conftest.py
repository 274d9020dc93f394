"""What the tests share: a few reviews and an artifact of each kind, made in memory, nothing downloaded."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.params import Params
from stages.stage import read_params

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def params() -> Params:
    return read_params(ROOT / "params.yaml")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)
