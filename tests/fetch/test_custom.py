"""Your own corpus: every format is read, every unusable file is named with its first bad row."""

import contextlib
import json
from pathlib import PurePath

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from pipeline.core.errors import InputError
from pipeline.fetch.names import split_of
from tests.fetch.written import fetched, rows

TEXTS = [f'review {i}, with a comma,\n"quotes" and a line break' for i in range(50)]


def read(folder):
    return fetched(folder)[0]


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
    reviews = sorted(
        (row for split in ("train", "test") for row in tables[split].to_pylist()),
        key=lambda row: int(row["id"].split("/")[1]),
    )
    assert [row["text"] for row in reviews] == TEXTS
    assert [row["label"] for row in reviews] == [0, 1] * 25


def test_the_splits_of_the_corpus_are_used(corpus):
    reviews = [("Train", i % 2) for i in range(32)] + [("valid", 0), ("validation", 1), ("test", 0), ("test", 1)]
    lines = [f"{split},{label},text {i}" for i, (split, label) in enumerate([*reviews, ("unsup", "")])]
    (corpus / "own.csv").write_text("split,label,text\n" + "\n".join(lines) + "\n\n")
    tables, figures = fetched(corpus)
    assert tables["train"]["valid"].to_pylist() == [False] * 32 + [True] * 2
    assert tables["test"]["text"].to_pylist() == ["text 34", "text 35"]
    assert tables["unsup"]["label"].to_pylist() == [None]
    assert figures["test_split"] == "as given"


def test_optional_columns_may_lack_values(corpus):
    lines = "a,0,7,m,test\nb,1,,NA,test\nc,1,8.0,,train\n"
    (corpus / "own.csv").write_text("\ufefftext,label,rating,movie,split\n" + lines, "utf-8")
    assert rows(corpus)["rating"].to_pylist() == [7, None, 8]
    assert rows(corpus)["movie"].to_pylist() == ["m", None, None]


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
        (b"text;label\ngood;1\n", "but no text and no label; separate the columns by commas, or in a .tsv by tabs"),
        (b"text,label,Text\ngood,1,bad\n", "has more than one column text"),
        (b"text,label\n", "own.csv has no rows"),
        (b"", "cannot be read: it is empty"),
        (b"text,label\n\xff\xfe,1\n", "cannot be read"),
        (b"text,label\na,1\nb,2\nc,0\nd,3\n", "row 2: label '2'; use 0 or negative, 1 or positive"),
        (b"text,label\na,1\nb,2\nc,0\nd,3\n", "; 2 rows in all are like this"),
        (b"text,label,split\na,1,eval\n", "row 1: split 'eval'; use train, valid, unsup, test"),
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
        (b'{"text": "a", "label": ' + b"9" * 30 + b"}", "row 1: label '999"),
        (b"".join(b'{"k%d": 1}\n' % i for i in range(3000)), "has the columns k0, k1, k2"),
        (b"", "it is empty; write an object per review"),
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
            rows(corpus)
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
    ("content", "message"),
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
def test_unbalanced_quotes_are_named(corpus, content, message):
    (corpus / "own.csv").write_text(content)
    assert message in error(corpus)


def test_a_text_with_lines_lists_and_quotes_is_not_taken_for_two(corpus):
    texts = ["one, two\nthree, 1\n1, 2\nfour", 'He said ""no"", 1\nand, 0 left', "1\n0", "a,b\nc,d"]
    lines = [f'"{text}",{i % 2},test' for i, text in enumerate(texts)]
    (corpus / "own.csv").write_text("text,label,split\n" + "\n".join(lines))
    assert rows(corpus)["text"].to_pylist() == [text.replace('""', '"') for text in texts]


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
    assert "contains a.xls, b.csv; keep one table or several, one archive or the folders" in error(corpus)


@pytest.mark.parametrize("name", ["a.json.gz", "a.csv.bz2"])
def test_a_compressed_table_of_another_kind_is_named(corpus, name):
    (corpus / name).write_bytes(b"")
    assert f"the suffix '{name[1:]}' is not one of .csv, .tsv" in error(corpus)


def test_a_linked_folder_is_refused(corpus, tmp_path_factory):
    write(table("train"), corpus / "train.csv")
    (corpus / "test").symlink_to(tmp_path_factory.mktemp("else"))
    assert "test is a link; copy what it points to" in error(corpus)


def test_columns_that_are_not_read_may_have_any_name(corpus):
    lines = "".join(f"text {i},{i % 2},,\n" for i in range(50))
    (corpus / "own.csv").write_text(f"text,label,,\n{lines}")
    assert len(read(corpus)["train"]) == 40


def test_values_of_json_lines_may_be_of_several_kinds(corpus):
    labels, movies = [1, "0", True, "negative"], [1, "a", None, 2**64]
    lines = [json.dumps({"text": text, "label": labels[i % 4], "movie": movies[i % 4]}) for i, text in enumerate(TEXTS)]
    (corpus / "own.jsonl").write_text("\n".join(lines))
    table = rows(corpus)
    assert table["label"].to_pylist()[:4] == [1, 0, 1, 0]
    assert table["movie"].to_pylist()[:4] == ["1", "a", None, str(2**64)]


def test_a_movie_may_be_a_large_number(corpus):
    columns = {"text": TEXTS, "label": [0, 1] * 25, "movie": pa.array([2**63 + i for i in range(50)], pa.uint64())}
    write(pa.table(columns), corpus / "own.parquet")
    assert rows(corpus)["movie"].to_pylist()[0] == str(2**63)


def table(split, n=40):
    return pa.table({"text": [f"{split} {i}" for i in range(n)], "label": [0, 1] * (n // 2)})


def compressed(path, compression):
    content = path.read_bytes()
    path.unlink()
    with pa.CompressedOutputStream(f"{path}.{'gz' if compression == 'gzip' else 'zst'}", compression) as file:
        file.write(content)


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
@pytest.mark.parametrize("name", ["own.csv", "own.tsv", "own.jsonl", "Own.NDJSON"])
def test_a_compressed_table_reads_as_the_table(corpus, name, compression):
    write(table("a"), corpus / name)
    whole = rows(corpus)
    compressed(corpus / name, compression)
    assert rows(corpus) == whole
    assert whole["id"][1].as_py() == f"{name[:3]}/1"


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_a_compressed_table_that_is_cut_or_a_bomb_is_named(corpus, compression, monkeypatch):
    write(table("a"), corpus / "own.csv")
    compressed(corpus / "own.csv", compression)
    (path,) = corpus.glob("own.csv.*")
    content = path.read_bytes()
    path.write_bytes(content[:-20])
    assert f"{path.name} cannot be read" in error(corpus)
    path.write_bytes(content)
    monkeypatch.setattr("pipeline.core.unpacking.ALWAYS", 1)
    monkeypatch.setattr("pipeline.core.unpacking.RATIO", 1)
    assert f"{path} unpacks to far more than its size" in error(corpus)


def test_several_tables_are_one_corpus_split_by_their_names(corpus):
    for name in ("train-00000-of-00002.parquet", "train-00001-of-00002.parquet", "Test.csv", "more/validation_a.jsonl"):
        (corpus / name).parent.mkdir(exist_ok=True)
        write(table(name), corpus / name)
    (corpus / "unsupervised").mkdir()
    (corpus / "unsupervised" / "0.csv").write_text("text\na\nb\n")
    for name in ("_SUCCESS", ".part.crc", "more/README.md"):
        (corpus / name).write_text("no data")
    tables, figures = fetched(corpus)
    assert {split: len(rows) for split, rows in tables.items()} == {"train": 120, "unsup": 2, "test": 40}
    assert figures["train"]["valid"] == 40
    assert tables["unsup"]["id"].to_pylist() == ["unsupervised/0.csv/0", "unsupervised/0.csv/1"]
    assert tables["test"]["id"][39].as_py() == "Test.csv/39"


def test_a_column_split_comes_before_the_name_and_a_name_without_a_split_is_train(corpus):
    write(table("a").append_column("split", pa.array(["test"] * 40)), corpus / "train.csv")
    write(table("b"), corpus / "testimonials.parquet")
    write(pa.table({"text": pa.array([], pa.string()), "label": pa.array([], pa.int8())}), corpus / "part-1.parquet")
    assert {split: len(rows) for split, rows in read(corpus).items()} == {"train": 40, "unsup": 0, "test": 40}


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("test.csv", "test"),
        ("split=valid/part-0.parquet", "valid"),
        ("plain_text/unsupervised-00000-of-00001.parquet", "unsup"),
        ("train/test.csv", "test"),
        ("Train/part-0.csv.gz", "train"),
        ("dev.csv", "valid"),
        ("val-00000-of-00001.parquet", "valid"),
        ("testimonials.csv", None),
        ("0.csv", None),
    ],
)
def test_the_first_word_of_a_name_is_its_split(path, split):
    assert split_of(PurePath(path)) == split


def test_a_table_of_a_split_that_has_only_a_header_is_named(corpus):
    write(table("a"), corpus / "train.csv")
    (corpus / "test.csv").write_text("text,label\n")
    assert f"{corpus / 'test.csv'} has no rows; add one row per review, or remove it" in error(corpus)


def test_the_name_of_a_single_table_does_not_matter(corpus):
    write(table("a", 50), corpus / "test.csv")
    assert [len(rows) for rows in read(corpus).values()] == [40, 0, 10]


def test_a_row_of_one_of_several_tables_is_named(corpus):
    write(table("a"), corpus / "train.csv")
    (corpus / "test.csv").write_text("text,label\nfine,1\nbad,2\n")
    assert f"{corpus / 'test.csv'}, row 2: label '2'" in error(corpus)
    (corpus / "test.csv").write_text("text,sentiment\nfine,1\n")
    write(table("a").rename_columns(["text", "stars"]), corpus / "train.csv")
    assert f"{corpus / 'train.csv'} has the columns text, stars, but no label" in error(corpus)


def test_an_id_that_occurs_in_two_tables_is_named_with_the_second(corpus):
    (corpus / "a.csv").write_text("id,text,label\na,x,1\nb,y,0\n")
    (corpus / "b.jsonl").write_text('{"text": "z", "label": 1}\n')
    (corpus / "c.csv").write_text("id,text,label\nc,x,1\nb,y,0\na,y,0\n")
    assert f"{corpus / 'c.csv'}, row 2: id 'b'; give each its own; 2 rows in all are like this" in error(corpus)


def test_an_id_that_is_missing_in_some_rows_is_named(corpus):
    lines = [{"text": "a", "label": 1}] * 1024 + [{"text": "a", "label": 0, "id": "x"}]
    (corpus / "own.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert "own.jsonl, row 1: id None; give each its own; 1024 rows in all are like this" in error(corpus)


def test_the_first_bad_row_and_the_number_of_all_are_named_in_a_long_table(corpus):
    labels = [i % 2 for i in range(5000)]
    labels[1500] = labels[4000] = 7
    write(pa.table({"text": [str(i) for i in range(5000)], "label": labels}), corpus / "own.parquet")
    assert "own.parquet, row 1501: label 7; use 0 or negative" in error(corpus)
    assert "2 rows in all are like this" in error(corpus)


def test_a_long_line_or_text_is_refused(corpus, monkeypatch):
    monkeypatch.setattr("pipeline.fetch.tables.MAX_TEXT", 1000)
    monkeypatch.setattr("pipeline.fetch.checked_table.MAX_TEXT", 1000)
    (corpus / "own.csv").write_text("text,label\nfine,1\n" + "x" * 2000)
    assert "own.csv, line 3 is longer than 1,000" in error(corpus)
    (corpus / "own.csv").unlink()
    (corpus / "own.jsonl").write_text('{"text": "' + "x" * 2000)
    assert "own.jsonl, line 1 is longer than 1,000" in error(corpus)
    (corpus / "own.jsonl").unlink()
    write(pa.table({"text": ["fine", "x" * 2000], "label": [0, 1]}), corpus / "own.parquet")
    assert "own.parquet, row 2: a text of 2000 bytes, a review has at most" in error(corpus)


@pytest.mark.parametrize(
    ("header", "label"), [("review,sentiment", "positive"), ("Review,Sentiment", "Negative"), ("sentence,x", None)]
)
def test_other_names_of_columns_are_understood(corpus, header, label):
    (corpus / "IMDB Dataset.csv").write_text(f'{header}\n"A good one.<br /><br />Yes.",{label}\n')
    if label is None:
        assert "has the columns sentence, x, but no text and no label" in error(corpus)
    else:
        (row,) = rows(corpus).to_pylist()
        assert row["text"] == "A good one.<br /><br />Yes."
        assert row["label"] == (label == "positive")


def test_a_column_with_its_own_name_comes_before_another_name(corpus):
    (corpus / "own.csv").write_text("review,text,label,sentiment\nno,yes,1,0\n")
    (row,) = rows(corpus).to_pylist()
    assert (row["text"], row["label"]) == ("yes", 1)


def test_the_label_of_an_unlabelled_review_may_be_minus_one(corpus):
    write(table("train"), corpus / "train-0.parquet")
    write(pa.table({"text": ["a"], "label": [-1]}), corpus / "unsupervised-0.parquet")
    assert rows(corpus)["label"].to_pylist()[-2:] == [1, None]
    write(pa.table({"text": ["a"], "label": [-1]}), corpus / "train-1.parquet")
    assert "train-1.parquet, row 1: label -1; use 0 or negative, 1 or positive (unsup needs none)" in error(corpus)


def test_an_unpacked_archive_is_read_from_its_own_folder(corpus):
    for name in ("train/pos/0_9", "train/neg/0_2", "train/unsup/0_0", "test/pos/0_9", "test/neg/0_1"):
        path = corpus / "aclImdb" / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (corpus / "aclImdb" / "imdb.vocab").write_text("the")
    (corpus / "aclImdb" / "train" / "urls_pos.txt").write_text("http://www.imdb.com/title/tt0453418/usercomments\n")
    assert [row["movie"] for row in rows(corpus).to_pylist() if row["split"] == "train"] == [None, "tt0453418"]


def test_folders_may_have_a_validation_split_and_upper_case_names(corpus):
    for split in ("Train", "valid", "test"):
        for label in ("Pos", "neg"):
            for i in range(20):
                path = corpus / split / label / f"{i}.txt"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"{split} {label} {i}")
    tables = read(corpus)
    assert (len(tables["train"]), len(tables["test"])) == (80, 40)
    assert {row["text"].split()[0] for row in tables["train"].to_pylist() if row["valid"]} == {"valid"}


def test_reviews_outside_of_the_folders_of_splits_are_named(corpus):
    (corpus / "unsup").mkdir()
    (corpus / "unsup" / "0.txt").write_text("lost")
    assert "unsup/0.txt is in none of the folders train/, valid/ and test/; move unsup/ into one" in error(corpus)


def test_a_folder_that_cannot_be_listed_is_named(corpus, monkeypatch):
    (corpus / "train").mkdir()

    def fail(path):
        raise PermissionError(f"no permission for {path}")

    monkeypatch.setattr("pathlib.Path.iterdir", fail)
    with pytest.raises(InputError, match="cannot be listed"):
        rows(corpus)
