"""The folder of token ids, and ids in a vocabulary."""

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.core.errors import InputError
from pipeline.core.ragged import Ragged, load_labels
from pipeline.core.vocabulary import read_tokenizer, read_types
from pipeline.tokenize.chunks import encode
from pipeline.tokenize.source import Source
from pipeline.tokenize.store import TokenWriter, write_tokens
from pipeline.tokenize.tokenizer import Tokenizer, tokenize
from tests.rows import as_lists


@pytest.mark.parametrize("name", ["regex", "tweet"])
def test_written_ids_rank_types_by_count_then_string(tmp_path: Path, name: str) -> None:
    texts = {"train": ["b a b c .", "", "c d b"], "unsup": ["e a :-)"]}
    tokenizer = Tokenizer(name, lowercase=True)
    writer = TokenWriter(tmp_path / "tokens")
    lines = {
        split: "".join(writer.add(split, tokenize(some, tokenizer, n_jobs=1), np.ones(len(some), bool))).split("\n")[
            :-1
        ]
        for split, some in texts.items()
    }
    writer.finish(tokenizer.config)
    counts = Counter(token for some in texts.values() for text in some for token in tokenizer(text))
    types, counted = read_types(tmp_path / "tokens" / "types.tsv")
    assert list(zip(types, counted.tolist(), strict=True)) == sorted(counts.items(), key=lambda x: (-x[1], x[0]))
    for split, some in texts.items():
        ids = Ragged.load(tmp_path / "tokens" / split)
        assert ids.values.dtype == np.int32
        assert [[types[i] for i in row] for row in as_lists(ids)] == [tokenizer(text) for text in some]
        assert lines[split] == [" ".join(tokenizer(text)) for text in some]
        assert writer.n_tokens[split] == len(ids.values)
    assert writer.n_types == len(types)
    assert not list(tmp_path.rglob("*.raw"))
    for path in tmp_path.rglob("*.npy"):
        np.save(tmp_path / "again.npy", np.load(path))
        assert path.read_bytes() == (tmp_path / "again.npy").read_bytes()


def test_labels_that_are_lost_with_the_duplicates_of_test_are_named(data: Path) -> None:
    Source(data, drop_test_duplicates=False)
    with pytest.raises(InputError, match=r"without the 1 reviews whose text is also in test, the training part lacks"):
        Source(data, drop_test_duplicates=True).check_labels()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    train = {
        "text": ["a b", "b", "c"],
        "label": [1, 0, 1],
        "valid": [True, False, True],
        "in_test": [False, True, False],
    }
    unsup = {"text": ["d a", "b"], "label": [None, None], "in_test": [True, False]}
    for split, columns in (("train", train), ("unsup", unsup)):
        pq.write_table(pa.table(columns), tmp_path / f"{split}.parquet")
    return tmp_path


@pytest.mark.parametrize("drop", [True, False])
def test_a_source_is_written_with_or_without_duplicates_of_test(data: Path, drop: bool) -> None:
    source = Source(data, drop_test_duplicates=drop)
    done: list[int] = []
    tokenizer = Tokenizer("regex", lowercase=True)
    figures = write_tokens(source, tokenizer, data / "tokens", data / "corpus.txt", done.append)
    kept = ["a b", "c", "b"] if drop else ["a b", "b", "c", "d a", "b"]
    assert (data / "corpus.txt").read_text().splitlines() == kept
    assert sum(done) == source.n_reviews == len(kept)
    assert figures["n_types"] == len({token for text in kept for token in text.split()})
    assert figures["train"] == {"n_reviews": 3 - drop, "n_dropped_in_test": int(drop), "n_tokens": 4 - drop}
    labels, valid = load_labels(data / "tokens" / "train")
    assert labels.tolist() == ([1, 1] if drop else [1, 0, 1])
    assert valid.tolist() == ([True, True] if drop else [True, False, True])
    assert read_tokenizer(data / "tokens") == tokenizer.config


def test_texts_are_read_in_pieces_however_large_the_row_group_is(tmp_path: Path, rng: np.random.Generator) -> None:
    text = rng.bytes(300 * 40_000).hex()
    texts = [text[start : start + 600] for start in range(0, len(text), 600)]
    columns = {"text": texts, "in_test": [False] * len(texts)}
    for split in ("train", "unsup"):
        pq.write_table(pa.table(columns), tmp_path / f"{split}.parquet")
    source, pool = Source(tmp_path, drop_test_duplicates=True), pa.default_memory_pool()
    before = most = pool.bytes_allocated()
    for expected, actual in zip(texts, source.texts("train"), strict=True):
        assert actual == expected
        most = max(most, pool.bytes_allocated())
    assert most - before < (tmp_path / "train.parquet").stat().st_size / 3


def test_a_sample_is_evenly_spaced_and_leaves_validation_out(data: Path) -> None:
    source = Source(data, drop_test_duplicates=False)
    assert list(source.sample(2)) == ["b", "d a"]
    assert list(source.sample(100)) == ["b", "d a", "b"]


def test_validation_reviews_are_not_counted(data: Path) -> None:
    source = Source(data, drop_test_duplicates=False)
    write_tokens(source, Tokenizer("regex", lowercase=True), data / "tokens", data / "corpus.txt", lambda n: None)
    types, counts = read_types(data / "tokens" / "types.tsv")
    assert dict(zip(types, counts.tolist(), strict=True)) == {"b": 2, "a": 1, "d": 1, "c": 0}


@pytest.mark.parametrize("n_bytes", [0, 20, 600])
def test_a_damaged_table_is_named_with_the_remedy(data: Path, n_bytes: int) -> None:
    path = data / "train.parquet"
    path.write_bytes(path.read_bytes()[:n_bytes])
    with pytest.raises(InputError, match=r"train\.parquet is not a readable table of reviews .*dvc repro"):
        Source(data, drop_test_duplicates=True)


def test_encode_leaves_out_tokens_that_are_not_in_the_vocabulary() -> None:
    chunks = list(tokenize(["a b c", "c", "zzz"], Tokenizer("regex", lowercase=True), n_jobs=1))
    assert as_lists(encode(chunks, {"c": 0, "a": 1})) == [[1, 0], [0], []]
    assert as_lists(encode([], {})) == []
