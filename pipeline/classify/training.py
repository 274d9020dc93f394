"""Training the classifier: batches, the loop, early stopping."""

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from pipeline.classify.batches import Labelled, Reviews, batches
from pipeline.classify.checkpoint import Checkpoint
from pipeline.classify.classifier import logits
from pipeline.classify.device import choose_dtype
from pipeline.classify.loss import add_gradients
from pipeline.classify.network import Dropout, Network, NetworkConfig
from pipeline.classify.params import Classify
from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError
from pipeline.core.progress import Advance


@dataclass(frozen=True)
class Epoch:
    """One line of the training history."""

    epoch: int
    train_loss: float
    valid_loss: float
    valid_accuracy: float
    learning_rate: float


def build(embeddings: Embeddings, section: Classify, model: str, device: torch.device) -> Network:
    """Make the network that `lstm_frozen`, `lstm_finetuned` or `lstm_random` starts from.

    The vectors are scaled to an average square of 1 an element, which an LSTM reads well; random ones have the same.
    """
    n_words, vector_size = embeddings.vectors.shape
    config = NetworkConfig(
        n_words=n_words,
        vector_size=vector_size,
        hidden_size=section.hidden_size,
        num_layers=section.num_layers,
        bidirectional=section.bidirectional,
        pooling=tuple(section.pooling),
        head_tokens=section.head_tokens,
        tail_tokens=section.tail_tokens,
    )
    dropout = Dropout(word=section.word_dropout, embedding=section.embedding_dropout, output=section.dropout)
    network = Network(config, dropout, choose_dtype(section.precision, device))
    if model == "lstm_random":
        vectors = torch.randn(n_words, vector_size)
    else:
        vectors = torch.from_numpy(np.array(embeddings.vectors))
        vectors /= vectors.square().mean().sqrt()
    with torch.no_grad():
        network.embedding.weight[:n_words] = vectors
    network.embedding.weight.requires_grad_(model != "lstm_frozen")
    return network.to(device)


def warmup_then_cosine(step: int, n_steps: int, warmup_frac: float) -> float:
    """Return the share of the full learning rate at a step: up in a line, then down half a cosine to 0."""
    n_warmup = max(1, round(warmup_frac * n_steps))
    if step < n_warmup:
        return (step + 1) / n_warmup
    return 0.5 * (1 + math.cos(math.pi * (step - n_warmup) / max(1, n_steps - n_warmup)))


def validate(network: Network, valid: Labelled) -> tuple[float, float]:
    """Return the mean cross-entropy in nats and the accuracy on labelled reviews."""
    z = torch.from_numpy(logits(network, valid.reviews))
    labels = valid.labels.cpu()
    loss = nn.functional.binary_cross_entropy_with_logits(z, labels)
    return float(loss), float(((z > 0) == (labels > 0.5)).double().mean())


def best_of(history: Sequence[Epoch]) -> Epoch:
    """Return the epoch of the highest validation accuracy, of equals the lowest loss, of equals the first."""
    return max(history, key=lambda epoch: (epoch.valid_accuracy, -epoch.valid_loss))


class State:
    """All that a step of training changes: weights, their average, optimiser, the order of reviews, the best epoch."""

    def __init__(self, network: Network, section: Classify, seed: int) -> None:
        self.network = network
        self.rates = [section.lr, section.embedding_lr]
        vectors = [p for p in network.embedding.parameters() if p.requires_grad]
        rest = [p for name, p in network.named_parameters() if not name.startswith("embedding.")]
        groups = [{"params": rest}] + ([{"params": vectors, "weight_decay": 0.0}] if vectors else [])
        self.optimizer = torch.optim.AdamW(groups, weight_decay=section.weight_decay, fused=True)
        self.order = torch.Generator().manual_seed(seed)
        self.average: AveragedModel | None = None
        if section.ema_decay:
            average = get_ema_multi_avg_fn(section.ema_decay)  # type: ignore[no-untyped-call]
            self.average = AveragedModel(network, multi_avg_fn=average)
        self.history: list[Epoch] = []
        self.best_weights: dict[str, Tensor] = {}

    @property
    def chosen(self) -> Network:
        """The network that is validated and kept: that of the average weights where there are any."""
        return cast(Network, self.average.module) if self.average else self.network

    def step(self, share: float) -> None:
        """Move the weights along their gradients, at a share of the full learning rates."""
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=False):
            group["lr"] = rate * share
        self.optimizer.step()
        if self.average:
            self.average.update_parameters(self.network)

    def save(self, checkpoint: Checkpoint) -> None:
        """Keep the state; bit for bit, the random numbers' too."""
        tensors = {f"network.{name}": value for name, value in self.network.state_dict().items()}
        tensors |= {f"best.{name}": value for name, value in self.best_weights.items()}
        if self.average:
            tensors |= {f"average.{name}": value for name, value in self.average.state_dict().items()}
        for i, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{i}.{name}": value for name, value in moments.items()}
        tensors |= {"random.order": self.order.get_state(), "random.cpu": torch.get_rng_state()}
        if torch.cuda.is_available():
            tensors["random.cuda"] = torch.cuda.get_rng_state()
        checkpoint.save(tensors, {"history": [asdict(epoch) for epoch in self.history]})

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from what was kept; stay at the start where nothing was."""
        found = checkpoint.load()
        if found is None:
            return
        tensors, facts = found

        def part(name: str) -> dict[str, Tensor]:
            return {key.removeprefix(name): value for key, value in tensors.items() if key.startswith(name)}

        self.network.load_state_dict(part("network."))
        self.best_weights = part("best.")
        if self.average:
            self.average.load_state_dict(part("average."))
        moments: dict[int, dict[str, Tensor]] = {}
        for key, value in part("optimizer.").items():
            i, _, name = key.partition(".")
            moments.setdefault(int(i), {})[name] = value
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": moments})
        self.order.set_state(tensors["random.order"])
        torch.set_rng_state(tensors["random.cpu"])
        if "random.cuda" in tensors:
            torch.cuda.set_rng_state(tensors["random.cuda"])
        self.history = [Epoch(**epoch) for epoch in facts["history"]]


def train(
    network: Network,
    train: Labelled,
    valid: Labelled,
    section: Classify,
    *,
    seed: int,
    unlabelled: Reviews | None = None,
    checkpoint: Checkpoint | None = None,
    advance: Advance = lambda n_tokens: None,
    on_epoch: Callable[[Epoch], object] = lambda epoch: None,
) -> list[Epoch]:
    """Fit `network` in place; it ends with the weights of the epoch that did best on `valid`.

    Best is the highest validation accuracy, of equals the lowest loss. Training stops early after
    `section.patience` epochs in a row without a better one. A weight that does not require a gradient stays as it is.

    Args:
        network: on the device that the reviews are on.
        train: what to learn from.
        valid: what to choose the epoch by.
        section: epochs, batch size, learning rates.
        seed: of the order of the reviews.
        unlabelled: for the parts of the objective that need no label; each step reads a batch of them too.
        checkpoint: written after each epoch; a training that finds one goes on from it, to the same bits.
        advance: called with the number of tokens read, after each step, and for the epochs that need no repeating.
        on_epoch: called with each epoch that was trained.

    Returns: the history, an entry an epoch.
    """
    state = State(network, section, seed)
    if checkpoint:
        state.restore(checkpoint)
    steps_an_epoch = math.ceil(len(train.reviews) / section.batch_size)
    n_steps = section.epochs * steps_an_epoch
    advance(len(state.history) * int(train.reviews.lengths.sum()))
    while len(state.history) < section.epochs:
        epoch = len(state.history) + 1
        if state.history and epoch - best_of(state.history).epoch > section.patience:
            break
        network.train()
        total = torch.zeros((), dtype=torch.float64)
        first = (epoch - 1) * steps_an_epoch
        plan = batches(train.reviews.lengths, section.batch_size, state.order)
        beside = cycle(batches(unlabelled.lengths, section.batch_size, state.order)) if unlabelled else None
        for step, rows in enumerate(plan, first):
            labels = train.labels[rows.to(train.labels.device)]
            more = unlabelled.batch(next(beside)) if unlabelled and beside else None
            state.optimizer.zero_grad()
            loss = add_gradients(network, train.reviews.batch(rows), labels, more, section)
            nn.utils.clip_grad_norm_([p for p in network.parameters() if p.requires_grad], section.clip_norm)
            state.step(warmup_then_cosine(step, n_steps, section.warmup_frac))
            total += loss.cpu().double() * len(rows)
            advance(int(train.reviews.lengths[rows].sum()))
        train_loss = float(total) / len(train.reviews)
        if not math.isfinite(train_loss):
            raise InputError(
                f"training diverged: the loss of epoch {epoch} is {train_loss};"
                f" lower classify.lr = {section.lr} or classify.embedding_lr = {section.embedding_lr} in params.yaml"
            )
        valid_loss, valid_accuracy = validate(state.chosen, valid)
        rate = section.lr * warmup_then_cosine(epoch * steps_an_epoch - 1, n_steps, section.warmup_frac)
        state.history.append(Epoch(epoch, train_loss, valid_loss, valid_accuracy, rate))
        if best_of(state.history).epoch == epoch:
            state.best_weights = copy.deepcopy(state.chosen.state_dict())
        if checkpoint:
            state.save(checkpoint)
        on_epoch(state.history[-1])
    network.load_state_dict(state.best_weights)
    return state.history
