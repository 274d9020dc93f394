"""The curves of a training for TensorBoard, which is installed by whoever wants them."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from pipeline.classify.training import Epoch
from pipeline.core.errors import InputError


def tensorboard(folder: Path) -> Callable[[Epoch], None]:
    """Return what writes an epoch's losses, accuracy and learning rate into a folder that TensorBoard reads.

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
        values = asdict(epoch)
        step = values.pop("epoch")
        for name, value in values.items():
            writer.add_scalar(name, value, step)
        writer.flush()

    return write
