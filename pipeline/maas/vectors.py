"""Word vectors that encode sentiment.

Source: Maas et al., Learning Word Vectors for Sentiment Analysis, ACL 2011. The loss has two parts, which share the
vectors R, one row phi_w per word:

- semantic: the words of review k are drawn from softmax(R theta_k + b), theta_k is the review's mixture (equation 4);
- sentiment: each word of a labelled review predicts its label, p(s = 1 | w) = sigmoid(psi . phi_w + b_c) (equation 9).

Shapes: N reviews, B reviews in a batch, V words, D vector size.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from torch import Tensor, nn
from torch.nn.functional import log_softmax, logsigmoid

from pipeline.core.progress import Advance
from pipeline.core.ragged import Ragged, load_labels
from pipeline.core.sample import sample_rows
from pipeline.maas.params import Maas

UNKNOWN = -1  # the label of reviews without one


class SentimentVectors(nn.Module):
    """The parameters of both parts."""

    def __init__(self, n_reviews: int, n_words: int, vector_size: int) -> None:
        super().__init__()
        self.vectors = nn.Parameter(0.1 * torch.randn(n_words, vector_size))  # R
        self.bias = nn.Parameter(torch.zeros(n_words))  # b
        self.sentiment = nn.Linear(vector_size, 1)  # psi and b_c
        self.mixtures = nn.Embedding(n_reviews, vector_size, sparse=True)  # theta
        nn.init.zeros_(self.mixtures.weight)

    def semantic_loss(self, rows: Tensor, counts: Tensor) -> Tensor:
        """Return -log p of the words of the reviews `rows`, int64 [B], which occur `counts` [B, V] times; a scalar."""
        logits = self.mixtures(rows) @ self.vectors.T + self.bias  # [B, V]
        return -(counts * log_softmax(logits, 1)).sum()

    def sentiment_loss(self, counts: Tensor, labels: Tensor) -> Tensor:
        """Return -log p of the labels [B], 0, 1 or UNKNOWN, given each word of `counts` [B, V]; a scalar."""
        z = self.sentiment(self.vectors).squeeze(1)  # [V]
        positive, negative = counts[labels == 1].sum(0), counts[labels == 0].sum(0)  # [V]
        return -(positive * logsigmoid(z) + negative * logsigmoid(-z)).sum()


def batch_loss(
    model: SentimentVectors, rows: Tensor, counts: Tensor, labels: Tensor, section: Maas, share: float
) -> Tensor:
    """Return the negative of equation 11 for one batch, in nats per word.

    The paper divides the sentiment part by the number of reviews with the same label; labels here are balanced, so
    `sentiment_weight` replaces that factor.

    Args:
        model: the parameters.
        rows: int64 [B], the reviews.
        counts: float32 [B, V], how often each word occurs in them.
        labels: int8 [B], 0, 1 or UNKNOWN.
        section: the weights of the parts.
        share: the fraction of all reviews that is in the batch.
    """
    penalties = section.mixture_penalty * model.mixtures(rows).square().sum()
    penalties = penalties + share * section.vector_penalty * model.vectors.square().sum()
    likelihood = model.semantic_loss(rows, counts) + section.sentiment_weight * model.sentiment_loss(counts, labels)
    total: Tensor = (likelihood + penalties) / counts.sum().clamp(min=1)
    return total


def concatenate(first: Ragged, second: Ragged) -> Ragged:
    """Return the rows of `first` followed by those of `second`."""
    offsets = np.concatenate([first.offsets, first.offsets[-1] + second.offsets[1:]])
    return Ragged(np.concatenate([first.values, second.values]), offsets)


def load_reviews(folder: Path, most: int) -> tuple[Ragged, NDArray[np.int8]]:
    """Load train and unsup from data/tokens, or a sample of N = `most` reviews.

    Returns: the reviews, and labels int8 [N]: UNKNOWN in unsup and in the validation split.
    """
    labels, valid = load_labels(folder / "train")
    labelled, unlabelled = Ragged.load(folder / "train"), Ragged.load(folder / "unsup")
    chosen = sample_rows(len(labelled) + len(unlabelled), most)
    first, others = np.split(chosen, [np.searchsorted(chosen, len(labelled))])
    known = np.where(valid[first], UNKNOWN, labels[first])
    both = concatenate(labelled.rows(first), unlabelled.rows(others - len(labelled)))
    return both, np.append(known, np.full(len(others), UNKNOWN)).astype(np.int8)


def train(
    reviews: Ragged,
    labels: NDArray[np.int8],
    n_words: int,
    section: Maas,
    advance: Advance = lambda n_reviews: None,
    on_epoch: Callable[[int, float], object] = lambda epoch, loss: None,
) -> tuple[NDArray[np.float32], list[float]]:
    """Train the vectors of the first `n_words` types; the `n_skipped` most frequent get none, as in the paper.

    The paper alternates between updating the mixtures and the vectors; here each step updates both.

    Args:
        reviews: token ids of N reviews.
        labels: int8 [N], 0, 1 or UNKNOWN.
        n_words: the size of the vocabulary.
        section: the parameters.
        advance: called after each step with the number of reviews in the batch.
        on_epoch: called after each epoch with its number, from 1, and its loss.

    Returns:
        The vectors, float32 [n_words, D], zeros for the skipped words; and the loss in nats per word after each epoch.
    """
    first = min(section.n_skipped, n_words - 1)
    kept = reviews.where((reviews.values >= first) & (reviews.values < n_words))
    ones = np.ones(len(kept.values), np.float32)
    table = csr_matrix((ones, kept.values - first, kept.offsets), shape=(len(kept), n_words - first))
    model = SentimentVectors(len(kept), n_words - first, section.vector_size)
    dense = [parameter for name, parameter in model.named_parameters() if not name.startswith("mixtures")]
    optimizers = [
        torch.optim.Adam(dense, lr=section.lr),
        torch.optim.SparseAdam([model.mixtures.weight], lr=section.mixture_lr),
    ]
    order = np.random.default_rng(section.seed)
    losses: list[float] = []
    for _ in range(section.epochs):
        total = 0.0
        shuffled = order.permutation(len(kept))
        for start in range(0, len(shuffled), section.batch_size):
            rows = np.sort(shuffled[start : start + section.batch_size])
            counts, known = torch.from_numpy(table[rows].toarray()), torch.from_numpy(labels[rows])
            share = len(rows) / len(kept)
            loss = batch_loss(model, torch.from_numpy(rows), counts, known, section, share)
            for optimizer in optimizers:
                optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            for optimizer in optimizers:
                optimizer.step()
            total += share * loss.item()
            advance(len(rows))
        losses.append(total)
        on_epoch(len(losses), total)
    vectors = np.zeros((n_words, section.vector_size), np.float32)
    vectors[first:] = model.vectors.detach().numpy()
    return vectors, losses
