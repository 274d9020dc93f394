"""What training minimises: cross-entropy, and what more may be asked of the network.

Each part beside the cross-entropy has a weight among the parameters; 0 leaves it out, and its cost.

Shapes: B reviews in a batch, T tokens of the longest, D vector size.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from pipeline.classify.batches import Batch
from pipeline.classify.network import Network
from pipeline.classify.params import Classify


class Reading(NamedTuple):
    """What the network made of a batch: logits z [B] of the vectors x [B, T, D], and the step that raises z most.

    `uphill` [B, T, D] has the norm `perturbation_norm` over each review, in units of the embedding's root mean square,
    so that a growing embedding does not outrun it.
    """

    x: Tensor
    lengths: Tensor
    z: Tensor
    uphill: Tensor


def uses_unlabelled(section: Classify) -> bool:
    """Tell whether a part of the objective wants reviews without labels."""
    return bool(section.virtual_adversarial_weight or section.entropy_weight)


def add_gradients(
    network: Network, labelled: Batch, labels: Tensor, unlabelled: Batch | None, section: Classify
) -> Tensor:
    """Add the gradients of a step's loss to those of the weights; return the loss, a scalar without a graph.

    Source of the mixture: Sachan et al., Revisiting LSTM Networks for Semi-Supervised Text Classification, 2019.

    Args:
        network: in training mode.
        labelled: B reviews.
        labels: float32 [B], 1 for positive.
        unlabelled: reviews that the parts without labels read beside the labelled ones.
        section: the weights of the parts.
    """
    if not (section.adversarial_weight or uses_unlabelled(section)):
        loss = cross_entropy(network(*labelled), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()
    if unlabelled is None:
        return add_parts(network, labelled, labels, section)
    half = section.model_copy(
        update={
            "virtual_adversarial_weight": section.virtual_adversarial_weight / 2,
            "entropy_weight": section.entropy_weight / 2,
        }
    )
    return add_parts(network, labelled, labels, half) + add_parts(network, unlabelled, None, half)


def add_parts(network: Network, batch: Batch, labels: Tensor | None, section: Classify) -> Tensor:
    """Add the gradients of the parts of the loss that a batch has; return their weighted sum.

    The network passes over the batch twice, forward and backward: first as it stands, which tells where to move it,
    then over the batch moved. Both end on the vectors, and what has come together there goes into the embedding once.
    """
    embedded = network.embed(batch.ids)
    x = embedded.detach().requires_grad_()

    def unmoved(z: Tensor) -> Tensor:
        loss = section.entropy_weight * entropy(z)
        return loss if labels is None else loss + cross_entropy(z, labels)

    learns = labels is not None or section.entropy_weight > 0
    loss, reading = read(network, x, batch.lengths, unmoved if learns else None, section.perturbation_norm)
    moved = torch.zeros_like(loss)
    if labels is not None and section.adversarial_weight:
        moved = moved + section.adversarial_weight * adversarial(network, reading, labels)
    if section.virtual_adversarial_weight:
        moved = moved + section.virtual_adversarial_weight * virtual_adversarial(network, reading)
    if moved.requires_grad:
        moved.backward()  # type: ignore[no-untyped-call]
    if embedded.requires_grad:  # not of frozen vectors
        embedded.backward(x.grad)  # type: ignore[no-untyped-call]
    return loss + moved.detach()


def read(
    network: Network, x: Tensor, lengths: Tensor, loss: Callable[[Tensor], Tensor] | None, norm: float
) -> tuple[Tensor, Reading]:
    """Read vectors x [B, T, D]; return a loss of their logits, and the reading.

    The gradients of the loss are added to those of x and of the weights; without a loss, none are, and it is 0.
    The slope of a logit comes out of the same pass: the gradient of the loss in x, over that of the loss in the logit.
    """
    z = network.read(x, lengths)
    if loss is None:
        value = torch.zeros((), device=z.device)
        (slope,) = torch.autograd.grad(z.sum(), x)
    else:
        z.retain_grad()
        value = loss(z)
        value.backward()  # type: ignore[no-untyped-call]
        assert x.grad is not None
        assert z.grad is not None
        # A logit so sure that its loss is flat has no slope to be had, and its review stays where it is.
        slope = x.grad / z.grad.masked_fill(z.grad == 0, torch.inf)[:, None, None]
    norms = slope.flatten(1).norm(dim=1).clamp(min=1e-12)[:, None, None]
    reach = norm * network.embedding.weight.detach().square().mean().sqrt()
    return value.detach(), Reading(x, lengths, z.detach(), reach * slope / norms)


def adversarial(network: Network, reading: Reading, labels: Tensor) -> Tensor:
    """Return the cross-entropy of reviews moved against their label, as far as the norm allows.

    Source: Miyato et al., Adversarial Training Methods for Semi-Supervised Text Classification, 2017.
    """
    against = (1 - 2 * labels)[:, None, None]  # the gradient of the cross-entropy is that of the logit times z's error
    return cross_entropy(network.read(reading.x + against * reading.uphill, reading.lengths), labels)


def virtual_adversarial(network: Network, reading: Reading) -> Tensor:
    """Return how far the prediction diverges (KL, in nats) when reviews are moved to where it changes most.

    With a single logit the divergence near a review is p (1 - p) (g . r)^2 / 2 for a move r, g the logit's gradient:
    power iteration would end on +g or -g after one step, whatever noise it starts from. So g is taken as it is, its
    sign drawn, and a forward and a backward pass are saved.
    Source: Miyato et al., 2017, equations 3 and 4.
    """
    target = reading.z.sigmoid()
    sign = torch.randint(0, 2, target.shape, device=target.device)[:, None, None] * 2 - 1
    moved = network.read(reading.x + sign * reading.uphill, reading.lengths)
    return cross_entropy(moved, target) - entropy(reading.z)


def entropy(z: Tensor) -> Tensor:
    """Return the mean entropy of predictions, in nats. Source: Grandvalet and Bengio, 2005."""
    return cross_entropy(z, z.sigmoid())
