import json

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from pipeline.core.errors import InputError
from pipeline.fetch.custom import read_own

TEXTS = [f'review {i}, with a comma,\n"quotes" and a line break' for i in range(20)]


def read(folder):
    return read_own(folder, test_frac=0.2, seed=0)


@pytest.fixture
def corpus(tmp_path):
    (tmp_path / "README.md").write_text("not data")
    return tmp_path


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("labels", [[0, 1], ["neg", "pos"], ["Negative", "positive"], [0.0, 1.0]])
def test_reads_each_kind_of_table(corpus, kind, labels):
    table = pa.table({"text": TEXTS, "label": labels * 10})
    path = corpus / f"own.{kind}"
    if kind == "csv":
        pyarrow.csv.write_csv(table, path)
    elif kind == "parquet":
        pq.write_table(table, path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))
    tables = read(corpus)
    assert [len(tables[split]) for split in ("train", "unsup", "test")] == [16, 0, 4]
    rows = sorted(
        (row for split in ("train", "test") for row in tables[split].to_pylist()),
        key=lambda row: int(row["id"].split("/")[1]),
    )
    assert [row["text"] for row in rows] == TEXTS
    assert [row["label"] for row in rows] == [0, 1] * 10


def test_takes_the_corpus_own_splits(corpus):
    rows = [("train", 0), ("train", 1), ("valid", 0), ("valid", 1), ("test", 0), ("test", 1), ("unsup", "")]
    lines = [f"{split},{label},text {i}" for i, (split, label) in enumerate(rows)]
    (corpus / "own.csv").write_text("split,label,text\n" + "\n".join(lines) + "\n")
    tables = read(corpus)
    assert tables["train"]["valid"].to_pylist() == [False, False, True, True]
    assert tables["test"]["text"].to_pylist() == ["text 4", "text 5"]
    assert tables["unsup"]["label"].to_pylist() == [None]


def test_reads_folders(corpus):
    for i in range(10):
        for label in ("pos", "neg"):
            path = corpus / "train" / label / f"{i}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{label} {i}")
    tables = read(corpus)
    assert (len(tables["train"]), len(tables["test"])) == (16, 4)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"text\ngood\n", "columns text, but no label"),
        (b"label\n1\n", "columns label, but no text"),
        (b"text,label\ngood,1\nmeh,2\n", "row 2: label '2'; use 0 or negative"),
        (b"text,label,split\ngood,1,dev\n", "row 1: split 'dev'; use train, valid, unsup, test"),
        (b"text,label\n\xff\xfe,1\n", "cannot be read"),
        (b"", "cannot be read"),
        (b"text,label,rating\ngood,1,many\n", "does not fit its column"),
    ],
)
def test_a_bad_table_is_named(corpus, content, said):
    (corpus / "own.csv").write_bytes(content)
    with pytest.raises(InputError) as caught:
        read(corpus)
    assert said in str(caught.value)
    assert "own.csv" in str(caught.value)


def test_a_null_text_is_named(corpus):
    pq.write_table(pa.table({"text": ["a", None], "label": [0, 1]}), corpus / "own.parquet")
    with pytest.raises(InputError, match="row 2: no text"):
        read(corpus)


def test_one_corpus_lies_there(corpus):
    with pytest.raises(InputError, match="holds nothing; put one table"):
        read(corpus)
    (corpus / "a.xls").write_text("")
    with pytest.raises(InputError, match=r"a file '.xls', expected one of .csv"):
        read(corpus)
    (corpus / "b.csv").write_text("")
    with pytest.raises(InputError, match=r"holds a.xls, b.csv; put one"):
        read(corpus)
