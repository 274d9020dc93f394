"""How long it takes until the validation log loss first falls below 0.22 and 0.19: the wait that a user feels.

All start from the same word vectors and have the same reviews, network and batch size. The rivals train as tutorials
do: Adam at 0.001, float32, no adversarial training. Everything counts, validation included; they validate twice per
epoch, we once. Each contender runs once, one after the other, so nothing else should run beside them. The
linear models are in the table, too, because a user could stop there.
"""

import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader
from tqdm import tqdm

from benchmarks.measure import figure
from benchmarks.rivals import missing_rivals, transcript
from benchmarks.tutorial import Packed, step
from experiments.sandbox import ROOT
from pipeline.classify.batches import Labelled, batches, load_labelled
from pipeline.classify.device import prepare
from pipeline.classify.group import together
from pipeline.classify.network import NetworkConfig
from pipeline.classify.params import Classify
from pipeline.classify.run import help_train, set_up
from pipeline.classify.training import build, train
from pipeline.core.embeddings import Embeddings
from pipeline.core.files import read_json
from pipeline.core.ragged import load_labels
from pipeline.params import Params

LOSSES = (0.22, 0.19)
N_EPOCHS = 5  # of a rival
PATIENCE = 4  # validations without a lower loss
LIMIT = 8.5  # times the seconds of our whole training, after which a rival is stopped
TOKENS, EMBEDDINGS = ROOT / "data/tokens", ROOT / "artifacts/embeddings"
NEEDS = ("data/tokens", "artifacts/embeddings", "data/corpus.txt")
Course = Sequence[tuple[float, float]]  # seconds since the start and validation log loss, at each validation


def seconds_to(course: Course, loss: float) -> float | None:
    """Return the seconds until the loss was first below `loss`, or None if it never was."""
    return next((seconds for seconds, reached in course if reached < loss), None)


def has_ended(course: Course, limit: float) -> bool:
    """Return whether a rival has reached the last loss, has not improved for a while, or has taken `limit` seconds."""
    losses = [loss for _, loss in course]
    stuck = len(losses) - 1 - int(np.argmin(losses)) >= PATIENCE
    return losses[-1] < LOSSES[-1] or stuck or course[-1][0] > limit


def ours(section: Classify) -> Course:
    """Train lstm_finetuned as stage `classify` does."""
    started, course = time.perf_counter(), []
    network, reviews = set_up("lstm_finetuned", "1", section, None)

    def on_epoch(epoch: Any) -> None:
        course.append((time.perf_counter() - started, epoch.valid_loss))

    with together(section.n_processes, partial(help_train, "lstm_finetuned", "1", section, None, None)) as group:
        train(network, **reviews, section=section, seed=1, on_epoch=on_epoch, group=group)
    return course


def rows(part: Labelled) -> list[tuple[torch.Tensor, float]]:
    """Return the ids of each review, int64 [T], with its label."""
    ids, lengths = part.reviews.batch(torch.arange(len(part.reviews)))
    return [(row[:n], float(label)) for row, n, label in zip(ids, lengths.tolist(), part.labels, strict=True)]


def tutorial(section: Classify, limit: float) -> Course:
    """Train the same network over packed sequences with a DataLoader, for `limit` seconds at most."""
    started, course = time.perf_counter(), []
    config, labelled, valid, vectors = _loaded(section)
    network = Packed(config)
    with torch.no_grad():
        network.embedding.weight.copy_(vectors)
    optimizer = torch.optim.Adam(network.parameters())

    def collate(batch: list[tuple[torch.Tensor, float]]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        ids = pad_sequence([row for row, _ in batch], batch_first=True, padding_value=config.n_words)
        return ids, torch.tensor([len(row) for row, _ in batch]), torch.tensor([label for _, label in batch])

    def loader_of(part: Labelled, batch_size: int, *, shuffle: bool) -> DataLoader[Any]:
        reviews: Any = rows(part)  # a list will do as a data set
        return DataLoader(reviews, batch_size, shuffle=shuffle, collate_fn=collate)

    loader = loader_of(labelled, section.batch_size, shuffle=True)
    judge = loader_of(valid, 4 * section.batch_size, shuffle=False)
    half = len(loader) // 2
    for _ in range(N_EPOCHS):
        for i, (ids, lengths, labels) in enumerate(tqdm(loader, "tutorial", leave=False), 1):
            step(network.train(), optimizer, ids, lengths, labels)
            if i % half == 0:
                course.append((time.perf_counter() - started, _loss(network.eval(), judge)))
                if has_ended(course, limit):
                    return course
    return course


def _loss(network: nn.Module, judge: DataLoader[Any]) -> float:
    with torch.no_grad():
        z, labels = zip(*((network(ids, lengths), labels) for ids, lengths, labels in judge), strict=True)
    return float(nn.functional.binary_cross_entropy_with_logits(torch.cat(z), torch.cat(labels)))


def _loaded(section: Classify) -> tuple[NetworkConfig, Labelled, Labelled, torch.Tensor]:
    device = prepare("cpu", 1)
    torch.set_num_threads(section.n_processes)
    network = build(Embeddings.load(EMBEDDINGS), section, "lstm_finetuned", device)
    labelled, valid = load_labelled(TOKENS / "train", network.config, device)
    return network.config, labelled, valid, network.embedding.weight.detach()


def keras(section: Classify, folder: Path, limit: float) -> Course:
    """Train the same network in Keras, on batches of similar length like ours, for `limit` seconds at most."""
    config, labelled, valid, vectors = _loaded(section)
    generator = torch.Generator().manual_seed(1)
    arrays = {"vectors": vectors.numpy()}
    for name, part in (("train", labelled), ("valid", valid)):
        for i, rows_of_batch in enumerate(batches(part.reviews.lengths, section.batch_size, generator)):
            ids, _ = part.reviews.batch(rows_of_batch)
            arrays[f"{name}_ids_{i}"] = ((ids + 1) % (config.n_words + 1)).numpy().astype(np.int32)  # 0 is padding
            arrays[f"{name}_labels_{i}"] = part.labels[rows_of_batch].numpy()
    np.savez(folder / "batches.npz", **arrays)  # type: ignore[arg-type]
    course: list[tuple[float, float]] = []
    options = map(str, (section.embedding_dropout, config.hidden_size, section.n_processes, N_EPOCHS))
    for seconds, loss in transcript("keras_learning.py", str(folder / "batches.npz"), *options):
        course.append((seconds, loss))
        if has_ended(course, limit):
            break
    return course


def fasttext(folder: Path) -> tuple[float, float]:
    """Return the seconds and the validation log loss of fastText's supervised bigrams."""
    labels, valid = load_labels(TOKENS / "train")
    with open(ROOT / "data/corpus.txt", encoding="utf-8", newline="\n") as file:
        lines = [f"__label__{label} {line}" for label, line in zip(labels.tolist(), file, strict=False)]
    for name, rows_of_part in (("train", ~valid), ("valid", valid)):
        order = np.random.default_rng(1).permutation(np.flatnonzero(rows_of_part))  # it reads them in this order
        (folder / f"{name}.txt").write_text("".join(lines[i] for i in order), "utf-8")
    ((seconds, loss),) = transcript("fasttext_supervised.py", str(folder / "train.txt"), str(folder / "valid.txt"))
    return seconds, loss


def compared(name: str, against: str, mine: Course, theirs: Course, bar: float) -> Iterator[dict[str, Any]]:
    """Return how many times as long a rival takes, for each loss that ours reaches."""
    for loss in LOSSES:
        own, other = seconds_to(mine, loss), seconds_to(theirs, loss)
        if own is None:
            print(f"skipped: time to a log loss of {loss}; ours ends at {min(reached for _, reached in mine):.4f}")
            continue
        took = f"in {own:,.0f} s against {other:,.0f}" if other else f"in {own:,.0f} s; not in {theirs[-1][0]:,.0f}"
        unit = "times sooner" if other else f"times sooner or more (it ends at {min(x for _, x in theirs):.3f})"
        yield figure(f"{name}, log loss below {loss}, {took}", (other or theirs[-1][0]) / own, unit, against, bar, 1)


def figures(params: Params) -> Iterator[dict[str, Any]]:
    """Measure, on the real reviews alone."""
    if reason := missing_rivals():
        print(f"skipped: learning; {reason}")
        return
    section = params.classify
    mine = ours(section)
    limit = LIMIT * mine[-1][0]
    against = "the same model over packed sequences with a DataLoader"
    yield from compared("training", against, mine, tutorial(section, limit), 8.0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        against = "the same model in Keras, on batches like ours"
        yield from compared("training", against, mine, keras(section, folder, limit), 2.0)
        seconds, loss = fasttext(folder)
    yield figure(f"fastText's supervised bigrams, log loss {loss:.4f}", seconds, "s", "", None, 1)
    loss = read_json(ROOT / "metrics/valid/nbsvm.json")["log_loss"]
    seconds = read_json(ROOT / "metrics/seconds/baseline.json")["seconds"]
    yield figure(f"all the linear models, log loss of nbsvm {loss:.4f}", seconds, "s", "", None, 1)
