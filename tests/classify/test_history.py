"""The choice of the best epoch, and the advice to train longer."""

import pytest

from pipeline.classify.history import Epoch, best_of, still_falling


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ([(0.8, 0.5), (0.9, 0.7), (0.85, 0.3)], 3),  # the lowest loss, whatever the accuracy
        ([(0.9, 0.4), (0.8, 0.4), (0.9, 0.4)], 1),  # among equals the first
    ],
)
def test_the_best_epoch_has_the_lowest_loss_and_is_the_first(figures: list[tuple[float, float]], expected: int) -> None:
    history = [Epoch(i, 1.0, loss, accuracy, 0.1) for i, (accuracy, loss) in enumerate(figures, 1)]
    assert best_of(history).epoch == expected


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([0.5, 0.4, 0.3], 0.25),
        ([0.4, 0.3, 0.29], 0.0),  # by little
        ([0.2, 0.4, 0.3], 0.0),  # not the best
        ([0.5, 0.3, 0.4], 0.0),
        ([0.5], 0.0),
    ],
)
def test_a_training_that_ends_too_early_is_noticed(losses: list[float], expected: float) -> None:
    assert still_falling(losses) == pytest.approx(expected)
