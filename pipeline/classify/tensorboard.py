"""Training curves for TensorBoard, an optional package."""

from collections.abc import Callable
from pathlib import Path

from pipeline.classify.history import Epoch
from pipeline.core.errors import InputError


def tensorboard(folder: Path) -> Callable[[Epoch], None]:
    """Return a function that writes an epoch's losses, accuracy and learning rate as TensorBoard events in `folder`.

    Raises:
        InputError: the package tensorboard is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise InputError(
            "classify.tensorboard needs TensorBoard: `pip install tensorboard`, or set it to false in params.yaml"
        ) from None
    writer = SummaryWriter(str(folder))

    def write(epoch: Epoch) -> None:
        for name, value in epoch.figures.items():
            writer.add_scalar(name, value, epoch.epoch)
        writer.flush()

    return write
