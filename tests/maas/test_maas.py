"""The vectors of Maas et al., checked against the equations."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.maas.params import Maas
from pipeline.maas.vectors import UNKNOWN, SentimentVectors, batch_loss, concatenate, load_reviews, train
from pipeline.params import Params
from pipeline.polarity.polarity import nearest
from tests.conftest import with_values
from tests.rows import as_lists, ragged


@pytest.fixture
def section(params: Params) -> Maas:
    values = {"vector_size": 4, "n_skipped": 1, "epochs": 40, "batch_size": 16, "lr": 0.05, "mixture_lr": 0.1}
    return with_values(params, **{f"maas__{key}": value for key, value in values.items()}).maas


def test_the_loss_matches_the_equations(section: Maas) -> None:
    torch.manual_seed(0)
    model = SentimentVectors(5, 6, 4).double()
    torch.nn.init.normal_(model.mixtures.weight)
    torch.nn.init.normal_(model.bias)
    counts = torch.randint(0, 4, (3, 6)).double()
    rows, labels = torch.tensor([4, 0, 2]), torch.tensor([1, UNKNOWN, 0], dtype=torch.int8)
    loss = batch_loss(model, rows, counts, labels, section, share=3 / 5).item()

    phi, b = model.vectors.detach().numpy(), model.bias.detach().numpy()
    theta = model.mixtures.weight.detach().numpy()
    psi, b_c = model.sentiment.weight.detach().numpy()[0], model.sentiment.bias.item()
    total = 0.6 * section.vector_penalty * (phi**2).sum()
    for row, count, label in zip(rows.tolist(), counts.numpy(), labels.tolist(), strict=True):
        total += section.mixture_penalty * (theta[row] ** 2).sum()
        energy = np.exp(phi @ theta[row] + b)
        for w, n in enumerate(count):
            total -= n * np.log(energy[w] / energy.sum())  # equation 4
            if label != UNKNOWN:
                p = 1 / (1 + np.exp(-(psi @ phi[w] + b_c)))  # equation 9
                total -= section.sentiment_weight * n * np.log(p if label == 1 else 1 - p)
    assert loss == pytest.approx(total / float(counts.sum()), rel=1e-9)


def test_only_the_labels_separate_words_with_the_same_contexts(section: Maas) -> None:
    rng = np.random.default_rng(0)
    # Word 0 is skipped; 1 and 3 occur in positive, 2 and 4 in negative reviews, in the same contexts of 5 to 8.
    rows, labels = [], []
    for _ in range(400):
        label = int(rng.integers(2))
        rows.append([0, *rng.choice([5, 6, 7, 8], 4), *rng.choice([1, 3] if label else [2, 4], 3)])
        labels.append(label)
    reviews = ragged(rows)
    reported = []
    vectors, losses = train(
        reviews, np.array(labels, np.int8), 9, section, on_epoch=lambda epoch, loss: reported.append((epoch, loss))
    )
    assert reported == list(enumerate(losses, 1))
    assert losses[-1] < losses[0]
    assert vectors.shape == (9, 4)
    assert not vectors[0].any()
    assert nearest(vectors, np.array([1, 2]), np.arange(1, 5), 1).ravel().tolist() == [3, 4]


def test_the_same_seed_gives_the_same_bits(section: Maas) -> None:
    reviews, labels = ragged([[1, 2, 3], [2, 3], [], [1]]), np.array([1, 0, UNKNOWN, 1], np.int8)
    runs = []
    for _ in range(2):
        torch.manual_seed(3)
        runs.append(train(reviews, labels, 4, section)[0])
    np.testing.assert_array_equal(*runs)


def test_concatenated_rows_keep_their_order() -> None:
    both = concatenate(ragged([[1], [2, 3]]), ragged([[], [4]]))
    assert as_lists(both) == [[1], [2, 3], [], [4]]


def test_of_many_reviews_a_sample_keeps_its_labels(tmp_path: Path) -> None:
    ragged([[i] for i in range(50)]).save(tmp_path / "train")
    ragged([[i] for i in range(50, 100)]).save(tmp_path / "unsup")
    np.save(tmp_path / "train/labels.npy", np.array([0, 1] * 25, np.int8))
    np.save(tmp_path / "train/valid.npy", np.arange(50) < 10)
    expected = [UNKNOWN if i < 10 or i >= 50 else i % 2 for i in range(100)]
    for most in (30, 100):
        reviews, labels = load_reviews(tmp_path, most)
        ids = reviews.values.tolist()
        assert len(ids) == most
        assert ids == sorted(set(ids))
        assert labels.tolist() == [expected[i] for i in ids]
