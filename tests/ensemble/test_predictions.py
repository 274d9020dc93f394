"""The table of predictions: written, read back, checked."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.core.errors import InputError
from pipeline.ensemble.predictions import load_predictions, make_predictions, models_of, of_model, save_predictions

SEEDS = (3, 7)


def table_of(**columns: list[float]) -> pa.Table:
    n = len(next(iter(columns.values())))
    labels = np.arange(n, dtype=np.int8) % 2
    return make_predictions(
        [f"test/{i}" for i in range(n)], labels, {name: np.array(values) for name, values in columns.items()}
    )


def as_parquet(table: pa.Table, path: Path) -> bytes:
    """The bytes of a table as older revisions saved it."""
    pq.write_table(table, path, compression="zstd", compression_level=19)
    return path.read_bytes()


def test_predictions_are_rounded_and_clipped_and_read_back(tmp_path: Path) -> None:
    table = table_of(lstm_3=[0.0, 1.0, 0.123456], lstm_7=[0.5, 0.5, 0.49996], bag=[0.1, 0.2, 0.3])
    save_predictions(table, tmp_path / "p.json")
    read = load_predictions(tmp_path / "p.json")
    assert read.equals(table)
    assert models_of(read) == {"lstm": SEEDS, "bag": ()}
    expected = [[0.0001, 0.9999, 0.1235], [0.5, 0.5, 0.5]]
    np.testing.assert_array_equal(of_model(read, "lstm", SEEDS), expected)
    np.testing.assert_array_equal(of_model(read, "bag", SEEDS), [[0.1, 0.2, 0.3]])


def test_the_file_has_a_line_per_column_and_short_decimals(tmp_path: Path) -> None:
    save_predictions(table_of(bag=[0.1, 0.2, 0.97314]), tmp_path / "p.json")
    assert (tmp_path / "p.json").read_text() == (
        '{\n"id":["test/0","test/1","test/2"],\n"label":[0,1,0],\n"bag":[0.1,0.2,0.9731]\n}\n'
    )


def test_json_gives_the_same_floats_as_parquet(tmp_path: Path) -> None:
    table = table_of(bag=(np.arange(10_001) / 10_000).tolist())  # all that four decimals can say
    save_predictions(table, tmp_path / "p.json")
    from_json = load_predictions((tmp_path / "p.json").read_bytes(), "json")
    from_parquet = load_predictions(as_parquet(table, tmp_path / "p.parquet"), "parquet")
    assert from_json.equals(from_parquet)
    np.testing.assert_array_equal(of_model(from_json, "bag", ()), of_model(from_parquet, "bag", ()))


VALID = {"id": ["a", "b"], "label": [0, 1], "bag": [0.1, 0.2]}


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"x": [1]}, r"starts with the columns \['x'\], expected id, label"),
        ({**VALID, "id": ["a", "a"]}, "has 1 reviews twice"),
        ({**VALID, "bag": [0.1, 1.2]}, "the column bag has values that are no probabilities"),
        ({**VALID, "bag": [0.1, None]}, "the column bag has values that are no probabilities"),
        ({**VALID, "bag": [0.1]}, "not a whole table"),
        ({**VALID, "bag": ["much", "little"]}, "not a whole table"),
        ({**VALID, "label": ["good", "bad"]}, "not a whole table"),
        ({**VALID, "bag": 0.1}, "not a whole table"),
        ([1, 2], "not a whole table"),
        ({**VALID, "id": [["a"], ["b"]]}, "not a whole table"),
        ({**VALID, "id": ["a", None]}, "1 ids are missing"),
        ({**VALID, "id": ["a", "\ud800"]}, "not a whole table"),
        ({**VALID, "label": [0, None]}, "labels other than 0 and 1"),
        ({**VALID, "label": [0, 5]}, "labels other than 0 and 1"),
        ({"id": [], "label": [], "bag": []}, "has no reviews"),
        ({**VALID, "bag": [0, float("nan")]}, "not a whole table"),
        ({**VALID, "bag_1": [0.1, 0.2]}, "columns with and without a seed for bag"),
    ],
)
def test_an_invalid_table_is_named(tmp_path: Path, columns: Any, expected: str) -> None:
    (tmp_path / "p.json").write_text(json.dumps(columns))
    with pytest.raises(InputError, match=rf"p\.json.*{expected}.*dvc repro --force ensemble evaluate"):
        load_predictions(tmp_path / "p.json")


def test_a_number_with_a_zero_before_it_or_of_many_digits_is_no_seed() -> None:
    table = table_of(**{"m_1": [0.1], "m_01": [0.2], f"m_{'9' * 11}": [0.3], "m_\u0661": [0.4]})
    assert models_of(table) == {"m": (1,), "m_01": (), f"m_{'9' * 11}": (), "m_\u0661": ()}


def test_other_types_in_a_parquet_file_are_named(tmp_path: Path) -> None:
    good = table_of(bag=[0.1, 0.2])
    for column, values in {"id": [1, 2], "label": ["0", "1"], "bag": [[0.1], [0.2]]}.items():
        place = good.column_names.index(column)
        broken = as_parquet(good.set_column(place, column, pa.array(values)), tmp_path / "p.parquet")
        with pytest.raises(InputError, match=r"of type|no probabilities"):
            load_predictions(broken, "there")


def test_a_missing_or_cut_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    with pytest.raises(InputError, match=r"p\.json is missing; `git checkout` restores it"):
        load_predictions(path)
    save_predictions(table_of(bag=[0.1, 0.2]), path)
    with pytest.raises(InputError, match=r"^here is not a whole table"):
        load_predictions(path.read_bytes()[:-9], "here")
    with pytest.raises(InputError, match=r"^there is not a whole table"):
        load_predictions(as_parquet(table_of(bag=[0.1]), tmp_path / "p.parquet")[:-9], "there")
