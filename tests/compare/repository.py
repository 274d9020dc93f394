"""A small git repository of runs, a comparison of two of them, and reviews that changed side."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from ruamel.yaml import YAML

from pipeline.compare.comparison import Comparison, compare
from pipeline.compare.results import read_results
from pipeline.compare.reviews import ChangedReview, ModelReviews
from pipeline.compare.revisions import find
from pipeline.ensemble.predictions import make_predictions, save_predictions
from pipeline.report.page import annotate
from tests.conftest import git

N = 400
PREDICTIONS = "predictions/test.json"
LINEAR, NETWORK = "nbsvm", "lstm"
HOSTILE = "<script>alert(1)</script> & <b>bold</b>"


class Repository:
    """A git repository of predictions, parameters and a dvc.lock that confirms them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.params: dict[str, Any] = {"seeds": [1], "baseline": {"C": [0.1, 1.0], "min_df": 2}}
        rng = np.random.default_rng(0)
        self.labels = rng.integers(0, 2, N).astype(np.int8)
        self.ids = [f"test/{i}" for i in range(N)]
        self.columns = {name: self.fit(0.8, seed) for seed, name in enumerate(("bag", "nbsvm", "lstm_1"))}

    def git(self, *arguments: str) -> str:
        return git(self.folder, *arguments)

    def fit(self, accuracy: float, seed: int) -> np.ndarray:
        """Return probabilities that are correct for a share of the reviews."""
        right = np.random.default_rng(seed).random(N) < accuracy
        return np.where(right == (self.labels == 1), 0.9, 0.1)

    def write(self, table: pa.Table | None = None, *, lock: bool = True) -> None:
        """Write predictions, parameters and lock."""
        path = self.folder / PREDICTIONS
        save_predictions(make_predictions(self.ids, self.labels, self.columns) if table is None else table, path)
        YAML().dump(self.params, self.folder / "params.yaml")
        if lock:
            digest = hashlib.md5(path.read_bytes()).hexdigest()
            fit = {
                "params": {"params.yaml": {"baseline": self.params["baseline"]}},
                "outs": [{"path": "artifacts/nbsvm", "md5": "0"}],
            }
            evaluate = {
                "deps": [{"path": "artifacts/nbsvm", "md5": "0"}],
                "params": {"params.yaml": {"seeds": self.params["seeds"]}},
                "outs": [{"path": PREDICTIONS, "md5": digest}],
            }
            YAML().dump({"stages": {"baseline": fit, "evaluate": evaluate}}, self.folder / "dvc.lock")

    @contextmanager
    def lock(self) -> Iterator[dict[str, Any]]:
        """Change the stages of dvc.lock."""
        path = self.folder / "dvc.lock"
        lock = YAML(typ="safe").load(path)
        yield lock["stages"]
        YAML().dump(lock, path)

    def better(self) -> None:
        """Make nbsvm better, and one parameter another, in the workspace."""
        self.columns["nbsvm"] = self.fit(0.95, 7)
        self.params["baseline"]["min_df"] = 10
        self.write()

    def commit(self, message: str = "a run", table: pa.Table | None = None) -> str:
        self.write(table)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def experiment(self, name: str) -> str:
        """Keep the workspace as `dvc exp run` does: a commit under refs/exps, the branch unchanged."""
        head = self.git("rev-parse", "HEAD")
        made = self.commit(f"dvc: commit experiment {name}")
        self.git("update-ref", f"refs/exps/{head[:2]}/{head[2:]}/{name}", made)
        self.git("reset", "--quiet", "--hard", head)
        return made


def comparison_of(repository: Repository) -> Comparison:
    """Compare two commits: nbsvm is better, the others are the same; a parameter and names need escaping."""
    repository.columns[LINEAR] = repository.fit(0.95, 7)
    repository.params["baseline"]["min_df"] = "<b>"
    repository.commit("B <i>is</i> better")
    a, b = (read_results(find(name, repository.folder)) for name in ("HEAD~1", "HEAD"))
    return compare(a, b, models=(), level=0.05, n_resamples=200, seed=1)


def reviews() -> dict[str, ModelReviews]:
    """Return two reviews for each of two models; one model reads word by word, the other lacks the texts."""
    changed = [ChangedReview("test/<1>", True, 0.1, 0.9), ChangedReview("test/2", False, 0.2, 0.7)]
    read = annotate({"before": 0.5, "pieces": [["I", 0.6], [f" {HOSTILE} ", None], ["hated", 0.1], [".", None]]})
    words = {side: {one.id: read for one in changed} for side in ("A", "B")}
    texts = {one.id: HOSTILE for one in changed}
    return {
        NETWORK: ModelReviews(changed, 2, texts, words, {"A": 1, "B": 2}),
        LINEAR: ModelReviews(changed, 1, {}, notes=["a <reason>; `dvc fetch`"]),
    }
