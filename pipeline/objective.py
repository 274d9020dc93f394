"""What training minimises: cross-entropy, and what more may be asked of the network.

Each part beside the cross-entropy has a weight among the parameters; 0 leaves it out, and its cost.

Shapes: B reviews in a batch, T tokens of the longest, D vector size.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from pipeline.network import Batch, Network
from pipeline.params import Classify


class Reading(NamedTuple):
    """What the network made of a batch: its vectors x [B, T, D], its logits z [B], and the step that raises z most.

    `uphill` [B, T, D] has the norm `perturbation_norm` over each review, in units of the embedding's root mean square,
    so that a growing embedding does not outrun it.
    """

    x: Tensor
    lengths: Tensor
    z: Tensor
    uphill: Tensor


def reads_unlabelled(section: Classify) -> bool:
    """Tell whether a part of the objective wants reviews without labels."""
    return bool(section.virtual_adversarial or section.entropy)


def objective(network: Network, labelled: Batch, labels: Tensor, unlabelled: Batch | None, section: Classify) -> Tensor:
    """Return the loss of a step, a scalar.

    Source of the mixture: Sachan et al., Revisiting LSTM Networks for Semi-Supervised Text Classification, 2019.

    Args:
        network: in training mode.
        labelled: B reviews.
        labels: float32 [B], 1 for positive.
        unlabelled: reviews that the parts without labels read beside the labelled ones.
        section: the weights of the parts.
    """
    if not (section.adversarial or reads_unlabelled(section)):
        return cross_entropy(network(*labelled), labels)
    readings = [read(network, batch, section.perturbation_norm) for batch in (labelled, unlabelled) if batch]
    loss = cross_entropy(readings[0].z, labels)
    if section.adversarial:
        loss = loss + section.adversarial * adversarial(network, readings[0], labels)
    for reading in readings:
        if section.virtual_adversarial:
            loss = loss + section.virtual_adversarial * virtual_adversarial(network, reading) / len(readings)
        if section.entropy:
            loss = loss + section.entropy * entropy(reading.z) / len(readings)
    return loss


def read(network: Network, batch: Batch, norm: float) -> Reading:
    """Read a batch and find the direction in which its vectors raise the logits most."""
    x = network.embed(batch.ids)
    if not x.requires_grad:  # frozen vectors
        x.requires_grad_()
    z = network.read(x, batch.lengths)
    (slope,) = torch.autograd.grad(z.sum(), x, retain_graph=True)
    norms = slope.flatten(1).norm(dim=1).clamp(min=1e-12)[:, None, None]
    reach = norm * network.embedding.weight.detach().square().mean().sqrt()
    return Reading(x, batch.lengths, z, reach * slope / norms)


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
    target = reading.z.detach().sigmoid()
    sign = torch.randint(0, 2, target.shape, device=target.device)[:, None, None] * 2 - 1
    moved = network.read(reading.x + sign * reading.uphill, reading.lengths)
    return cross_entropy(moved, target) - entropy(reading.z.detach())


def entropy(z: Tensor) -> Tensor:
    """Return the mean entropy of predictions, in nats. Source: Grandvalet and Bengio, 2005."""
    return cross_entropy(z, z.sigmoid())
