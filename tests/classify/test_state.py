"""The choice of the best epoch; test_training.py checks that a state is saved and restored to the bit."""

import pytest

from pipeline.classify.state import Epoch, best_of


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ([(0.8, 0.5), (0.9, 0.7), (0.85, 0.3)], 2),  # the highest accuracy, whatever the loss
        ([(0.9, 0.5), (0.9, 0.4), (0.8, 0.1)], 2),  # among equals the lowest loss
        ([(0.9, 0.4), (0.9, 0.5)], 1),
        ([(0.9, 0.4), (0.9, 0.4)], 1),  # then the first
    ],
)
def test_the_best_epoch_has_the_highest_accuracy_then_the_lowest_loss_then_is_the_first(
    figures: list[tuple[float, float]], expected: int
) -> None:
    history = [Epoch(i, 1.0, loss, accuracy, 0.1) for i, (accuracy, loss) in enumerate(figures, 1)]
    assert best_of(history).epoch == expected
