"""Reading word vectors: every format is read, every error names its place."""

import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError
from pipeline.embed.vector_formats import read_vector_file

WORDS = ["the", "na\u00efve", "\u5f71", "don't", "</s>"]
VECTORS = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)


def written(path: Path, kind: str) -> Path:
    keyed = KeyedVectors(3)
    keyed.add_vectors(WORDS, VECTORS)
    if kind == "artifact":
        Embeddings(VECTORS, WORDS, np.ones(5, np.int64), {}, {}).save(path)
    else:
        keyed.save_word2vec_format(str(path), binary=kind == "binary", write_header=kind != "glove")
    if kind == "binary of the C program":  # which ends each vector with a newline
        rows = (w.encode() + b" " + v.tobytes() + b"\n" for w, v in zip(WORDS, VECTORS, strict=True))
        path.write_bytes(b"5 3\n" + b"".join(rows))
    if kind == "text of the C program":  # which ends each line with a space
        path.write_text(path.read_text().replace("\n", " \n"))
    return path


@pytest.mark.parametrize(
    "kind", ["binary", "text", "glove", "binary of the C program", "text of the C program", "artifact"]
)
def test_each_format_is_read(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path / "v", kind)
    words, vectors = read_vector_file(path)
    assert words == WORDS
    np.testing.assert_allclose(vectors, VECTORS, rtol=1e-6)
    assert vectors.dtype == np.float32
    words, vectors = read_vector_file(path, wanted={"don't", "the", "else"}, size=3)
    assert words == ["the", "don't"]
    np.testing.assert_allclose(vectors, VECTORS[[0, 3]], rtol=1e-6)


@settings(max_examples=30)
@example([[8.705657005310059, 8.705657005310059]])  # its bytes are all printable or white space
@given(st.lists(st.lists(st.floats(-10, 10, width=32), min_size=2, max_size=2), min_size=1, max_size=40))
def test_what_gensim_writes_in_binary_is_read_bit_for_bit(tmp_path_factory: pytest.TempPathFactory, rows: list) -> None:
    vectors = np.array([*rows, [0, 0]], np.float32)  # the bytes of a number alone can look like text
    keyed = KeyedVectors(2)
    keyed.add_vectors([f"w{i}" for i in range(len(vectors))], vectors)
    path = tmp_path_factory.mktemp("binary") / "v.bin"
    keyed.save_word2vec_format(str(path), binary=True)
    np.testing.assert_array_equal(read_vector_file(path).vectors, vectors)


def test_a_word_in_glove_may_contain_spaces(tmp_path: Path) -> None:
    path = tmp_path / "glove.txt"
    path.write_text(". . . 0.5 1\nat name@domain.com 1 2\n")
    path.write_text("the 0 1\n" + path.read_text())
    assert read_vector_file(path).words == ["the", ". . .", "at name@domain.com"]


HEADED = "3 2\nthe 0 1\nfilm 2 3\ngood 4 5\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", r"line 1: b'' is neither a header"),
        (b"hello\n", r"line 1: .*neither a header \(two integers\) nor a word"),
        (HEADED.replace("3 2", "0 2").encode(), r"line 1: the header '0 2' says there are no vectors"),
        (HEADED.replace("3 2", "4 2").encode(), r"3 vectors, but line 1 says 4; the file is truncated"),
        (HEADED.replace("3 2", "2 2").encode(), r"line 1: the header says 2 vectors, there are more"),
        (HEADED.replace("3 2", "3 9").encode(), r"line 1: 3 vectors of 9 dimensions need a larger file"),
        (HEADED.replace("2 3", "2").encode(), r"line 3: 1 values, expected 2"),
        (HEADED.replace("2 3", "2 3 7").encode(), r"line 3: 3 values, expected 2"),
        (HEADED.replace("2 3", "2 x").encode(), r"line 3: 'x' is not a number, expected 2 numbers"),
        (HEADED.replace("2 3", "nan 3").encode(), r"line 3: NaN or infinite values"),
        (HEADED.replace("2 3", "2 inf").encode(), r"line 3: NaN or infinite values"),
        (HEADED.replace("good", "the").encode(), r"line 4: the word 'the' occurs twice"),
        (HEADED.encode()[:-3], r"line 4: 1 values, expected 2"),
        (HEADED.replace("good", "\xe9").encode("latin-1"), r"line 4: the word b'\\xe9' is not UTF-8"),
        (HEADED.replace("3 2\n", "").replace("2 3", "2").encode(), r"line 2: 1 values, expected 2"),
        (
            b"2 2\na " + VECTORS[0, :2].tobytes() + b"b " + VECTORS[1, :1].tobytes(),
            r"vector 2: the file ends within it",
        ),
        (b"2 2\na " + VECTORS[0, :2].tobytes() * 2, r"the file ends within it|1 vectors, but line 1 says 2"),
        (b"1 2\na " + np.array([1, np.nan], "<f4").tobytes(), r"vector 1: NaN or infinite values"),
        (b"1 2\n\xff " + VECTORS[0, :2].tobytes(), r"vector 1: the word b'\\xff' is not UTF-8"),
        (b"1" * 5000 + b" 2\na 0 1\n", r"line 1: the header says .* more than any file has"),
        (b"\xef\xbb\xbf" + HEADED.partition("\n")[2].encode(), r"begins with a byte order mark"),
        (HEADED.replace("2 3", "1_0 3").encode(), r"line 3: '1_0' is not a number"),
        (HEADED.replace("film", "fi\x0blm").encode(), r"line 3: the word 'fi\\x0blm' has a control character"),
        (b"the 0 1\n" + b"x" * 70_000 + b"\n", r"line 2: it has more than 65,664 bytes"),
        (b"\xba\x16\x4f\x2f\x0c\0\0\0", r"fastText's binary format; use the \.vec file"),
    ],
)
def test_an_error_names_the_file_and_the_place(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "v.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said) as caught:
        read_vector_file(path)
    assert str(path) in str(caught.value)


def test_a_long_tail_of_zeros_takes_neither_time_nor_memory(tmp_path: Path) -> None:
    for start, size in ((b"1000000 300\n", 2_000_000_000), (b"the" + b" 1" * 300 + b"\n", 20_000_000)):
        (tmp_path / "v.bin").write_bytes(start)
        os.truncate(tmp_path / "v.bin", size)  # a sparse file takes no room on disk
        tracemalloc.start()
        with pytest.raises(InputError, match=r"no word ends within 65,536 bytes|line 2: it has more than"):
            read_vector_file(tmp_path / "v.bin", wanted={"the"})
        assert tracemalloc.get_traced_memory()[1] < 1 << 25
        tracemalloc.stop()


def test_another_size_is_named_with_the_parameter(tmp_path: Path) -> None:
    for kind in ("binary", "glove", "artifact"):
        path = written(tmp_path / kind, kind)
        with pytest.raises(InputError, match=r"of 3 dimensions, embed\.vector_size is 200; set embed\.vector_size: 3"):
            read_vector_file(path, size=200)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.txt is missing; put the file there"):
        read_vector_file(tmp_path / "none.txt")
