"""The readers of files that may come from anyone, each as a function of bytes, with valid files to start from.

`tests/fuzz/test_targets.py` feeds them bytes that hypothesis changes, `make fuzz` those of a coverage-guided fuzzer. Of
an artifact folder one file at a time is changed. Nothing but an InputError may come out.
"""

import io
import json
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from ruamel.yaml import YAML

from pipeline.baseline.logistic import Linear, load_linear, save_linear
from pipeline.classify.classifier import Classifier
from pipeline.classify.network import Dropout, Network, NetworkConfig
from pipeline.compare.lock import doubts
from pipeline.core.embeddings import Embeddings, load_vectors
from pipeline.core.errors import InputError
from pipeline.core.params import flatten
from pipeline.core.ragged import Ragged
from pipeline.embed.vector_formats import read_vector_file
from pipeline.ensemble.predictions import answers, load_predictions, make_predictions, save_predictions
from pipeline.fetch.corpus import write_corpus
from pipeline.fetch.custom import read_custom
from pipeline.presets import apply, read_preset
from pipeline.serve.server import RefusedError, parse_request, readable
from pipeline.tokenize.tokenizer import Tokenizer
from stages.runner import read_params

ROOT = Path(__file__).parents[2]
WORDS = ["the", "na\u00efve", "film", "\u5f71", "!"]
VECTORS = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
COUNTS = np.array([9, 7, 5, 3, 1])
TEXTS = [f"review {i} was {'good' if i % 2 else 'bad'}" for i in range(44)]
PUNKT = {"abbreviations": ["dr"], "collocations": [["a", "b"]], "sentence_starters": ["the"], "orthography": {"a": 3}}


@dataclass(frozen=True)
class Target:
    """A reader, the files of its folder when they are whole, and the one that is changed."""

    read: Callable[[Path], object]
    folder: Path
    name: str  # of the changed file

    @property
    def seed(self) -> bytes:
        """The file when it is whole."""
        return (self.folder / "whole" / self.name).read_bytes()

    def __call__(self, content: bytes) -> bool:
        """Read the folder with `content` in the place of the file; return whether the reader took it."""
        path = self.folder / "changed" / self.name
        path.write_bytes(content)
        try:
            self.read(self.folder / "changed")
        except InputError as error:
            message = str(error)
        else:
            return True
        assert message.isprintable()
        return False


def _embeddings(folder: Path) -> None:
    tokenizer = {"name": "treebank", "lowercase": True, "punkt": PUNKT}
    Embeddings(VECTORS, WORDS, COUNTS, tokenizer, {"epochs": 1}).save(folder)


def _read_embeddings(folder: Path) -> None:
    embeddings = Embeddings.load(folder)
    Tokenizer.from_config(embeddings.tokenizer)("The film of Dr. A was good. Not bad.")


def _classifier(folder: Path) -> None:
    torch.manual_seed(0)
    shape = NetworkConfig(5, 3, 2, 1, True, ("max", "mean"), 4, 4)
    tokenizer = {"name": "regex", "lowercase": True, "punkt": None}
    Classifier(Network(shape, Dropout(0, 0)), WORDS, COUNTS, tokenizer, {"model": "lstm_random"}).save(folder)


def _read_classifier(folder: Path) -> None:
    Classifier.load(folder).probabilities(Ragged(np.array([0, 1, 4], np.int32), np.array([0, 2, 3])))


def _linear(folder: Path) -> None:
    save_linear(
        folder, "tfidf", Linear(np.ones(3), 0.5, 1.0, {0.1: 0.7, 1.0: 0.6}, {0.1: 0.5, 1.0: 0.6}), weights=np.ones(3)
    )


def _archive(suffix: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        with tarfile.open(folder / f"a.tar{suffix}", f"w:{suffix[1:]}", format=tarfile.GNU_FORMAT) as tar:
            for i, text in enumerate(TEXTS):
                name = f"{'train' if i < 40 else 'test'}/{'pos' if i % 2 else 'neg'}/{i // 2}_{1 + 8 * (i % 2)}.txt"
                member = tarfile.TarInfo(name)
                member.size = len(text)
                tar.addfile(member, io.BytesIO(text.encode()))

    return write


def _table(name: str) -> Callable[[Path], None]:
    movies = [f"m{i}" for i in range(44)]
    table = pa.table({"text": TEXTS, "label": [0, 1] * 22, "rating": [2, 9] * 22, "movie": movies})

    def write(folder: Path) -> None:
        if name.endswith("parquet"):
            pq.write_table(table, folder / name)
            return
        if ".jsonl" in name:
            content = "".join(json.dumps(row) + "\n" for row in table.to_pylist())
        else:
            rows = [",".join(map(str, row.values())) for row in table.to_pylist()]
            content = "\n".join([",".join(table.column_names), *rows, '"a ""b""\nc",1,,', ""])
        with pa.output_stream(folder / name, compression="detect") as file:
            file.write(content.encode())

    return write


def _read_corpus(folder: Path) -> None:
    where, batches = read_custom(folder, folder.parent)
    write_corpus(batches, folder.parent / "written", where=where, valid_frac=0.1, test_frac=0.25, seed=1)


def _vectors(kind: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        rows = zip(WORDS, VECTORS, strict=True)
        if kind == "bin":
            content = b"5 3\n" + b"".join(word.encode() + b" " + v.tobytes() + b"\n" for word, v in rows)
        else:
            text = "".join(f"{word} {' '.join(map(str, v))}\n" for word, v in rows)
            content = (("5 3\n" if kind == "vec" else "") + text).encode()
        (folder / f"v.{kind}").write_bytes(content)

    return write


def _predictions(folder: Path) -> None:
    table = make_predictions(
        ["a", "b", "c"],
        np.array([0, 1, 1], np.int8),
        {"bag": np.array([0.1, 0.5, 0.9]), "lstm_1": np.array([0.2, 0.3, 0.4]), "lstm_2": np.array([0.9, 0.3, 0.4])},
    )
    save_predictions(table, folder / "p.json")
    pq.write_table(table, folder / "p.parquet")


def _read_predictions(name: str) -> Callable[[Path], object]:
    return lambda folder: answers(load_predictions(folder / name))


def _lock(folder: Path) -> None:
    (folder / "dvc.lock").write_text((ROOT / "dvc.lock").read_text()[:6000].rpartition("  ")[0])


def _read_lock(folder: Path) -> None:
    params = dict(flatten(YAML(typ="safe").load((ROOT / "params.yaml").read_text())))
    doubts((folder / "dvc.lock").read_bytes(), params, b"", "predictions/test.json")


def _preset(folder: Path) -> None:
    (folder / "p.yaml").write_text((ROOT / "presets" / "demo.yaml").read_text())


def _read_preset(folder: Path) -> None:
    apply(read_preset(folder, "p"), (ROOT / "params.yaml").read_text())


def _request(folder: Path) -> None:
    (folder / "body").write_bytes(json.dumps({"text": "A na\u00efve \x00 film."}).encode())


def _read_request(folder: Path) -> None:
    try:
        readable(parse_request((folder / "body").read_bytes()))
    except RefusedError as error:
        assert 400 <= error.status < 500  # noqa: PT017


# name: what writes the whole files, what reads them, the files that are changed
KINDS: dict[str, tuple[Callable[[Path], None], Callable[[Path], object], tuple[str, ...]]] = {
    "archive": (_archive(""), _read_corpus, ("a.tar",)),
    "archive_gz": (_archive(".gz"), _read_corpus, ("a.tar.gz",)),
    "csv": (_table("t.csv"), _read_corpus, ("t.csv",)),
    "csv_gz": (_table("t.csv.gz"), _read_corpus, ("t.csv.gz",)),
    "jsonl_zst": (_table("t.jsonl.zst"), _read_corpus, ("t.jsonl.zst",)),
    "jsonl": (_table("t.jsonl"), _read_corpus, ("t.jsonl",)),
    "parquet": (_table("t.parquet"), _read_corpus, ("t.parquet",)),
    "vectors_bin": (_vectors("bin"), lambda folder: read_vector_file(folder / "v.bin"), ("v.bin",)),
    "vectors_vec": (_vectors("vec"), lambda folder: read_vector_file(folder / "v.vec"), ("v.vec",)),
    "vectors_txt": (_vectors("txt"), lambda folder: read_vector_file(folder / "v.txt"), ("v.txt",)),
    "embeddings": (_embeddings, _read_embeddings, ("vectors.npy", "vocab.tsv", "config.json", "tokenizer.json")),
    "classifier": (_classifier, _read_classifier, ("model.safetensors", "config.json")),
    "tuned": (_classifier, load_vectors, ("model.safetensors",)),
    "linear": (_linear, lambda folder: load_linear(folder, "tfidf", ("weights",)), ("weights.npz", "config.json")),
    "predictions": (_predictions, _read_predictions("p.json"), ("p.json",)),
    "predictions_old": (_predictions, _read_predictions("p.parquet"), ("p.parquet",)),
    "lock": (_lock, _read_lock, ("dvc.lock",)),
    "preset": (_preset, _read_preset, ("p.yaml",)),
    "params": (
        lambda folder: (folder / "params.yaml").write_text((ROOT / "params.yaml").read_text()) and None,
        lambda folder: dict(flatten(read_params(folder / "params.yaml").model_dump())),
        ("params.yaml",),
    ),
    "request": (_request, _read_request, ("body",)),
}
NAMES = tuple(f"{kind}-{file}" for kind, (_, _, files) in KINDS.items() for file in files)


@cache
def target(name: str) -> Target:
    """Return the target `<kind>-<file>`, in a temporary folder."""
    kind, _, file = name.partition("-")
    write, read, _ = KINDS[kind]
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    for part in ("whole", "changed"):
        (folder / part).mkdir()
        write(folder / part)
    if kind.startswith("predictions"):
        (folder / "changed" / file).unlink()
    return Target(read, folder, file)
