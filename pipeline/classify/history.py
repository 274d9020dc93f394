"""The history of a training: its epochs, which of them is kept, and whether more would have helped."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

MUCH = 0.04  # of the validation loss, for one epoch


@dataclass(frozen=True)
class Epoch:
    """One row of the training history; losses in nats, the learning rate at the epoch's last step."""

    epoch: int
    train_loss: float
    valid_loss: float
    valid_accuracy: float
    learning_rate: float

    @property
    def figures(self) -> dict[str, float]:
        """Everything but the epoch's number."""
        return {name: value for name, value in asdict(self).items() if name != "epoch"}


def best_of(history: Sequence[Epoch]) -> Epoch:
    """Return the epoch of the lowest validation loss, the first among equals.

    The loss is steadier than the accuracy, whose best epoch is often the luckiest.
    """
    return min(history, key=lambda epoch: epoch.valid_loss)


def still_falling(losses: Sequence[float]) -> float:
    """Return the share by which the last epoch lowered the validation loss, if that is much; otherwise 0."""
    if len(losses) < 2 or losses[-1] > min(losses):
        return 0.0
    share = 1 - losses[-1] / losses[-2]
    return share if share > MUCH else 0.0
