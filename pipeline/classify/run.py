"""One training: from the tokens and the vectors to the network's folder, its history and its figures.

Each stage that trains a network calls `fit`, which also resumes an interrupted training and starts the processes that
train together.
"""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import torch

from pipeline.classify.batches import Labelled, load_labelled, load_unlabelled
from pipeline.classify.checkpoint import Checkpoint
from pipeline.classify.classifier import Classifier
from pipeline.classify.device import choose_device, prepare
from pipeline.classify.group import Group, together
from pipeline.classify.history import Epoch, best_of, still_falling
from pipeline.classify.loss import uses_unlabelled
from pipeline.classify.network import Network, NetworkConfig
from pipeline.classify.params import Classify
from pipeline.classify.tensorboard import tensorboard
from pipeline.classify.training import build, count_epochs, train
from pipeline.core.digest import digest_of
from pipeline.core.embeddings import FILES, Embeddings
from pipeline.core.files import atomic, write_csv, write_json
from pipeline.core.imports import import_closure
from pipeline.core.models import check_run
from pipeline.core.progress import Progress

TOKENS, EMBEDDINGS = Path("data/tokens"), Path("artifacts/embeddings")


class Teacher(Protocol):
    """What adds reviews to the labelled ones."""

    @property
    def files(self) -> Sequence[Path]:
        """What it reads beside the tokens."""

    def teach(self, labelled: Labelled, config: NetworkConfig, device: torch.device) -> Labelled:
        """Return the labelled reviews with the others."""


@contextmanager
def noted_sigterm() -> Iterator[Callable[[], bool]]:
    """Let SIGTERM, with which a scheduler ends a job, wait for the end of a step; yield what says whether it came."""
    signals: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: signals.append(number))
    try:
        yield lambda: bool(signals)
    finally:
        signal.signal(signal.SIGTERM, before)


def set_up(model: str, seed: str, section: Classify, teacher: Teacher | None) -> tuple[Network, dict[str, Any]]:
    """Return the untrained network, and the reviews that it is trained and validated on."""
    device = prepare(section.device, int(seed))
    network = build(Embeddings.load(EMBEDDINGS), section, model, device)
    labelled, valid = load_labelled(TOKENS / "train", network.config, device)
    if teacher:
        labelled = teacher.teach(labelled, network.config, device)
    unlabelled = load_unlabelled(TOKENS / "unsup", network.config, device) if uses_unlabelled(section) else None
    return network, {"train": labelled, "valid": valid, "unlabelled": unlabelled}


def help_train(
    model: str, seed: str, section: Classify, teacher: Teacher | None, checkpoint: Checkpoint | None, group: Group
) -> None:
    """Train on this process's part of each batch; the first process of the group does the rest."""
    network, reviews = set_up(model, seed, section, teacher)
    train(network, **reviews, section=section, seed=int(seed), checkpoint=checkpoint, group=group)


def fit(progress: Progress, model: str, seed: str, section: Classify, teacher: Teacher | None = None) -> dict[str, Any]:
    """Build the network, train it, save it with its history.

    Args:
        progress: shows it.
        model: the name of the LSTM.
        seed: of its weights and of the order of the reviews.
        section: the parameters.
        teacher: adds reviews to the labelled ones.
    """
    run, device = check_run(model, seed), choose_device(section.device)
    network, reviews = set_up(model, seed, section, teacher)
    embeddings = Embeddings.load(EMBEDDINGS)
    tables = [*sorted(TOKENS.rglob("*.npy")), *(teacher.files if teacher else ())]
    inputs = [*tables, *(EMBEDDINGS / name for name in FILES), *import_closure(Path(__file__))]
    facts = dict(section, run=run, device=device, torch=torch.__version__)
    checkpoint = Checkpoint(Path(f".checkpoints/{run}"), digest_of(facts, inputs))
    curves = tensorboard(Path(f"runs/{run}-{checkpoint.key[:8]}")) if section.tensorboard else lambda epoch: None
    n_epochs = count_epochs(section, len(reviews["train"].reviews))

    def on_epoch(epoch: Epoch) -> None:
        if group.rank:
            return
        progress.epoch(epoch.epoch, n_epochs, **epoch.figures)
        curves(epoch)

    n_tokens = n_epochs * int(reviews["train"].reviews.lengths.sum())
    n_processes = section.n_processes if device.type == "cpu" else 1
    other = partial(help_train, model, seed, section, teacher, checkpoint)
    with (
        progress.bar(run, n_tokens, " tokens") as advance,
        noted_sigterm() as stopping,
        together(n_processes, other) as group,
    ):
        history = train(
            network, **reviews, section=section, seed=int(seed), checkpoint=checkpoint, advance=advance,
            on_epoch=on_epoch, stopping=stopping, group=group,
        )  # fmt: skip
    if group.rank:
        return {}
    best = best_of(history)
    training = {"model": model, "seed": int(seed), **section.model_dump(), "best_epoch": best.epoch}
    with atomic(Path("artifacts") / model / seed) as folder:
        Classifier(network, embeddings.words, embeddings.counts, embeddings.tokenizer, training).save(folder)
    write_csv(Path(f"plots/history/{run}.csv"), [asdict(epoch) for epoch in history], decimals=6)
    figures = {"accuracy": round(best.valid_accuracy, 4), "log_loss": round(best.valid_loss, 4), "epoch": best.epoch}
    write_json(Path(f"metrics/valid/{run}.json"), figures)
    checkpoint.remove()
    notes = list(network.layers.notes)
    if fell := still_falling([epoch.valid_loss for epoch in history]):
        notes.append(f"the last epoch lowered the loss by {fell:.0%}: more epochs or min_steps will lower it further")
    return figures | ({"note": "; ".join(notes)} if notes else {})
