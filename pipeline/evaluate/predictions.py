"""The table of predictions: a row a review, a column a fit; small enough for git, without any text.

A model that is fitted once has one column, named as the model; one that is fitted with several seeds has one a seed,
`<model>_<seed>`.
"""

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
Probabilities = NDArray[np.float64]  # [n_fits, n_reviews]
Labels = NDArray[np.int8]  # [n_reviews]


def make_predictions(
    ids: Sequence[str], labels: Labels, probabilities: Mapping[str, NDArray[np.floating[Any]]]
) -> pa.Table:
    """Make the table `id, label` and a float32 column a fit, clipped to [1e-4, 1 - 1e-4] and rounded to 4 decimals."""
    least = 10.0**-DECIMALS
    columns = {
        name: np.round(np.clip(p.astype(np.float64), least, 1 - least), DECIMALS).astype(np.float32)
        for name, p in probabilities.items()
    }
    return pa.table({"id": pa.array(ids, pa.string()), "label": pa.array(labels, pa.int8()), **columns})


def save_predictions(table: pa.Table, path: Path) -> None:
    """Write the table as parquet, small enough for git."""
    with atomic(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", compression_level=19)


def load_predictions(source: Path | bytes, name: str | None = None) -> pa.Table:
    """Read the table back, from a file or from the bytes of one.

    Args:
        source: the file, or what it holds.
        name: what messages call it; the path by default.

    Raises:
        InputError: the file is missing or broken, lacks `id` or `label`, names a review twice, or has a column that
            is not of probabilities.
    """
    name = name or str(source)
    try:
        # The whole file at once: a handle that stays open would keep a file that is to be replaced.
        content = source.read_bytes() if isinstance(source, Path) else source
        table = pq.read_table(BytesIO(content))
    except FileNotFoundError:
        raise InputError(f"{name} is missing; `git checkout` brings it back, `dvc repro evaluate` makes it") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{name} is not a whole parquet file ({error}); run `dvc repro --force evaluate`") from None
    if table.column_names[:2] != ["id", "label"]:
        raise InputError(f"{name} starts with the columns {table.column_names[:2]}, expected id, label")
    if (n_twice := len(table) - len(table["id"].unique())) > 0:
        raise InputError(f"{name} names {n_twice:,} reviews twice; run `dvc repro --force evaluate`")
    for column in table.column_names[2:]:
        values = table[column].to_numpy()
        if values.dtype.kind != "f" or not ((values >= 0) & (values <= 1)).all():
            raise InputError(
                f"{name}: the column {column} is not of probabilities from 0 to 1; run `dvc repro --force evaluate`"
            )
    return table


def of_model(table: pa.Table, model: str, seeds: Sequence[int]) -> Probabilities:
    """Return the probabilities of a model, float64 [n_fits, n_reviews]: one fit, or one a seed."""
    names = [model] if model in table.column_names else [f"{model}_{seed}" for seed in seeds]
    # From float32 back to the decimals that were meant, so that 0.5 is 0.5.
    return np.stack([np.round(table[name].to_numpy().astype(np.float64), DECIMALS) for name in names])


def models_of(table: pa.Table) -> dict[str, tuple[int, ...]]:
    """Return the models of a table in its order, each with its seeds; none for a model that is fitted once."""
    found: dict[str, tuple[int, ...]] = {}
    for column in table.column_names[2:]:
        model, _, seed = column.rpartition("_")
        if model and re.fullmatch(r"\d+", seed):
            found[model] = (*found.get(model, ()), int(seed))
        else:
            found[column] = ()
    return found


def correct(labels: Labels, probabilities: Probabilities) -> NDArray[np.bool_]:
    """Tell which reviews each fit gets right, bool [n_fits, n_reviews]; 0.5 and above is positive."""
    right: NDArray[np.bool_] = (probabilities >= 0.5) == (labels == 1)
    return right


@dataclass(frozen=True)
class Answers:
    """What the fits of one model got right of a test set."""

    right: NDArray[np.bool_]  # [n_fits, n_reviews]
    seeds: tuple[int, ...]  # [n_fits]; empty for a model that is fitted once

    @property
    def accuracies(self) -> NDArray[np.float64]:
        """The accuracy of each fit, [n_fits]."""
        found: NDArray[np.float64] = self.right.mean(1)
        return found


def answers(table: pa.Table) -> dict[str, Answers]:
    """Return what each model of a table got right, by model."""
    labels = table["label"].to_numpy()
    found = models_of(table)
    return {model: Answers(correct(labels, of_model(table, model, seeds)), seeds) for model, seeds in found.items()}
