"""The table of predictions: written, read back, checked."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.core.errors import InputError
from pipeline.evaluate.predictions import load_predictions, make_predictions, of_model, save_predictions

SEEDS = (3, 7)


def table_of(**columns: list[float]) -> pa.Table:
    n = len(next(iter(columns.values())))
    labels = np.arange(n, dtype=np.int8) % 2
    return make_predictions(
        [f"test/{i}" for i in range(n)], labels, {name: np.array(values) for name, values in columns.items()}
    )


def test_predictions_are_rounded_and_clipped_and_come_back(tmp_path: Path) -> None:
    table = table_of(lstm_3=[0.0, 1.0, 0.123456], lstm_7=[0.5, 0.5, 0.49996], bag=[0.1, 0.2, 0.3])
    save_predictions(table, tmp_path / "p.parquet")
    read = load_predictions(tmp_path / "p.parquet")
    assert read.equals(table)
    expected = [[0.0001, 0.9999, 0.1235], [0.5, 0.5, 0.5]]
    np.testing.assert_array_equal(of_model(read, "lstm", SEEDS), expected)
    np.testing.assert_array_equal(of_model(read, "bag", SEEDS), [[0.1, 0.2, 0.3]])


@pytest.mark.parametrize(("kind", "said"), [("missing", "is missing"), ("cut", "not a whole"), ("columns", "expected")])
def test_a_broken_table_is_named(tmp_path: Path, kind: str, said: str) -> None:
    path = tmp_path / "p.parquet"
    if kind == "cut":
        save_predictions(table_of(bag=[0.1, 0.2]), path)
        path.write_bytes(path.read_bytes()[:-9])
    elif kind == "columns":
        pq.write_table(pa.table({"x": [1]}), path)
    with pytest.raises(InputError, match=rf"p\.parquet.*{said}"):
        load_predictions(path)
