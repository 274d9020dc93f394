"""Training the classifier: batches, the loop, early stopping."""

import copy
import math
import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.classifier import Dropout, Network, Reviews, Shape, logits
from pipeline.embeddings import Embeddings
from pipeline.errors import InputError
from pipeline.params import Classify

BUCKET_BATCHES = 50


@dataclass(frozen=True)
class Epoch:
    """One line of the training history."""

    epoch: int
    train_loss: float
    valid_loss: float
    valid_accuracy: float
    learning_rate: float


@dataclass(frozen=True)
class Labelled:
    """Reviews on a device with their labels, float32 [n_reviews] on the same device."""

    reviews: Reviews
    labels: Tensor


def choose_device(name: str) -> torch.device:
    """Return the device that `auto`, `cpu` or `cuda` names here.

    Raises:
        InputError: `cuda` without a usable GPU.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError(
            "classify.device = 'cuda', but torch finds no usable GPU here;"
            " set classify.device to auto or cpu in params.yaml, or install a CUDA build of torch"
        )
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def choose_dtype(name: str, device: torch.device) -> torch.dtype:
    """Return the type that the LSTM computes in for `auto`, `float32` or `bfloat16`.

    `auto` takes bfloat16 where the hardware has matrix units for it (a GPU from Ampere on, a CPU with AMX), which makes
    the LSTM two to three times faster; weights, sums over time, loss and optimiser stay in float32 either way.
    """
    if name == "auto":
        fast = torch.cuda.is_bf16_supported() if device.type == "cuda" else torch.cpu._is_amx_tile_supported()
        name = "bfloat16" if fast else "float32"
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[name]


def make_deterministic(seed: int, num_threads: int) -> None:
    """Seed torch and have it use algorithms that give the same bits each time.

    Sums depend on how threads share them, so the number of threads is fixed too. cuBLAS reads its variable when a
    process first uses it.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(num_threads)
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
    torch.manual_seed(seed)


def build(embeddings: Embeddings, section: Classify, model: str, device: torch.device) -> Network:
    """Make the network that `lstm_frozen`, `lstm_finetuned` or `lstm_random` starts from.

    The vectors are scaled to an average square of 1 an element, which an LSTM reads well; random ones have the same.
    """
    n_words, vector_size = embeddings.vectors.shape
    shape = Shape(
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
    network = Network(shape, dropout, choose_dtype(section.precision, device))
    if model == "lstm_random":
        vectors = torch.randn(n_words, vector_size)
    else:
        vectors = torch.from_numpy(np.array(embeddings.vectors))
        vectors /= vectors.square().mean().sqrt()
    with torch.no_grad():
        network.embedding.weight[:n_words] = vectors
    network.embedding.weight.requires_grad_(model != "lstm_frozen")
    return network.to(device)


def batches(lengths: Tensor, batch_size: int, generator: torch.Generator) -> list[Tensor]:
    """Shuffle rows into batches of like length: sort within buckets of some batches, then shuffle the batches.

    Each row comes once. Padding stays small, and which rows meet changes from epoch to epoch.
    """
    order = torch.randperm(len(lengths), generator=generator)
    found: list[Tensor] = []
    for bucket in torch.split(order, batch_size * BUCKET_BATCHES):
        found.extend(torch.split(bucket[torch.argsort(lengths[bucket], stable=True)], batch_size))
    return [found[i] for i in torch.randperm(len(found), generator=generator).tolist()]


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


def train(
    network: Network,
    train: Labelled,
    valid: Labelled,
    section: Classify,
    *,
    seed: int,
    progress: Callable[[int], object] = lambda n_tokens: None,
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
        progress: called after each step with the number of tokens it read.

    Returns: the history, an entry an epoch.
    """
    vectors = [p for p in network.embedding.parameters() if p.requires_grad]
    rest = [p for name, p in network.named_parameters() if not name.startswith("embedding.")]
    optimizer = torch.optim.AdamW(
        [{"params": rest, "lr": section.lr}]
        + ([{"params": vectors, "lr": section.embedding_lr, "weight_decay": 0.0}] if vectors else []),
        weight_decay=section.weight_decay,
        fused=True,
    )
    generator = torch.Generator().manual_seed(seed)
    steps_an_epoch = math.ceil(len(train.reviews) / section.batch_size)
    n_steps = section.epochs * steps_an_epoch
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: warmup_then_cosine(step, n_steps, section.warmup_frac)
    )
    history: list[Epoch] = []
    best: tuple[float, float] = (-1.0, 0.0)
    best_epoch, best_weights = 0, dict[str, Tensor]()
    for epoch in range(1, section.epochs + 1):
        network.train()
        total = torch.zeros((), dtype=torch.float64)
        for rows in batches(train.reviews.lengths, section.batch_size, generator):
            ids, lengths = train.reviews.batch(rows)
            labels = train.labels[rows.to(train.labels.device)]
            loss = nn.functional.binary_cross_entropy_with_logits(network(ids, lengths), labels)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_([*rest, *vectors], section.clip_norm)
            optimizer.step()
            schedule.step()
            total += loss.detach().cpu().double() * len(rows)
            progress(int(train.reviews.lengths[rows].sum()))
        train_loss = float(total) / len(train.reviews)
        if not math.isfinite(train_loss):
            raise InputError(
                f"training diverged: the loss of epoch {epoch} is {train_loss};"
                f" lower classify.lr = {section.lr} or classify.embedding_lr = {section.embedding_lr} in params.yaml"
            )
        valid_loss, valid_accuracy = validate(network, valid)
        rate = section.lr * warmup_then_cosine(epoch * steps_an_epoch - 1, n_steps, section.warmup_frac)
        history.append(Epoch(epoch, train_loss, valid_loss, valid_accuracy, rate))
        if (valid_accuracy, -valid_loss) > best:
            best = (valid_accuracy, -valid_loss)
            best_epoch, best_weights = epoch, copy.deepcopy(network.state_dict())
        elif epoch - best_epoch >= section.patience:
            break
    network.load_state_dict(best_weights)
    return history
