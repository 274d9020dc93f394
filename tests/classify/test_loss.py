"""The terms of the loss against their equations, by finite perturbations and by the power iteration they replace."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from pipeline.classify.batches import Batch
from pipeline.classify.loss import (
    CleanPass,
    Part,
    add_gradients,
    adversarial_loss,
    clean_pass,
    entropy,
    uses_unlabelled,
    virtual_adversarial_loss,
)
from pipeline.classify.network import Dropout, Network, NetworkConfig, Noise
from pipeline.classify.params import Classify
from pipeline.params import Params
from tests.conftest import with_values

TERMS = ("adversarial_weight", "virtual_adversarial_weight", "entropy_weight")
OFF = {**dict.fromkeys(TERMS, 0.0), "perturbation_norm": 0.01}
LABELS = torch.tensor([1.0, 0.0, 1.0])
SIGNS = torch.tensor([1.0, -1.0, 1.0])


@pytest.fixture
def network() -> Network:
    torch.manual_seed(0)
    made = Network(NetworkConfig(9, 5, 4, 1, True, ("max", "mean"), 8, 8), Dropout(0, 0))
    with torch.no_grad():
        made.embedding.weight[-1] = 0
    return made.train()


@pytest.fixture
def batch() -> Batch:
    return Batch(torch.tensor([[1, 2, 3, 4], [5, 9, 9, 9], [6, 7, 0, 9]]), torch.tensor([4, 1, 3]))


def section(params: Params, **values: float) -> Classify:
    return with_values(params, **{f"classify__{key}": value for key, value in {**OFF, **values}.items()}).classify


def part_of(batch: Batch, share: float = 1.0) -> Part:
    return Part(batch, Noise(None, None, SIGNS), share)


def clean_of(network: Network, batch: Batch, norm: float) -> CleanPass:
    x = network.embed(batch.ids).detach().requires_grad_()
    _, clean = clean_pass(network, x, batch.lengths, None, norm)
    return clean


def gradients(network: Network) -> Tensor:
    return torch.cat([p.grad.to_dense().flatten() for p in network.parameters() if p.grad is not None])


def test_without_other_terms_it_is_the_cross_entropy(network: Network, batch: Batch, params: Params) -> None:
    loss = add_gradients(network, part_of(batch), LABELS, None, section(params))
    expected = cross_entropy(network(*batch), LABELS)
    assert loss == expected
    actual = gradients(network)
    network.zero_grad()
    expected.backward()  # type: ignore[no-untyped-call]
    assert torch.equal(actual, gradients(network))


def test_the_perturbation_has_its_norm_and_leaves_padding_alone(network: Network, batch: Batch) -> None:
    clean = clean_of(network, batch, 0.5)
    ratio = clean.perturbation.flatten(1).norm(dim=1) / clean.x.flatten(1).norm(dim=1)
    assert ratio.tolist() == pytest.approx([0.5] * 3)
    assert not clean.perturbation[1, 1:].any()
    assert not clean.perturbation[2, 3:].any()
    assert bool((network.logits(clean.x + 0.01 * clean.perturbation, batch.lengths) > clean.z).all())


@pytest.mark.parametrize("more_certain", [None, -0.05, 0.05], ids=["label", "teacher less certain", "more certain"])
def test_no_other_perturbation_of_the_norm_is_worse_than_the_adversarial_one(
    network: Network, batch: Batch, more_certain: float | None
) -> None:
    clean = clean_of(network, batch, 0.01)
    labels = LABELS
    if more_certain is not None:  # than the network, about the answer that it gives
        labels = clean.z.sigmoid() + more_certain * clean.z.sign()
    worst = adversarial_loss(network, clean, labels).item()
    generator = torch.Generator().manual_seed(1)
    norm = clean.perturbation.flatten(1).norm(dim=1)[:, None, None]
    for _ in range(20):
        other = torch.randn(clean.x.shape, generator=generator) * (clean.perturbation != 0)
        other *= norm / other.flatten(1).norm(dim=1)[:, None, None]
        assert cross_entropy(network.logits(clean.x + other, batch.lengths), labels).item() < worst
    assert worst > cross_entropy(clean.z, labels).item()


def test_power_iteration_ends_on_the_gradient_of_the_logit(network: Network, batch: Batch) -> None:
    network.double().dtype = torch.float64
    clean = clean_of(network, batch, 1.0)
    target = clean.z.detach().sigmoid()
    noise = torch.randn_like(clean.x) * (clean.perturbation != 0) * 1e-4
    noise.requires_grad_()
    divergence = cross_entropy(network.logits(clean.x.detach() + noise, batch.lengths), target, reduction="sum")
    (step,) = torch.autograd.grad(divergence, noise)
    cosines = torch.cosine_similarity(step.flatten(1), clean.perturbation.flatten(1), eps=1e-30)
    assert cosines.abs().tolist() == pytest.approx([1, 1, 1], abs=1e-3)


def test_the_divergence_equals_its_second_order_term(network: Network, batch: Batch) -> None:
    network.double().dtype = torch.float64
    clean = clean_of(network, batch, 0.01)
    p = clean.z.detach().sigmoid()
    (slope,) = torch.autograd.grad(network.logits(clean.x, batch.lengths).sum(), clean.x)
    change = (slope * clean.perturbation).flatten(1).sum(1)
    expected = (p * (1 - p) * change.square() / 2).mean()
    assert virtual_adversarial_loss(network, clean, SIGNS).item() == pytest.approx(float(expected), rel=0.02)


def test_the_entropy_of_an_even_prediction_is_one_bit() -> None:
    z = torch.tensor([0.0, 30.0, -30.0])
    assert entropy(z).item() == pytest.approx(torch.log(torch.tensor(2.0)).item() / 3, abs=1e-6)


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("frozen", [False, True])
def test_each_term_adds_to_the_loss_and_reaches_the_weights(
    network: Network, batch: Batch, params: Params, term: str, frozen: bool
) -> None:
    network.embedding.weight.requires_grad_(not frozen)
    values: dict[str, Any] = {term: 1.0, "perturbation_norm": 1.0}
    unlabelled = Batch(batch.ids.flip(0), batch.lengths.flip(0)) if term != "adversarial_weight" else None
    assert uses_unlabelled(section(params, **values)) == (unlabelled is not None)

    def loss_and_gradients(**values: float) -> tuple[float, Tensor]:
        network.zero_grad()
        loss = add_gradients(
            network, part_of(batch), LABELS, unlabelled and part_of(unlabelled), section(params, **values)
        )
        return loss.item(), gradients(network)

    (plain, without), (more, with_it) = loss_and_gradients(), loss_and_gradients(**values)
    assert more > plain
    assert not torch.allclose(without, with_it)


@pytest.mark.parametrize("entropy_weight", [0.0, 0.5])
@pytest.mark.parametrize("frozen", [False, True])
def test_two_passes_give_the_gradients_of_the_whole_sum(
    network: Network, batch: Batch, params: Params, entropy_weight: float, frozen: bool
) -> None:
    network.double().dtype = torch.float64
    network.embedding.weight.requires_grad_(not frozen)
    labels = LABELS.double()
    unlabelled = Batch(batch.ids.flip(0), batch.lengths.flip(0))
    weights = {**dict(zip(TERMS, (2.0, 3.0, entropy_weight), strict=True)), "perturbation_norm": 1.0}
    loss = add_gradients(network, part_of(batch), labels, part_of(unlabelled), section(params, **weights))
    actual = gradients(network)

    network.zero_grad()
    z = network(*batch)
    expected = cross_entropy(z, labels)
    for some in (batch, unlabelled):
        x = network.embed(some.ids)
        clean = clean_of(network, some, 1.0)._replace(x=x)
        z = network.logits(x, some.lengths)
        expected = expected + entropy_weight / 2 * entropy(z)
        if some is batch:
            expected = expected + 2.0 * adversarial_loss(network, clean, labels)
        expected = expected + 3.0 / 2 * virtual_adversarial_loss(network, clean, SIGNS)
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-9)
    torch.testing.assert_close(actual, gradients(network), rtol=1e-7, atol=1e-10)


def test_a_review_whose_loss_is_flat_is_not_perturbed(network: Network, batch: Batch, params: Params) -> None:
    with torch.no_grad():
        network.output.bias.fill_(200.0)
    loss = add_gradients(network, part_of(batch), torch.ones(3), None, section(params, adversarial_weight=1.0))
    assert loss.item() == 0
    assert bool(gradients(network).isfinite().all())


@pytest.mark.parametrize(
    "values", [{}, {"adversarial_weight": 1.0, "entropy_weight": 0.5, "virtual_adversarial_weight": 2.0}]
)
def test_the_losses_and_gradients_of_the_parts_add_up(
    network: Network, batch: Batch, params: Params, values: dict[str, float]
) -> None:
    network.double().dtype = torch.float64
    whole = add_gradients(network, part_of(batch), LABELS.double(), None, section(params, **values))
    expected = gradients(network)
    network.zero_grad()
    losses = []
    for rows in ([0, 2], [1]):
        part = Part(Batch(batch.ids[rows], batch.lengths[rows]), Noise(None, None, SIGNS[rows]), len(rows) / 3)
        losses.append(add_gradients(network, part, LABELS.double()[rows], None, section(params, **values)))
    torch.testing.assert_close(losses[0] + losses[1], whole)
    torch.testing.assert_close(gradients(network), expected)
