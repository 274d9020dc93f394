"""Training word vectors: every architecture and loss, from random and from given vectors."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from gensim.models import Word2Vec

from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError
from pipeline.core.progress import Advance
from pipeline.core.vocabulary import read_types
from pipeline.embed.heldout_loss import HeldoutLoss, prepare_heldout_loss
from pipeline.embed.word2vec import NAMES, Start, train
from pipeline.fetch.synthetic import sample_tables
from pipeline.params import Params
from pipeline.tokenize.source import Source
from pipeline.tokenize.store import TokenWriter, write_tokens
from pipeline.tokenize.tokenizer import Tokenizer, tokenize
from tests.conftest import with_values

VALID = np.arange(121) % 10 == 1
SMALL = {"embed__vector_size": 8, "embed__window": 3, "embed__min_count": 2, "embed__epochs": 2, "embed__min_words": 0}


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    texts = [*sample_tables(n_train=120, n_unsup=2, n_test=2)["train"]["text"].to_pylist(), "once"]
    writer = TokenWriter(folder / "tokens")
    chunks = tokenize(texts, Tokenizer("regex", lowercase=True), n_jobs=1)
    (folder / "corpus.txt").write_text("".join(writer.add("train", chunks, ~VALID)))
    writer.finish({"name": "regex"})
    return folder


class Recorder:
    """A progress that records what is reported."""

    def __init__(self) -> None:
        self.total = self.n_units = 0
        self.epochs: list[tuple[int, int, float]] = []

    @contextmanager
    def bar(self, description: str, total: int, unit: str) -> Iterator[Advance]:
        self.total = total
        yield self.advance

    def advance(self, n_units: int) -> None:
        self.n_units += n_units

    def epoch(self, number: int, of: int, **figures: float) -> None:
        self.epochs.append((number, of, figures["heldout_loss"]))


def trained(
    tokens: Path, params: Params, start: Start | None = None, progress: Recorder | None = None, **values: object
) -> tuple[Embeddings, list[float]]:
    types, counts = read_types(tokens / "tokens" / "types.tsv")
    section = with_values(params, **{**SMALL, **values}).embed
    progress = progress or Recorder()
    return train(tokens / "corpus.txt", types, counts, VALID, {"name": "regex"}, section, progress, start)


@pytest.fixture(scope="module")
def embeddings(tokens: Path, params: Params) -> Embeddings:
    return trained(tokens, params)[0]


def test_the_vocabulary_is_the_first_types(tokens: Path, params: Params, embeddings: Embeddings) -> None:
    types, counts = read_types(tokens / "tokens" / "types.tsv")
    n_words = int((counts >= 2).sum())
    assert embeddings.words == types[:n_words]
    assert "once" not in embeddings.words
    assert embeddings.vectors.shape == (n_words, 8)
    assert embeddings.vectors.dtype == np.float32


def test_one_worker_gives_the_same_bits_each_time(tokens: Path, params: Params, embeddings: Embeddings) -> None:
    again, _ = trained(tokens, params)
    np.testing.assert_array_equal(again.vectors, embeddings.vectors)
    other, _ = trained(tokens, params, embed__seed=2)
    assert not np.array_equal(other.vectors, embeddings.vectors)


def test_the_heldout_loss_falls(tokens: Path, params: Params) -> None:
    _, losses = trained(tokens, params, embed__epochs=6)
    assert len(losses) == 6
    assert losses[-1] < losses[0]


def test_each_epoch_and_every_word_is_reported(tokens: Path, params: Params) -> None:
    progress = Recorder()
    _, losses = trained(tokens, params, progress=progress)
    assert progress.epochs == [(1, 2, losses[0]), (2, 2, losses[1])]
    assert progress.n_units == progress.total


@pytest.mark.parametrize("name", ["tweet", "treebank", "regex"])
def test_the_validation_texts_change_no_byte_of_the_vectors(tmp_path: Path, params: Params, name: str) -> None:
    """What is chosen on validation is chosen on reviews that are as new to the vectors as those of test."""
    tables = sample_tables(n_train=120, n_unsup=20, n_test=2)
    folders = []
    for kind in ("original", "noise"):
        folders.append(folder := tmp_path / kind)
        folder.mkdir()
        for split in ("train", "unsup"):
            table = tables[split].append_column("in_test", pa.array([False] * len(tables[split])))
            if split == "train":
                valid = pa.array(np.arange(len(table)) % 4 == 0)
                noise = pa.array([f"noise {i}. The the film Mr. X{i}." * 9 for i in range(len(table))])
                texts = table["text"] if kind == "original" else pc.if_else(valid, noise, table["text"])
                table = table.set_column(table.column_names.index("text"), "text", texts).append_column("valid", valid)
            pq.write_table(table, folder / f"{split}.parquet")
        source = Source(folder, drop_test_duplicates=True)
        tokenizer = Tokenizer.train(name, lowercase=True, texts=source.sample(1000))
        write_tokens(source, tokenizer, folder / "tokens", folder / "corpus.txt", lambda n: None)
        types, counts = read_types(folder / "tokens/types.tsv")
        section = with_values(params, **{**SMALL, "embed__min_count": 1}).embed
        embeddings, losses = train(
            folder / "corpus.txt", types, counts, source.labels()[1], tokenizer.config, section, Recorder()
        )
        embeddings.save(folder / "embeddings")
        assert len(losses) == 2
    original, noise = (sorted((folder / "embeddings").iterdir()) for folder in folders)
    assert [path.read_bytes() for path in original] == [path.read_bytes() for path in noise]
    assert (folders[0] / "corpus.txt").read_bytes() != (folders[1] / "corpus.txt").read_bytes()


def test_a_small_corpus_gets_as_many_words_as_a_large_one(tokens: Path, params: Params) -> None:
    _, counts = read_types(tokens / "tokens" / "types.tsv")
    _, losses = trained(tokens, params, embed__min_words=6 * int(counts.sum()) + 1)
    assert len(losses) == 7


def test_all_reviews_can_be_trained_on(tokens: Path, params: Params, embeddings: Embeddings) -> None:
    other, losses = trained(tokens, params, embed__reviews="all")
    assert losses == []
    assert other.training["n_reviews"] == embeddings.training["n_reviews"] + VALID.sum() == len(VALID)
    assert other.training["corpus_sha256"] != embeddings.training["corpus_sha256"]


def test_the_heldout_loss_matches_the_equations(rng: np.random.Generator) -> None:
    vectors, outputs = rng.normal(size=(2, 5, 3)).astype(np.float32)
    inputs = np.array([[0, -1], [3, 4], [2, 1]], np.int32)
    nodes = rng.integers(0, 5, (3, 4), dtype=np.int32)
    signs = np.array([[1, -1, -1, -1], [1, -1, 0, 0], [-1, 0, 0, 0]], np.int8)
    total = 0.0
    for some, chain, decisions in zip(inputs, nodes, signs, strict=True):
        h = vectors[[row for row in some if row >= 0]].mean(0)
        total -= sum(
            np.log(1 / (1 + np.exp(-s * (h @ outputs[n])))) for n, s in zip(chain, decisions, strict=True) if s
        )
    assert HeldoutLoss(inputs, nodes, signs).compute(vectors, outputs) == pytest.approx(total / 3, rel=1e-5)


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
@pytest.mark.parametrize("loss", ["negative_sampling", "hierarchical_softmax"])
def test_each_variant_learns(tokens: Path, params: Params, architecture: str, loss: str) -> None:
    values = {"embed__architecture": architecture, "embed__loss": loss, "embed__alpha": 0.1}
    embeddings, losses = trained(tokens, params, **values, embed__epochs=8)
    assert losses[-1] < losses[0]
    assert embeddings.training["model"] == f"{NAMES[architecture]} with {NAMES[loss]}"


def test_the_probabilities_of_a_huffman_tree_sum_to_one(tokens: Path, params: Params) -> None:
    """The probabilities that a Huffman tree gives to all words for one input sum to 1."""
    words = ["a", "b", "c", "d", "e", "f"]
    model = Word2Vec(sg=1, hs=1, negative=0, vector_size=3, min_count=1, sorted_vocab=0)
    model.build_vocab_from_freq(dict(zip(words, [9, 7, 5, 3, 3, 1], strict=True)), corpus_count=1)
    model.syn1[:] = np.random.default_rng(0).normal(size=model.syn1.shape)
    section = with_values(params, embed__loss="hierarchical_softmax", embed__min_count=1, embed__window=1).embed
    path = tokens / "six.txt"
    path.write_text("a b\na c\na d\na e\na f\na a\n")
    index = {word: row for row, word in enumerate(words)}
    total = 0.0
    for held in range(6):
        loss = prepare_heldout_loss(path, np.arange(6) == held, index, model, section)
        # Each line has two examples: the second word from `a`, and `a` from the second word.
        one = HeldoutLoss(loss._inputs[:1], loss._nodes[:1], loss._signs[:1])
        total += np.exp(-one.compute(model.wv.vectors, model.syn1))
    assert total == pytest.approx(1, abs=1e-5)


def test_training_continues_from_given_vectors_and_leaves_locked_ones_unchanged(tokens: Path, params: Params) -> None:
    before, _ = trained(tokens, params)
    rows = np.arange(0, len(before.words), 2)
    given = before.vectors[rows] + 1
    locked, _ = trained(tokens, params, Start(rows, given, locked=True))
    np.testing.assert_array_equal(locked.vectors[rows], given)
    assert not np.array_equal(locked.vectors[1::2], before.vectors[1::2])
    free, _ = trained(tokens, params, Start(rows, given, locked=False))
    assert not np.array_equal(free.vectors[rows], given)
    assert np.abs(free.vectors[rows] - given).max() < np.abs(before.vectors[rows] - given).max()


def test_an_empty_vocabulary_is_named(tokens: Path, params: Params) -> None:
    with pytest.raises(InputError, match=r"embed\.min_count = 100000 leaves 0 words .* occurs \d+ times; lower"):
        trained(tokens, params, embed__min_count=100_000)
