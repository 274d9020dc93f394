"""The table of predictions: a row per review, a column per run of a model, without any text.

A model that is trained once has one column, named after it; one trained with several seeds has a column per seed,
`<model>_<seed>`. On disk the table is a JSON object of columns, one per line, so that git and DVC treat it as text.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.core.errors import InputError
from pipeline.core.files import atomic

DECIMALS = 4
PARQUET = b"PAR1"  # how the files of older revisions begin
Probabilities = NDArray[np.float64]  # [n_runs, n_reviews]
Labels = NDArray[np.int8]  # [n_reviews]


def make_predictions(
    ids: Sequence[str], labels: Labels, probabilities: Mapping[str, NDArray[np.floating[Any]]]
) -> pa.Table:
    """Return the table: id, label, and a float32 column per run, clipped to [1e-4, 1 - 1e-4], of 4 decimals."""
    least = 10.0**-DECIMALS
    columns = {
        name: np.round(np.clip(p.astype(np.float64), least, 1 - least), DECIMALS).astype(np.float32)
        for name, p in probabilities.items()
    }
    return pa.table({"id": pa.array(ids, pa.string()), "label": pa.array(labels, pa.int8()), **columns})


def save_predictions(table: pa.Table, path: Path) -> None:
    """Write the table as JSON, each probability in its 4 decimals."""
    columns = {name: table[name].to_pylist() for name in ("id", "label")}
    columns |= {name: _decimals(table, name).tolist() for name in table.column_names[2:]}
    lines = ",\n".join(f"{json.dumps(name)}:{_dumps(values)}" for name, values in columns.items())
    with atomic(path) as temporary:
        temporary.write_text(f"{{\n{lines}\n}}\n", "utf-8")


def load_predictions(source: Path | bytes, name: str | None = None) -> pa.Table:
    """Read a table back.

    Args:
        source: the file, or its content; the parquet files of older revisions are read, too.
        name: the table's name in messages; by default the path.

    Raises:
        InputError: the file is missing or broken, lacks `id` or `label`, has a review twice, or a column of anything
            but probabilities.
    """
    name = name or str(source)
    remedy = "run `dvc repro --force ensemble evaluate`"
    try:
        # The whole file at once: an open handle would keep a file that is to be replaced.
        content = source.read_bytes() if isinstance(source, Path) else source
        table = pq.read_table(BytesIO(content)) if content.startswith(PARQUET) else _from_json(content)
    except FileNotFoundError:
        raise InputError(f"{name} is missing; `git checkout` restores it, `dvc repro evaluate` makes it") from None
    except (pa.ArrowException, ValueError, OSError) as error:
        raise InputError(f"{name} is not a whole table of predictions ({error}); {remedy}") from None
    if table.column_names[:2] != ["id", "label"]:
        raise InputError(f"{name} starts with the columns {table.column_names[:2]}, expected id, label; {remedy}")
    if (n_twice := len(table) - len(table["id"].unique())) > 0:
        raise InputError(f"{name} has {n_twice:,} reviews twice; {remedy}")
    for column in table.column_names[2:]:
        values = table[column].to_numpy()
        if values.dtype.kind != "f" or not ((values >= 0) & (values <= 1)).all():
            raise InputError(f"{name}: the column {column} has values that are no probabilities from 0 to 1; {remedy}")
    return table


def _from_json(content: bytes) -> pa.Table:
    columns = json.loads(content)
    if not isinstance(columns, dict) or not all(isinstance(values, list) for values in columns.values()):
        raise ValueError("it is not an object of lists")
    types = {"id": pa.string(), "label": pa.int8()}
    return pa.table({name: pa.array(values, types.get(name, pa.float32())) for name, values in columns.items()})


def _dumps(values: Sequence[Any]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def _decimals(table: pa.Table, column: str) -> NDArray[np.float64]:
    """Return a column of float32 as the decimals that were meant, float64, so that 0.5 is 0.5."""
    rounded: NDArray[np.float64] = np.round(table[column].to_numpy().astype(np.float64), DECIMALS)
    return rounded


def of_model(table: pa.Table, model: str, seeds: Sequence[int]) -> Probabilities:
    """Return the probabilities of a model, float64 [n_runs, n_reviews]: of its only run, or of a run per seed."""
    names = [model] if model in table.column_names else [f"{model}_{seed}" for seed in seeds]
    return np.stack([_decimals(table, name) for name in names])


def models_of(table: pa.Table) -> dict[str, tuple[int, ...]]:
    """Return the models of a table, in its order, each with its seeds; no seeds for a model that is trained once."""
    models: dict[str, tuple[int, ...]] = {}
    for column in table.column_names[2:]:
        model, _, seed = column.rpartition("_")
        if model and re.fullmatch(r"\d+", seed):
            models[model] = (*models.get(model, ()), int(seed))
        else:
            models[column] = ()
    return models


def correct(labels: Labels, probabilities: Probabilities) -> NDArray[np.bool_]:
    """Return which reviews each run classifies correctly, bool [n_runs, n_reviews]; 0.5 and above is positive."""
    right: NDArray[np.bool_] = (probabilities >= 0.5) == (labels == 1)
    return right


@dataclass(frozen=True)
class Answers:
    """Which reviews of a test set the runs of one model classify correctly."""

    right: NDArray[np.bool_]  # [n_runs, n_reviews]
    seeds: tuple[int, ...]  # [n_runs]; empty for a model that is trained once

    @property
    def accuracies(self) -> NDArray[np.float64]:
        """The accuracy of each run, [n_runs]."""
        shares: NDArray[np.float64] = self.right.mean(1)
        return shares


def answers(table: pa.Table) -> dict[str, Answers]:
    """Return which reviews each model of a table classifies correctly, by model."""
    labels = table["label"].to_numpy()
    return {
        model: Answers(correct(labels, of_model(table, model, seeds)), seeds)
        for model, seeds in models_of(table).items()
    }
