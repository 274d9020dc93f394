"""Samples of rows, and the lines and table rows that they name."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.core.corpus import CorpusLines
from pipeline.core.errors import InputError
from pipeline.core.parquet import read_rows
from pipeline.core.sample import sample_rows


def test_a_sample_has_different_rows_in_order_always_the_same() -> None:
    assert sample_rows(5, 5).tolist() == [0, 1, 2, 3, 4]
    sample = sample_rows(1000, 100)
    assert len(sample) == 100
    assert np.diff(sample).min() > 0
    assert 300 < sample.mean() < 700
    assert sample.tolist() == sample_rows(1000, 100).tolist()


def test_lines_of_the_corpus_are_read_each_time(tmp_path: Path) -> None:
    (tmp_path / "corpus.txt").write_text("a b\n\nc\u2028d\ne\n", "utf-8")
    lines = CorpusLines(tmp_path / "corpus.txt", np.array([1, 2, 3]))
    assert list(lines) == list(lines) == ["", "c\u2028d", "e"]
    assert list(CorpusLines(tmp_path / "corpus.txt", np.array([], np.int64))) == []


def test_rows_of_a_table_are_those_of_the_whole_table(tmp_path: Path) -> None:
    table = pa.table({"id": [str(i) for i in range(1000)], "label": [i % 2 for i in range(1000)]})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=300)
    for rows in ([], [0], [127, 128, 299, 300, 999], list(range(1000))):
        chosen = np.array(rows, np.int64)
        assert read_rows(tmp_path / "a.parquet", chosen) == table.take(pa.array(chosen))
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"a\.parquet is not a readable table of reviews .*dvc repro"):
        read_rows(tmp_path / "a.parquet", np.arange(3))
