"""Your own corpus: every format is read, every unusable file is named with its first bad row."""

import contextlib
import json

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from pipeline.core.errors import InputError
from pipeline.fetch.custom import read_custom

TEXTS = [f'review {i}, with a comma,\n"quotes" and a line break' for i in range(50)]


def read(folder):
    return read_custom(folder, test_frac=0.2, seed=0)


def write(table, path):
    match path.suffix.lower():
        case ".csv":
            pyarrow.csv.write_csv(table, path)
        case ".tsv":
            pyarrow.csv.write_csv(table, path, pyarrow.csv.WriteOptions(delimiter="\t"))
        case ".parquet":
            pq.write_table(table, path)
        case _:
            path.write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))


def error(folder):
    with pytest.raises(InputError) as caught:
        read(folder)
    return str(caught.value)


@pytest.fixture
def corpus(tmp_path):
    (tmp_path / "README.md").write_text("not data")
    return tmp_path


@pytest.mark.parametrize("name", ["own.csv", "own.tsv", "own.jsonl", "own.parquet", "OWN.CSV", "Own.Jsonl"])
@pytest.mark.parametrize("labels", [[0, 1], ["neg", "pos"], ["Negative", "positive"], [0.0, 1.0], [False, True]])
def test_each_kind_of_table_is_read(corpus, name, labels):
    write(pa.table({"Text": TEXTS, "LABEL": labels * 25}), corpus / name)
    tables = read(corpus)
    assert [len(tables[split]) for split in ("train", "unsup", "test")] == [40, 0, 10]
    rows = sorted(
        (row for split in ("train", "test") for row in tables[split].to_pylist()),
        key=lambda row: int(row["id"].split("/")[1]),
    )
    assert [row["text"] for row in rows] == TEXTS
    assert [row["label"] for row in rows] == [0, 1] * 25


def test_the_splits_of_the_corpus_are_used(corpus):
    rows = [("Train", 0), ("train", 1), ("valid", 0), ("valid", 1), ("test", 0), ("test", 1), ("unsup", "")]
    lines = [f"{split},{label},text {i}" for i, (split, label) in enumerate(rows)]
    (corpus / "own.csv").write_text("split,label,text\n" + "\n".join(lines) + "\n\n")
    tables = read(corpus)
    assert tables["train"]["valid"].to_pylist() == [False, False, True, True]
    assert tables["test"]["text"].to_pylist() == ["text 4", "text 5"]
    assert tables["unsup"]["label"].to_pylist() == [None]


def test_optional_columns_may_lack_values(corpus):
    rows = "a,0,7,m,test\nb,1,,NA,test\nc,1,8.0,,train\n"
    (corpus / "own.csv").write_text("\ufefftext,label,rating,movie,split\n" + rows, "utf-8")
    test = read(corpus)["test"]
    assert test["rating"].to_pylist() == [7, None]
    assert test["movie"].to_pylist() == ["m", None]


def test_folders_are_read(corpus):
    for i in range(25):
        for label in ("pos", "neg"):
            path = corpus / "train" / label / f"{i}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{label} {i}")
    tables = read(corpus)
    assert (len(tables["train"]), len(tables["test"])) == (40, 10)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"text\ngood\n", "own.csv has the columns text, but no label; add or rename one"),
        (b"label\n1\n", "columns label, but no text"),
        (b"text,label,Text\ngood,1,bad\n", "has more than one column text"),
        (b"text,label\n", "own.csv has no rows"),
        (b"", "cannot be read: it is empty"),
        (b"text,label\n\xff\xfe,1\n", "cannot be read"),
        (b"text,label\na,1\nb,2\nc,0\nd,3\n", "row 2: label '2'; use 0 or negative, 1 or positive"),
        (b"text,label\na,1\nb,2\nc,0\nd,3\n", "; 2 rows in all are like this"),
        (b"text,label,split\na,1,dev\n", "row 1: split 'dev'; use train, valid, unsup, test"),
        (b"text,label\na,1\n,0\n ,0\n", "row 2: no text; remove the row; 2 rows in all are like this"),
        (b"text,label\ngood, but slow,1\n", "row 1 (line 2): 3 values for 2 columns"),
        (b"text,label,rating\ngood,1,many\n", "a value does not fit its column"),
        (b"text,label,rating\ngood,1,7.5\n", "a value does not fit its column"),
        (b"text,label,label\ngood,1,0\n", "has more than one column label"),
        (b"t\xe9xt,label\ngood,1\n", "cannot be read"),
        (b"id,text,label\na,good,1\na,bad,0\n", "row 2: id 'a'; give each its own"),
    ],
)
def test_a_bad_table_is_named(corpus, content, message):
    (corpus / "own.csv").write_bytes(content)
    assert message in error(corpus)
    assert "own.csv" in error(corpus)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"text": "caf\xe9", "label": 1}', "own.jsonl, line 1 is not readable JSON"),
        (b'{"t\xe9xt": "a", "text": "b", "label": 1}', "line 1 is not readable JSON"),
        (b'{"text": {"a": 1}, "label": 1}', "the column text has values of type struct"),
        (b'{"text": "a", "label": 1, "id": [1]}', "the column id has values of type list"),
        (b'{"text": "a", "label": 1, "rating": 300}', "a value does not fit its column"),
        (b'{"text": "a", "label": 1, "label": 0}', "a key of text, label occurs twice"),
        (b"[" * 100_000, "line 1 is not readable JSON"),
        (b'{"text": "a", "label": 1}\n[1]\n', "line 2: [1] is no JSON object"),
        (b'{"text": "a", "label": 1}\n{"text": 2, "label": 1}\n', "cannot be read"),
        (b'{"text": "a", "label": ' + b"9" * 30 + b"}", "cannot be read"),
        (b"".join(b'{"k%d": 1}\n' % i for i in range(3000)), "has the columns k0, k1, k2"),
        (b"", "has the columns , but no text and no label"),
    ],
)
def test_bad_json_lines_are_named(corpus, content, message):
    (corpus / "own.jsonl").write_bytes(content)
    assert message in error(corpus)


def test_a_damaged_parquet_file_is_named(corpus):
    write(pa.table({"text": TEXTS, "label": [0, 1] * 25}), corpus / "own.parquet")
    content = (corpus / "own.parquet").read_bytes()
    for place in range(4, len(content), 37):
        (corpus / "own.parquet").write_bytes(content[:place] + b"\xff" + content[place + 1 :])
        with contextlib.suppress(InputError):
            read(corpus)
    (corpus / "own.parquet").write_bytes(content[:-20])
    assert "own.parquet cannot be read" in error(corpus)


@pytest.mark.parametrize("as_dictionary", [True, False])
def test_a_table_that_unpacks_to_far_more_than_its_size_is_refused(corpus, as_dictionary):
    texts = pa.array(["x" * 50_000]).dictionary_encode().take(pa.array([0] * 2000))
    columns = {"text": texts if as_dictionary else texts.cast(pa.string()), "label": [0, 1] * 1000}
    write(pa.table(columns), corpus / "own.parquet")
    assert (corpus / "own.parquet").stat().st_size < 10_000
    assert "it unpacks to more than" in error(corpus)


def test_a_folder_in_the_place_of_a_table_is_named(corpus):
    (corpus / "own.csv").mkdir()
    assert "has no reviews" in error(corpus)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        # Parsers accept each of these and merge two reviews, or lose a quote.
        ('text,label\nfine,1\n"bad,0\ngood",1\n', "row 2 (line 3): the text seems to contain another row, 'bad,0'"),
        ('label,text\n1,fine\n0,"bad\n1,good"\n', "row 2 (line 3): the text seems to contain another row, '1,good'"),
        (
            'id,text,label\n1,"bad,neg\n2,good",pos\n',
            "row 1 (line 2): the text seems to contain another row, 'bad,neg'",
        ),
        ('id,label,text\n1,0,"bad\n2,1,good"\n', "row 1 (line 2): the text seems to contain another row, '2,1,good'"),
        ('text,label\n"two\nlines",1\n"bad" film,0\n', "row 2 (line 4): its quotes are unbalanced"),
        ('text,label\nfine,1\n"bad,0\ngood,1\n', "row 2 (line 3): its quotes are unbalanced"),
    ],
)
def test_unbalanced_quotes_are_named(corpus, rows, message):
    (corpus / "own.csv").write_text(rows)
    assert message in error(corpus)


def test_a_text_with_lines_lists_and_quotes_is_not_taken_for_two(corpus):
    texts = ["one, two\nthree, 1\n1, 2\nfour", 'He said ""no"", 1\nand, 0 left', "1\n0", "a,b\nc,d"]
    rows = [f'"{text}",{i % 2},test' for i, text in enumerate(texts)] + ["x,1,train"]
    (corpus / "own.csv").write_text("text,label,split\n" + "\n".join(rows))
    assert read(corpus)["test"]["text"].to_pylist() == [text.replace('""', '"') for text in texts]


def test_a_null_text_is_named(corpus):
    pq.write_table(pa.table({"text": ["a", None], "label": [0, 1]}), corpus / "own.parquet")
    assert "row 2: no text" in error(corpus)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1] * 5, "own.parquet: 10 training reviews, at least 32 are needed"),
        ([1] * 50, "own.parquet: train has no negative reviews (label 0); both labels are needed"),
        ([1] * 48 + [0] * 2, "own.parquet has 2 negative reviews (label 0), too few to split off one in 5"),
    ],
)
def test_too_little_to_split_test_off_is_named_without_movies(corpus, labels, message):
    pq.write_table(
        pa.table({"text": [f"text {i}" for i in range(len(labels))], "label": labels}), corpus / "own.parquet"
    )
    assert message in error(corpus)
    assert "movie" not in error(corpus)


def test_an_empty_folder_names_the_option_of_a_queue(corpus):
    assert "is empty; put one table" in error(corpus)
    assert f"`dvc exp run --queue` or `--temp`) add `-C {corpus}/FILE`" in error(corpus)


def test_there_is_one_corpus_of_a_known_kind(corpus):
    (corpus / "a.xls").write_text("")
    assert "the suffix '.xls' is not one of .csv, .tsv" in error(corpus)
    (corpus / "b.csv").write_text("")
    assert "contains a.xls, b.csv; keep one table" in error(corpus)
