"""Training the classifier: the initial network, the schedule, the loop, early stopping."""

import copy
import math
from collections.abc import Callable, Sequence
from itertools import cycle, islice, repeat

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.cells.table import CELLS
from pipeline.classify.batches import Labelled, Reviews, batches
from pipeline.classify.checkpoint import Checkpoint
from pipeline.classify.classifier import logits
from pipeline.classify.device import choose_dtype
from pipeline.classify.group import ALONE, Group
from pipeline.classify.history import Epoch, best_of
from pipeline.classify.loss import Part, add_gradients
from pipeline.classify.network import Dropout, Network, NetworkConfig
from pipeline.classify.params import Classify
from pipeline.classify.state import State
from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError
from pipeline.core.progress import Advance


class DivergedError(InputError):
    """The loss of a batch or its gradient is not finite."""


def build(embeddings: Embeddings, section: Classify, model: str, device: torch.device) -> Network:
    """Return the untrained network of `model`: lstm_frozen, lstm_finetuned or lstm_random.

    The vectors are scaled to a root mean square of 1 per element, a scale that suits an LSTM; random ones have it too.
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
        cell=section.cell,
        periods=tuple(section.periods) if CELLS[section.cell].periods else (),
    )
    dropout = Dropout(word=section.word_dropout, embedding=section.embedding_dropout)
    network = Network(config, dropout, choose_dtype(section.precision, device), section.forget_bias)
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
    """Return the share of the full learning rate at a step: a linear rise, then half a cosine down to 0."""
    n_warmup = max(1, round(warmup_frac * n_steps))
    if step < n_warmup:
        return (step + 1) / n_warmup
    return 0.5 * (1 + math.cos(math.pi * (step - n_warmup) / max(1, n_steps - n_warmup)))


def count_epochs(section: Classify, n_reviews: int) -> int:
    """Return the number of epochs: `epochs`, or as many as `min_steps` needs."""
    return max(section.epochs, math.ceil(section.min_steps / math.ceil(n_reviews / section.batch_size)))


def validate(network: Network, valid: Labelled, group: Group) -> tuple[float, float]:
    """Return the mean cross-entropy, in nats, and the accuracy on labelled reviews; each process predicts a part."""
    rows = torch.arange(len(valid.reviews))[group.rank :: group.size]
    z = torch.zeros(len(valid.reviews))
    z[rows] = torch.from_numpy(logits(network, valid.reviews, rows))
    group.add([z])
    labels = valid.labels.cpu()
    loss = nn.functional.binary_cross_entropy_with_logits(z, labels)
    return float(loss), float(((z > 0) == (labels > 0.5)).double().mean())


def part_of(network: Network, reviews: Reviews, rows: Tensor, group: Group) -> tuple[Part, Tensor]:
    """Return this process's part of a batch, and its rows; the noise is drawn for the whole batch by all alike."""
    noise = network.draw(len(rows), reviews.padded_length(rows))
    mine, share = group.part(rows)
    batch = reviews.batch(mine)
    rank, size = (group.rank, group.size) if share else (0, len(rows))
    return Part(batch, noise.part(rank, size, batch.ids.shape[1]), share), mine


def train_epoch(
    state: State,
    train: Labelled,
    unlabelled: Reviews | None,
    section: Classify,
    shares: Sequence[float],
    after_step: Advance,
    group: Group,
) -> float:
    """Train on each labelled review once, or on those that `state` has not trained on yet; return the mean loss.

    Args:
        state: changed in place.
        train: the labelled reviews.
        unlabelled: a batch of them goes with each labelled batch; they start over when they run out.
        section: batch size, clipping, the weights of the loss.
        shares: the share of the full learning rates at each step.
        after_step: called with the number of tokens after each step.
        group: of the processes that do the same.

    Raises:
        DivergedError: the loss of a batch or its gradient is not finite.
    """
    network = state.network.train()
    planned = batches(train.reviews.lengths, section.batch_size, state.order)
    others = cycle(batches(unlabelled.lengths, section.batch_size, state.order)) if unlabelled else repeat(None)
    steps = zip(zip(planned, shares, strict=True), others, strict=False)
    for (rows, share), other_rows in islice(steps, state.n_steps, None):
        part, mine = part_of(network, train.reviews, rows, group)
        labels = train.labels[mine.to(train.labels.device)]
        other = part_of(network, unlabelled, other_rows, group)[0] if unlabelled and other_rows is not None else None
        state.optimizer.zero_grad()
        loss = add_gradients(network, part, labels, other, section)
        group.add([loss])
        norm = state.optimizer.gather(group, section.clip_norm)
        state.step(share)
        loss, norm = torch.stack([loss, norm]).cpu()  # both at once: a GPU is waited for once per step
        state.n_steps += 1
        if not (loss.isfinite() and norm.isfinite()):
            raise DivergedError(
                f"training diverged: the loss of batch {state.n_steps} of {len(planned)} in epoch"
                f" {len(state.history) + 1} is {loss:.4g}, and the norm of its gradient {norm:.4g};"
                f" lower classify.lr = {section.lr} or classify.embedding_lr = {section.embedding_lr} in params.yaml"
            )
        state.total_loss += loss.double() * len(rows)
        after_step(int(train.reviews.lengths[rows].sum()))
    return float(state.total_loss) / len(train.reviews)


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
    stopping: Callable[[], bool] = lambda: False,
    group: Group = ALONE,
) -> list[Epoch]:
    """Train `network` in place; it ends with the weights of the best epoch on `valid`.

    The best has the lowest validation loss. Training stops after `section.patience` epochs in a row without a lower
    one. A weight that requires no gradient stays as it is.

    Args:
        network: on the same device as the reviews.
        train: the reviews to train on.
        valid: the reviews that choose the epoch.
        section: the parameters.
        seed: of the order of the reviews.
        unlabelled: reviews for the terms of the loss that need no label.
        checkpoint: written after each epoch, and within one when it is due; training resumes from it, with the same
            result to the bit. It never has weights of a step whose loss or gradient was not finite.
        advance: called with the number of tokens after each step, and once for the steps already done.
        on_epoch: called after each epoch trained here.
        stopping: asked after each step; if it says so in any process, the checkpoint is written and training is
            interrupted.
        group: the processes that train together; the first one reads and writes the checkpoint.

    Returns: the history, one entry per epoch.

    Raises:
        DivergedError: the loss of a batch or its gradient is not finite.
        KeyboardInterrupt: `stopping` said so.
    """
    state = State(network, section, seed)
    if checkpoint:
        state.restore(checkpoint, group)
    steps_per_epoch = math.ceil(len(train.reviews) / section.batch_size)
    n_epochs = count_epochs(section, len(train.reviews))
    n_steps = n_epochs * steps_per_epoch
    schedule = [warmup_then_cosine(step, n_steps, section.warmup_frac) for step in range(n_steps)]

    def after_step(n_tokens: int) -> None:
        advance(n_tokens)
        stop = group.any(stopping())  # all stop after the same step, so the first one's state is complete
        if checkpoint and group.rank == 0 and (stop or checkpoint.due):
            state.save(checkpoint)
        if stop:
            raise KeyboardInterrupt

    n_tokens = int(train.reviews.lengths.sum())
    advance(len(state.history) * n_tokens + state.n_steps * n_tokens // steps_per_epoch)
    while len(state.history) < n_epochs:
        epoch = len(state.history) + 1
        if state.history and epoch - best_of(state.history).epoch > section.patience:
            break
        shares = schedule[(epoch - 1) * steps_per_epoch : epoch * steps_per_epoch]
        train_loss = train_epoch(state, train, unlabelled, section, shares, after_step, group)
        scores = validate(state.evaluated, valid, group)
        state.history.append(Epoch(epoch, train_loss, *scores, section.lr * shares[-1]))
        if best_of(state.history).epoch == epoch:
            state.best_weights = copy.deepcopy(state.evaluated.state_dict())
        state.begin_epoch()
        if checkpoint and group.rank == 0:
            state.save(checkpoint)
        on_epoch(state.history[-1])
    network.load_state_dict(state.best_weights)
    return state.history
