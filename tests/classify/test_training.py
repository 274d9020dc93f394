"""Training: it learns word order, keeps the best epoch, resumes to the same bits; also on a GPU."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipeline.classify import training
from pipeline.classify.batches import Labelled, Reviews
from pipeline.classify.checkpoint import Checkpoint
from pipeline.classify.classifier import logits
from pipeline.classify.device import choose_device, make_deterministic, prepare
from pipeline.classify.history import Epoch, best_of
from pipeline.classify.network import Network
from pipeline.classify.params import Classify
from pipeline.classify.training import build, train, warmup_then_cosine
from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError
from pipeline.core.ragged import Ragged
from pipeline.params import Params
from tests.conftest import with_values

CPU = torch.device("cpu")
N_WORDS = 12
Fitted = tuple[Network, list[Epoch]]


@pytest.fixture
def section(params: Params) -> Classify:
    return with_values(
        params,
        classify__hidden_size=6,
        classify__head_tokens=8,
        classify__tail_tokens=8,
        classify__batch_size=16,
        classify__epochs=6,
        classify__min_steps=0,
        classify__lr=0.01,
        classify__device="cpu",
        classify__precision="float32",
    ).classify


@pytest.fixture
def embeddings() -> Embeddings:
    vectors = np.random.default_rng(1).normal(0, 0.1, (N_WORDS, 5)).astype(np.float32)
    return Embeddings(vectors, [f"w{i}" for i in range(N_WORDS)], np.arange(N_WORDS, 0, -1), {"name": "regex"}, {})


def corpus(embeddings: Embeddings, section: Classify, device: torch.device, n: int, seed: int) -> Labelled:
    """Reviews labelled by which of the words 0 and 1 comes last: word order decides."""
    rng = np.random.default_rng(seed)
    rows = [rng.integers(2, N_WORDS, rng.integers(2, 12)).tolist() for _ in range(n)]
    labels = rng.integers(0, 2, n)
    for row, label in zip(rows, labels, strict=True):
        row.insert(0, 1 - int(label))
        row.append(int(label))
    offsets = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    ragged = Ragged(np.array([i for row in rows for i in row], np.int32), offsets)
    config = build(embeddings, section, "lstm_frozen", CPU).config
    return Labelled(Reviews(ragged, config, device), torch.tensor(labels, dtype=torch.float32, device=device))


def fitted(
    embeddings: Embeddings,
    section: Classify,
    model: str = "lstm_finetuned",
    device: torch.device = CPU,
    **options: Any,
) -> Fitted:
    make_deterministic(1, num_threads=1)
    network = build(embeddings, section, model, device)
    parts = corpus(embeddings, section, device, 200, 1), corpus(embeddings, section, device, 60, 2)
    return network, train(network, *parts, section, seed=1, **options)


def weights_of(network: torch.nn.Module) -> dict[str, np.ndarray]:
    return {name: value.detach().cpu().numpy().copy() for name, value in network.state_dict().items()}


def assert_same(one: Fitted, other: Fitted) -> None:
    """Assert that two trainings have the same history and the same weights, to the bit."""
    assert one[1] == other[1]
    expected = weights_of(other[0])
    for name, value in weights_of(one[0]).items():
        np.testing.assert_array_equal(value, expected[name], err_msg=name)


def test_it_learns_a_label_that_depends_on_word_order(embeddings: Embeddings, section: Classify) -> None:
    easier = section.model_copy(update={"epochs": 20, "patience": 20, "word_dropout": 0.0, "embedding_dropout": 0.0})
    _, history = fitted(embeddings, easier)
    assert max(epoch.valid_accuracy for epoch in history) >= 0.95
    assert history[-1].train_loss < history[0].train_loss


def test_the_same_seed_gives_the_same_bits(embeddings: Embeddings, section: Classify) -> None:
    assert_same(fitted(embeddings, section), fitted(embeddings, section))


def test_only_frozen_vectors_stay_the_same(embeddings: Embeddings, section: Classify) -> None:
    for model in ("lstm_frozen", "lstm_finetuned", "lstm_random"):
        make_deterministic(1, 1)
        before = weights_of(build(embeddings, section, model, CPU))["embedding.weight"]
        after = weights_of(fitted(embeddings, section, model)[0])["embedding.weight"]
        assert np.array_equal(before, after) == (model == "lstm_frozen")
        assert not after[-1].any()  # padding stays zero


def test_vectors_are_scaled_and_random_ones_are_unrelated(embeddings: Embeddings, section: Classify) -> None:
    initial = {
        model: weights_of(build(embeddings, section, model, CPU))["embedding.weight"][:-1]
        for model in ("lstm_frozen", "lstm_random")
    }
    ratio = initial["lstm_frozen"] / embeddings.vectors
    assert ratio == pytest.approx(np.full_like(ratio, ratio[0, 0]), rel=1e-5)
    for vectors in initial.values():
        assert np.square(vectors).mean() == pytest.approx(1, abs=0.4)
    assert abs(np.corrcoef(initial["lstm_random"].ravel(), embeddings.vectors.ravel())[0, 1]) < 0.5


def test_the_best_epoch_is_kept_and_training_stops_early(embeddings: Embeddings, section: Classify) -> None:
    still = section.model_copy(update={"lr": 1e-12, "embedding_lr": 1e-12, "epochs": 9, "patience": 2})
    network, history = fitted(embeddings, still)
    assert len(history) < 9
    best = best_of(history)
    assert len(history) == best.epoch + 2
    valid = corpus(embeddings, still, CPU, 60, 2)
    right = (logits(network, valid.reviews) > 0) == (valid.labels.numpy() == 1)
    assert right.mean() == pytest.approx(best.valid_accuracy)


def stop_in_epoch(epoch: int) -> Callable[[int], None]:
    """Return a progress callback that presses Ctrl-C in the middle of an epoch."""
    steps = count()

    def advance(n_tokens: int) -> None:
        if next(steps) == (epoch - 1) * 13 + 5:  # 200 reviews in batches of 16 are 13 steps
            raise KeyboardInterrupt

    return advance


@pytest.mark.parametrize("model", ["lstm_finetuned", "lstm_frozen"])
@pytest.mark.parametrize("epoch", [1, 3])
def test_an_interrupted_training_resumes_to_the_same_bits(
    embeddings: Embeddings, section: Classify, tmp_path: Path, model: str, epoch: int
) -> None:
    whole = fitted(embeddings, section, model)
    checkpoint = Checkpoint(tmp_path / "state", "key")
    with pytest.raises(KeyboardInterrupt):
        fitted(embeddings, section, model, checkpoint=checkpoint, advance=stop_in_epoch(epoch))
    n_tokens: list[int] = []
    reported: list[Epoch] = []
    again = fitted(embeddings, section, model, checkpoint=checkpoint, advance=n_tokens.append, on_epoch=reported.append)
    assert reported == whole[1][epoch - 1 :]
    assert len(n_tokens) == 1 + (section.epochs - epoch + 1) * 13
    assert_same(again, whole)


MIXED = {"ema_decay": 0.9, "adversarial_weight": 1.0, "virtual_adversarial_weight": 1.0, "entropy_weight": 1.0}


@pytest.mark.parametrize(("values", "n_steps"), [({}, 18), (MIXED, 18), (MIXED, 26)])
def test_a_training_stopped_within_an_epoch_goes_on_with_the_next_step(
    embeddings: Embeddings, section: Classify, tmp_path: Path, values: dict[str, float], n_steps: int
) -> None:
    other = section.model_copy(update=values)
    # Fewer than the labelled ones: they start over.
    unlabelled = corpus(embeddings, section, CPU, 100, 3).reviews if values else None
    whole = fitted(embeddings, other, unlabelled=unlabelled)
    checkpoint = Checkpoint(tmp_path / "state", "key")
    asked = count(1)
    with pytest.raises(KeyboardInterrupt):
        fitted(embeddings, other, unlabelled=unlabelled, checkpoint=checkpoint, stopping=lambda: next(asked) == n_steps)
    n_tokens: list[int] = []
    again = fitted(embeddings, other, unlabelled=unlabelled, checkpoint=checkpoint, advance=n_tokens.append)
    assert len(n_tokens) == 1 + section.epochs * 13 - n_steps
    assert_same(again, whole)


def test_a_killed_training_goes_on_where_the_checkpoint_was_last_due(
    embeddings: Embeddings, section: Classify, tmp_path: Path
) -> None:
    whole = fitted(embeddings, section)
    checkpoint = Checkpoint(tmp_path / "state", "key", every=0.0)
    with pytest.raises(KeyboardInterrupt):
        fitted(embeddings, section, checkpoint=checkpoint, advance=stop_in_epoch(3))
    n_tokens: list[int] = []
    again = fitted(embeddings, section, checkpoint=checkpoint, advance=n_tokens.append)
    assert len(n_tokens) == 1 + section.epochs * 13 - (2 * 13 + 4)
    assert_same(again, whole)


@pytest.mark.parametrize("cell", ["clockwork", "depth_gated"])
def test_other_cells_learn_and_resume_too(embeddings: Embeddings, section: Classify, tmp_path: Path, cell: str) -> None:
    values = {"cell": cell, "num_layers": 2, "periods": [1, 2], "epochs": 2}
    other = section.model_copy(update=values)
    whole = fitted(embeddings, other)
    assert whole[1][-1].train_loss < whole[1][0].train_loss
    checkpoint = Checkpoint(tmp_path / "state", "key")
    with pytest.raises(KeyboardInterrupt):
        fitted(embeddings, other, checkpoint=checkpoint, advance=stop_in_epoch(2))
    again = fitted(embeddings, other, checkpoint=checkpoint)
    assert_same(again, whole)


def test_the_average_follows_the_weights(embeddings: Embeddings, section: Classify) -> None:
    longer = section.model_copy(update={"epochs": 1, "ema_decay": 0.9})
    weights = weights_of(fitted(embeddings, longer.model_copy(update={"ema_decay": 0.0}))[0])
    average = weights_of(fitted(embeddings, longer)[0])
    for name, value in average.items():
        np.testing.assert_allclose(value, weights[name], atol=0.15, err_msg=name)
    assert any(not np.array_equal(value, weights[name]) for name, value in average.items())


def test_a_checkpoint_of_another_key_is_ignored(embeddings: Embeddings, section: Classify, tmp_path: Path) -> None:
    fitted(embeddings, section, checkpoint=Checkpoint(tmp_path / "state", "one"))
    steps: list[int] = []
    fitted(embeddings, section, checkpoint=Checkpoint(tmp_path / "state", "other"), advance=steps.append)
    assert len(steps) == 1 + section.epochs * 13


def test_a_diverged_training_names_the_batch_and_the_remedy(embeddings: Embeddings, section: Classify) -> None:
    broken = replace(embeddings, vectors=np.full_like(embeddings.vectors, np.inf))
    said = r"training diverged: the loss of batch 1 of 13 in epoch 1 is nan, .*; lower classify\.lr = 0\.01"
    with pytest.raises(InputError, match=said):
        fitted(broken, section)


@pytest.mark.parametrize("of", ["loss", "gradient"])
def test_what_diverges_later_leaves_the_last_good_weights(
    embeddings: Embeddings, section: Classify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: str
) -> None:
    steps, add_gradients = count(1), training.add_gradients

    def diverge(network: Network, *arguments: Any) -> torch.Tensor:
        loss = add_gradients(network, *arguments)
        if next(steps) == 18:
            if of == "loss":
                return loss * torch.nan
            network.output.weight.grad.fill_(torch.inf)  # type: ignore[union-attr]
        return loss

    monkeypatch.setattr(training, "add_gradients", diverge)
    checkpoint = Checkpoint(tmp_path / "state", "key", every=0.0)
    with pytest.raises(InputError, match="batch 5 of 13 in epoch 2"):
        fitted(embeddings, section, checkpoint=checkpoint)
    saved = checkpoint.load()
    assert saved is not None
    assert saved[1]["n_steps"] == 4
    assert all(value.isfinite().all() for name, value in saved[0].items() if not name.startswith("random."))


def test_the_learning_rate_rises_then_falls() -> None:
    rates = [warmup_then_cosine(step, 100, 0.1) for step in range(100)]
    assert rates[:10] == pytest.approx(np.arange(1, 11) / 10)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 0.01
    assert warmup_then_cosine(0, 1, 0.0) == 1


@pytest.mark.gpu
class TestOnAGPU:
    """Run by `make test-gpu`."""

    def test_logits_equal_those_of_the_cpu(self, embeddings: Embeddings, section: Classify) -> None:
        network, _ = fitted(embeddings, section)
        cuda = prepare("cuda", 1)
        on_cpu = logits(network, corpus(embeddings, section, CPU, 60, 2).reviews)
        on_gpu = logits(network.to(cuda), corpus(embeddings, section, cuda, 60, 2).reviews)
        np.testing.assert_allclose(on_gpu, on_cpu, atol=1e-4)

    def test_the_same_seed_gives_the_same_bits(self, embeddings: Embeddings, section: Classify) -> None:
        cuda = torch.device("cuda")
        assert_same(*(fitted(embeddings, section, device=cuda) for _ in range(2)))

    def test_auto_takes_the_gpu(self) -> None:
        assert choose_device("auto").type == "cuda"
