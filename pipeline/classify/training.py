"""Training the classifier: the initial network, the schedule, the loop, early stopping."""

import copy
import math
from collections.abc import Callable, Sequence
from itertools import cycle

import numpy as np
import torch
from torch import nn

from pipeline.cells.table import CELLS
from pipeline.classify.batches import Labelled, Reviews, batches
from pipeline.classify.checkpoint import Checkpoint
from pipeline.classify.classifier import logits
from pipeline.classify.device import choose_dtype
from pipeline.classify.loss import add_gradients
from pipeline.classify.network import Dropout, Network, NetworkConfig
from pipeline.classify.params import Classify
from pipeline.classify.state import Epoch, State, best_of
from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError
from pipeline.core.progress import Advance


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


def validate(network: Network, valid: Labelled) -> tuple[float, float]:
    """Return the mean cross-entropy, in nats, and the accuracy on labelled reviews."""
    z = torch.from_numpy(logits(network, valid.reviews))
    labels = valid.labels.cpu()
    loss = nn.functional.binary_cross_entropy_with_logits(z, labels)
    return float(loss), float(((z > 0) == (labels > 0.5)).double().mean())


def train_epoch(
    state: State,
    train: Labelled,
    unlabelled: Reviews | None,
    section: Classify,
    shares: Sequence[float],
    advance: Advance,
) -> float:
    """Train on each labelled review once; return the mean loss.

    Args:
        state: changed in place.
        train: the labelled reviews.
        unlabelled: a batch of them goes with each labelled batch; they start over when they run out.
        section: batch size, clipping, the weights of the loss.
        shares: the share of the full learning rates at each step.
        advance: called with the number of tokens after each step.
    """
    network = state.network.train()
    total = torch.zeros((), dtype=torch.float64)
    planned = batches(train.reviews.lengths, section.batch_size, state.order)
    others = cycle(batches(unlabelled.lengths, section.batch_size, state.order)) if unlabelled else None
    for rows, share in zip(planned, shares, strict=True):
        labels = train.labels[rows.to(train.labels.device)]
        other = unlabelled.batch(next(others)) if unlabelled and others else None
        state.optimizer.zero_grad()
        loss = add_gradients(network, train.reviews.batch(rows), labels, other, section)
        nn.utils.clip_grad_norm_([p for p in network.parameters() if p.requires_grad], section.clip_norm)
        state.step(share)
        total += loss.cpu().double() * len(rows)
        advance(int(train.reviews.lengths[rows].sum()))
    return float(total) / len(train.reviews)


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
        checkpoint: written after each epoch; training resumes from it, with the same result to the bit.
        advance: called with the number of tokens after each step, and once for the epochs already done.
        on_epoch: called after each epoch trained here.

    Returns: the history, one entry per epoch.

    Raises:
        InputError: the loss of an epoch is not finite.
    """
    state = State(network, section, seed)
    if checkpoint:
        state.restore(checkpoint)
    steps_per_epoch = math.ceil(len(train.reviews) / section.batch_size)
    n_epochs = count_epochs(section, len(train.reviews))
    n_steps = n_epochs * steps_per_epoch
    schedule = [warmup_then_cosine(step, n_steps, section.warmup_frac) for step in range(n_steps)]
    advance(len(state.history) * int(train.reviews.lengths.sum()))
    while len(state.history) < n_epochs:
        epoch = len(state.history) + 1
        if state.history and epoch - best_of(state.history).epoch > section.patience:
            break
        shares = schedule[(epoch - 1) * steps_per_epoch : epoch * steps_per_epoch]
        train_loss = train_epoch(state, train, unlabelled, section, shares, advance)
        if not math.isfinite(train_loss):
            raise InputError(
                f"training diverged: the loss of epoch {epoch} is {train_loss};"
                f" lower classify.lr = {section.lr} or classify.embedding_lr = {section.embedding_lr} in params.yaml"
            )
        state.history.append(Epoch(epoch, train_loss, *validate(state.evaluated, valid), section.lr * shares[-1]))
        if best_of(state.history).epoch == epoch:
            state.best_weights = copy.deepcopy(state.evaluated.state_dict())
        if checkpoint:
            state.save(checkpoint)
        on_epoch(state.history[-1])
    network.load_state_dict(state.best_weights)
    return state.history
