"""The table of predictions: a row per review, a column per run of a model, without any text.

A model that is trained once has one column, named after it; one trained with several seeds has a column per seed,
`<model>_<seed>`. On disk the table is a JSON object of columns, one per line, so that git and DVC treat it as text.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.core.errors import InputError, refusing
from pipeline.core.files import atomic, check_file, parse_json
from pipeline.core.parquet import read_parquet

DECIMALS = 4
SEED = re.compile(r"0|[1-9][0-9]{0,9}")  # `m_01` is no seed of m: it would be the same as `m_1`
PARQUET = b"PAR1"  # how the files of older revisions begin
Probabilities = NDArray[np.float64]  # [n_runs, n_reviews]
Labels = NDArray[np.int8]  # [n_reviews]


def clipped(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Clip to [1e-4, 1 - 1e-4], the ends that DECIMALS decimals can say: no logit and no log loss is infinite."""
    least = 10.0**-DECIMALS
    return np.clip(probabilities, least, 1 - least)


def make_predictions(
    ids: Sequence[str], labels: Labels, probabilities: Mapping[str, NDArray[np.floating[Any]]]
) -> pa.Table:
    """Return the table: id, label, and a float32 column per run, clipped, of 4 decimals."""
    columns = {
        name: np.round(clipped(p.astype(np.float64)), DECIMALS).astype(np.float32) for name, p in probabilities.items()
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
    problem, remedy = "is not a whole table of predictions", "run `dvc repro --force ensemble evaluate`"
    if isinstance(source, Path):
        check_file(source, "`git checkout` restores it, `dvc repro evaluate` makes it")
        # The whole file at once: an open handle would keep a file that is to be replaced.
        source = source.read_bytes()
    if source.startswith(PARQUET):
        table = read_parquet(source, name, problem, remedy)
    else:
        columns = parse_json(source, name, remedy, problem)
        with refusing(name, problem, remedy):
            table = _from_columns(columns)
    _check(table, name, remedy)
    return table


def _check(table: pa.Table, name: str, remedy: str) -> None:
    if table.column_names[:2] != ["id", "label"]:
        raise InputError(f"{name} starts with the columns {table.column_names[:2]}, expected id, label; {remedy}")
    if not len(table) or len(set(table.column_names)) < len(table.column_names):
        raise InputError(f"{name} has no reviews, or a column twice; {remedy}")
    kinds = (table["id"].type, table["label"].type)
    if kinds != (pa.string(), pa.int8()) or table["id"].null_count:
        raise InputError(
            f"{name}: id and label are of type {kinds[0]} and {kinds[1]}, and {table['id'].null_count} ids are missing;"
            f" expected a text and 0 or 1 for each review; {remedy}"
        )
    if not set(table["label"].to_pylist()) <= {0, 1}:
        raise InputError(f"{name} has labels other than 0 and 1; {remedy}")
    if (n_twice := len(table) - len(table["id"].unique())) > 0:
        raise InputError(f"{name} has {n_twice:,} reviews twice; {remedy}")
    for column in table.column_names[2:]:
        if pa.types.is_float32(table[column].type):
            values = table[column].to_numpy()
            if ((values >= 0) & (values <= 1)).all():
                continue
        raise InputError(f"{name}: the column {column} has values that are no probabilities from 0 to 1; {remedy}")
    runs = [_model_and_seed(column) for column in table.column_names[2:]]
    if both := sorted({model for model, seed in runs if seed is None} & {model for model, seed in runs if seed}):
        raise InputError(f"{name} has columns with and without a seed for {', '.join(both)}; {remedy}")


def _from_columns(columns: Any) -> pa.Table:
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
        model, seed = _model_and_seed(column)
        models[model] = models.get(model, ()) if seed is None else (*models.get(model, ()), int(seed))
    return models


def _model_and_seed(column: str) -> tuple[str, str | None]:
    model, _, seed = column.rpartition("_")
    return (model, seed) if model and SEED.fullmatch(seed) else (column, None)


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
