"""The training loss: cross-entropy, adversarial and entropy terms.

Each term but the cross-entropy has a weight among the parameters; a weight of 0 skips the term and its cost.
Source of the mixture: Sachan et al., Revisiting LSTM Networks for Semi-Supervised Text Classification, 2019.

Shapes: B reviews in a batch, T tokens of the longest, D vector size.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from pipeline.classify.batches import Batch
from pipeline.classify.network import Network, Noise
from pipeline.classify.params import Classify


class Part(NamedTuple):
    """The part of a batch that one process trains on, which may be all of it.

    Attributes:
        batch: B reviews.
        noise: drawn for them.
        share: theirs of the reviews of the whole batch, with which the loss is multiplied.
    """

    batch: Batch
    noise: Noise
    share: float = 1.0


class CleanPass(NamedTuple):
    """The pass over a batch as it is, and the perturbation derived from it.

    Attributes:
        x: the vectors, [B, T, D].
        lengths: tokens of each review, int64 [B].
        z: their logits, [B], without a graph.
        perturbation: the step in x that raises z most, [B, T, D]. Its norm is `perturbation_norm` times that of x, over
            each review: a fixed norm would lose effect as the embedding grows and as reviews get longer, because the
            gradient of a logit that pools n words has a norm of about 1 / sqrt(n).
    """

    x: Tensor
    lengths: Tensor
    z: Tensor
    perturbation: Tensor


def uses_unlabelled(section: Classify) -> bool:
    """Return whether a term of the loss needs unlabelled reviews."""
    return bool(section.virtual_adversarial_weight or section.entropy_weight)


def add_gradients(
    network: Network, labelled: Part, labels: Tensor, unlabelled: Part | None, section: Classify
) -> Tensor:
    """Add the gradients of a step's loss to those of the weights; return the loss, a scalar without a graph.

    Args:
        network: in training mode.
        labelled: B reviews.
        labels: float32 [B], 1 for positive, 0 for negative, or a teacher's probability.
        unlabelled: reviews for the terms that need no label; those terms are averaged over both batches.
        section: the weights of the terms.
    """
    if not (section.adversarial_weight or uses_unlabelled(section)):
        z = network.logits(network.embed(labelled.batch.ids, labelled.noise), labelled.batch.lengths)  # [B]
        loss = labelled.share * cross_entropy(z, labels)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()
    if unlabelled is None:
        return add_batch_gradients(network, labelled, labels, section)
    half = section.model_copy(
        update={
            "virtual_adversarial_weight": section.virtual_adversarial_weight / 2,
            "entropy_weight": section.entropy_weight / 2,
        }
    )
    return add_batch_gradients(network, labelled, labels, half) + add_batch_gradients(network, unlabelled, None, half)


def add_batch_gradients(network: Network, part: Part, labels: Tensor | None, section: Classify) -> Tensor:
    """Add the gradients of the terms that apply to one batch; return their weighted sum.

    The batch passes through the network twice, forward and backward: first clean, which also gives the perturbation,
    then perturbed. Both backward passes stop at the vectors; their sum goes into the embedding once.
    """
    batch, noise, share = part
    embedded = network.embed(batch.ids, noise)  # [B, T, D]
    x = embedded.detach().requires_grad_()

    def clean_loss(z: Tensor) -> Tensor:
        loss = section.entropy_weight * entropy(z)
        return share * (loss if labels is None else loss + cross_entropy(z, labels))

    learns = labels is not None or section.entropy_weight > 0
    loss, clean = clean_pass(network, x, batch.lengths, clean_loss if learns else None, section.perturbation_norm)
    perturbed = torch.zeros_like(loss)
    if labels is not None and section.adversarial_weight:
        perturbed = perturbed + section.adversarial_weight * adversarial_loss(network, clean, labels)
    if section.virtual_adversarial_weight:
        perturbed = perturbed + section.virtual_adversarial_weight * virtual_adversarial_loss(
            network, clean, noise.signs
        )
    perturbed = share * perturbed
    if perturbed.requires_grad:
        perturbed.backward()  # type: ignore[no-untyped-call]
    if embedded.requires_grad:  # frozen vectors need none
        embedded.backward(x.grad)  # type: ignore[no-untyped-call]
    return loss + perturbed.detach()


def clean_pass(
    network: Network, x: Tensor, lengths: Tensor, loss: Callable[[Tensor], Tensor] | None, norm: float
) -> tuple[Tensor, CleanPass]:
    """Pass vectors through the network; add the gradients of a loss of their logits to those of x and of the weights.

    The gradient of each logit in x comes from the same pass: that of the loss in x over that of the loss in the logit.

    Args:
        network: in training mode.
        x: [B, T, D], a leaf that requires a gradient.
        lengths: int64 [B].
        loss: of the logits [B]; without one no gradient is added.
        norm: of the perturbation, relative to that of x.

    Returns: the loss, 0 without one, and the pass.
    """
    z = network.logits(x, lengths)  # [B]
    if loss is None:
        value = torch.zeros((), device=z.device)
        (slope,) = torch.autograd.grad(z.sum(), x)  # [B, T, D]
    else:
        z.retain_grad()
        value = loss(z)
        value.backward()  # type: ignore[no-untyped-call]
        assert x.grad is not None
        assert z.grad is not None
        # Where the loss is flat in a logit, its slope is unknown: that review is not perturbed.
        slope = x.grad / z.grad.masked_fill(z.grad == 0, torch.inf)[:, None, None]  # [B, T, D]
    norms = slope.flatten(1).norm(dim=1).clamp(min=1e-12)[:, None, None]  # [B, 1, 1]
    scale = norm * x.detach().flatten(1).norm(dim=1)[:, None, None]  # [B, 1, 1]
    return value.detach(), CleanPass(x, lengths, z.detach(), scale * slope / norms)


def adversarial_loss(network: Network, clean: CleanPass, labels: Tensor) -> Tensor:
    """Return the cross-entropy, in nats, of reviews perturbed against their labels, float32 [B].

    Source: Miyato et al., Adversarial Training Methods for Semi-Supervised Text Classification, 2017.
    """
    # The slope of the cross-entropy in the logit is p - y, so labels of 0 and 1 are moved towards the wrong answer. A
    # review that is more certain than its teacher is moved to be more certain still.
    against = torch.sign(clean.z.sigmoid() - labels)[:, None, None]  # [B, 1, 1]
    return cross_entropy(network.logits(clean.x + against * clean.perturbation, clean.lengths), labels)


def virtual_adversarial_loss(network: Network, clean: CleanPass, signs: Tensor) -> Tensor:
    """Return the divergence (KL, in nats) of perturbed predictions from clean ones; signs -1 or 1, [B].

    With a single logit the divergence is p (1 - p) (g . r)^2 / 2 for a small perturbation r, g the logit's gradient:
    one step of power iteration would end on +g or -g, whatever noise it started from. Taking g itself with a random
    sign saves a forward and a backward pass.

    Source: Miyato et al., 2017, equations 3 and 4.
    """
    target = clean.z.sigmoid()  # [B]
    perturbed = network.logits(clean.x + signs[:, None, None] * clean.perturbation, clean.lengths)  # [B]
    return cross_entropy(perturbed, target) - entropy(clean.z)


def entropy(z: Tensor) -> Tensor:
    """Return the mean entropy of the predictions of logits z [B], in nats. Source: Grandvalet and Bengio, 2005."""
    return cross_entropy(z, z.sigmoid())
