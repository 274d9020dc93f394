"""Token ids against plain loops over lists."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import InputError
from pipeline.core.ragged import Ragged
from pipeline.core.vocabulary import read_types
from pipeline.tokenize.chunks import encode
from pipeline.tokenize.store import TokenWriter
from pipeline.tokenize.tokenizer import Tokenizer, tokenize

ROWS = st.lists(st.lists(st.integers(0, 20), max_size=8), max_size=12)


def ragged(rows: list[list[int]]) -> Ragged:
    offsets = np.cumsum([0, *map(len, rows)])
    return Ragged(np.array([i for row in rows for i in row], np.int32), offsets.astype(np.int64))


def rows_of(reviews: Ragged) -> list[list[int]]:
    return [reviews[i].tolist() for i in range(len(reviews))]


@given(ROWS, st.integers(0, 21))
def test_below_and_rows_are_what_lists_would_be(rows: list[list[int]], limit: int) -> None:
    assert rows_of(ragged(rows).below(limit)) == [[i for i in row if i < limit] for row in rows]
    keep = np.array([len(row) % 2 == 0 for row in rows], np.bool_)
    assert rows_of(ragged(rows).rows(keep)) == [row for row in rows if len(row) % 2 == 0]
    assert ragged(rows).lengths.tolist() == list(map(len, rows))


@given(rows=ROWS)
def test_saving_and_loading(tmp_path_factory: pytest.TempPathFactory, rows: list[list[int]]) -> None:
    folder = tmp_path_factory.mktemp("ragged")
    ragged(rows).save(folder)
    assert rows_of(Ragged.load(folder)) == rows


@pytest.mark.parametrize("name", ["regex", "tweet"])
def test_written_ids_rank_types_by_count_then_string(tmp_path: Path, name: str) -> None:
    texts = {"train": ["b a b c .", "", "c d b"], "unsup": ["e a :-)"]}
    tokenizer = Tokenizer(name, lowercase=True)
    writer = TokenWriter(tmp_path / "tokens")
    lines = {
        split: "".join(writer.add(split, tokenize(some, tokenizer, n_jobs=1))).split("\n")[:-1]
        for split, some in texts.items()
    }
    writer.finish(tokenizer.config)
    counts = Counter(token for some in texts.values() for text in some for token in tokenizer(text))
    types, found = read_types(tmp_path / "tokens" / "types.tsv")
    assert list(zip(types, found.tolist(), strict=True)) == sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    for split, some in texts.items():
        ids = Ragged.load(tmp_path / "tokens" / split)
        assert ids.values.dtype == np.int32
        assert [[types[i] for i in row] for row in rows_of(ids)] == [tokenizer(text) for text in some]
        assert lines[split] == [" ".join(tokenizer(text)) for text in some]
    assert not list(tmp_path.rglob("*.raw"))


def test_encode_leaves_out_what_the_vocabulary_lacks() -> None:
    chunks = list(tokenize(["a b c", "c", "zzz"], Tokenizer("regex", lowercase=True), n_jobs=1))
    assert rows_of(encode(chunks, {"c": 0, "a": 1})) == [[1, 0], [0], []]
    assert rows_of(encode([], {})) == []


@pytest.mark.parametrize("line", ["no tab\n", "\t3\n", "word\tmany\n", "\n"])
def test_a_broken_line_of_a_vocabulary_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "vocab.tsv").write_text("the\t3\n" + line)
    with pytest.raises(InputError, match=r"vocab\.tsv, line 2"):
        read_types(tmp_path / "vocab.tsv")


def test_offsets_that_do_not_fit_are_named(tmp_path: Path) -> None:
    ragged([[1, 2], [3]]).save(tmp_path)
    np.save(tmp_path / "offsets.npy", np.array([0, 2, 9], np.int64))
    with pytest.raises(InputError, match=r"offsets\.npy does not fit ids\.npy"):
        Ragged.load(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "is missing"),
        (b"", "is not a whole"),
        (np.zeros(3, np.float64), "holds float64 with 1 dimensions, expected int32"),
        (np.zeros((3, 1), np.int32), "holds int32 with 2 dimensions"),
    ],
)
def test_a_broken_array_is_named(tmp_path: Path, content: bytes | np.ndarray | None, said: str) -> None:
    ragged([[1]]).save(tmp_path)
    path = tmp_path / "ids.npy"
    path.unlink()
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        np.save(path, content)
    with pytest.raises(InputError, match=rf"ids\.npy {said}"):
        Ragged.load(tmp_path)


def test_an_array_cut_short_is_named(tmp_path: Path) -> None:
    ragged([list(range(100))]).save(tmp_path)
    path = tmp_path / "ids.npy"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match="is not a whole"):
        Ragged.load(tmp_path)
