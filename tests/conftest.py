"""What the tests share: a small corpus and a small project that has run; nothing is downloaded."""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any, Self

# Many tiny tensors: a second thread would only wait for the first. Read when torch is loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pyarrow.csv
import pytest
from hypothesis import settings

from pipeline.fetch.synthetic import sample_tables
from pipeline.params import Params, parse
from pipeline.presets import apply
from stages.runner import read_params

settings.register_profile("project", deadline=None)  # a busy machine takes its time
settings.load_profile("project")
ROOT = Path(__file__).parent.parent
SMALL = {
    "fetch.source": "corpus",
    "embed.vector_size": 12,
    "embed.window": 3,
    "embed.min_count": 2,
    "embed.epochs": 2,
    "embed.min_words": 0,
    "baseline.C": [0.1, 1.0],
    "classify.hidden_size": 8,
    "classify.batch_size": 32,
    "classify.epochs": 2,
    "classify.min_steps": 0,
    "classify.n_processes": 1,
    "student.hidden_size": 8,
    "student.epochs": 1,
    "maas.vector_size": 6,
    "maas.n_words": 150,
    "maas.n_skipped": 5,
    "maas.epochs": 2,
    "maas.num_threads": 1,
    "polarity.min_reviews": 5,
    "polarity.n_probes": 20,
    "polarity.n_map": 20,
    "evaluate.n_resamples": 200,
}


def unpack(path: Path, folder: Path) -> None:
    """Extract an archive under the tarfile module's rules for data, where it has them: not before Python 3.11.4."""
    with tarfile.open(path) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(folder)


def with_values(params: Params, **values: Any) -> Params:
    """Return params with some values changed: with_values(params, embed__epochs=2)."""
    tree = params.model_dump()
    for key, value in values.items():
        section, _, name = key.partition("__")
        if name:
            tree[section][name] = value
        else:
            tree[section] = value
    return parse(tree)


def loaded_by(code: str) -> set[str]:
    """Run code in another Python; return the packages that it has loaded."""
    code += "; import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder as a user who is nobody; return what it prints."""
    identity = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class Project:
    """A copy of the tree in another folder, with small parameters and a small corpus."""

    def __init__(self, folder: Path, *, noise_in_test: bool = False) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        for name in ("pipeline", "stages", "presets", "external", ".dvc"):
            ignored = shutil.ignore_patterns("__pycache__", "tmp", "cache", "config.local", "*.txt", "*.bin", "*.vec")
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        for name in ("dvc.yaml", ".dvcignore", "params.yaml"):
            shutil.copy(ROOT / name, folder)
        (folder / ".dvc" / "config.local").write_text("[core]\n    no_scm = true\n")
        self.set(SMALL)
        rng = np.random.default_rng(1)
        tables = []
        for split, table in sample_tables(n_train=240, n_unsup=60, n_test=80).items():
            if split == "test" and noise_in_test:
                noise = ["".join(rng.choice(list("qxzvjk "), 60)).strip() + f" {i}" for i in range(len(table))]
                table = table.set_column(table.column_names.index("text"), "text", pyarrow.array(noise))
            tables.append(table.append_column("split", pyarrow.array([split] * len(table))))
        (folder / "corpus").mkdir()
        pyarrow.csv.write_csv(pyarrow.concat_tables(tables).drop_columns(["id"]), folder / "corpus" / "reviews.csv")

    @classmethod
    def at(cls, folder: Path) -> Self:
        """Return the project that is in a folder."""
        found = object.__new__(cls)
        found.folder = folder
        return found

    def copy(self, folder: Path) -> Self:
        """Copy the project, with what it has made, to a folder that is empty or does not exist."""
        shutil.copytree(self.folder, folder, symlinks=True, dirs_exist_ok=True)
        return self.at(folder)

    def set(self, values: dict[str, Any]) -> None:
        """Change params.yaml."""
        path = self.folder / "params.yaml"
        path.write_text(apply(values, path.read_text("utf-8")), "utf-8")

    def command(self, *arguments: str) -> list[str]:
        """Return `python -m ...` with this Python."""
        return [sys.executable, "-m", *arguments]

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the commands: this Python first, one thread, no project above."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1", "PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, *arguments: str, status: int = 0, **environment: str) -> str:
        """Run a module, `dvc` or `stages` say; return what it prints, standard error included."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=600,
        )
        printed = done.stdout + done.stderr
        assert done.returncode == status, printed
        return printed

    def bytes_of(self, *names: str) -> dict[str, bytes]:
        """Return the content of files and of all files in folders, by path."""
        found = {}
        for name in names:
            path = self.folder / name
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                if file.is_file():
                    found[str(file.relative_to(self.folder))] = file.read_bytes()
        return found


@pytest.fixture(scope="session")
def params() -> Params:
    return read_params(ROOT / "params.yaml")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose every stage has run. Tests that change it copy it first."""
    made = Project(tmp_path_factory.mktemp("run") / "project")
    made.run("dvc", "repro")
    return made


@pytest.fixture
def project_copy(project: Project, tmp_path: Path) -> Project:
    """A copy of the project that has run."""
    return project.copy(tmp_path / "project")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests that need a GPU if torch finds none."""
    import torch

    if not torch.cuda.is_available():
        for item in items:
            if "gpu" in item.keywords:
                item.add_marker(
                    pytest.mark.skip(reason="torch finds no GPU here; `make test-gpu` runs it where it does")
                )
