"""The state of a training: everything that a step or an epoch changes, saved and restored to the bit."""

from dataclasses import asdict
from typing import cast

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from pipeline.classify.checkpoint import Checkpoint
from pipeline.classify.group import Group
from pipeline.classify.history import Epoch
from pipeline.classify.network import Network
from pipeline.classify.optimizer import Optimizer
from pipeline.classify.params import Classify


class State:
    """Weights, their moving average, the optimizer, random generators, the history and the best weights.

    Attributes:
        n_steps: done in the epoch that is under way.
        total_loss: of the reviews of these steps, float64.
        order: generates the order of the reviews.
        order_at_start: its state as the epoch began, from which the epoch's batches are planned again.
    """

    def __init__(self, network: Network, section: Classify, seed: int) -> None:
        self.network = network
        self.optimizer = Optimizer(network, section)
        self.order = torch.Generator().manual_seed(seed)
        self.begin_epoch()
        self.average: AveragedModel | None = None
        if section.ema_decay:
            average = get_ema_multi_avg_fn(section.ema_decay)  # type: ignore[no-untyped-call]
            self.average = AveragedModel(network, multi_avg_fn=average)
        self.history: list[Epoch] = []
        self.best_weights: dict[str, Tensor] = {}

    def begin_epoch(self) -> None:
        """Set the position within the epoch to its beginning."""
        self.n_steps = 0
        self.total_loss = torch.zeros((), dtype=torch.float64)
        self.order_at_start = self.order.get_state()

    @property
    def evaluated(self) -> Network:
        """The network that is validated and kept: with the averaged weights if there is an average."""
        return cast(Network, self.average.module) if self.average else self.network

    def step(self, share: float) -> None:
        """Update the weights by their gradients, at a share of the full learning rates."""
        self.optimizer.step(share)
        if self.average:
            self.average.update_parameters(self.network)

    def save(self, checkpoint: Checkpoint) -> None:
        """Save the state, that of the random generators included."""
        tensors = {f"network.{name}": value for name, value in self.network.state_dict().items()}
        tensors |= {f"best.{name}": value for name, value in self.best_weights.items()}
        if self.average:
            tensors |= {f"average.{name}": value for name, value in self.average.state_dict().items()}
        tensors |= {f"optimizer.{name}": value for name, value in self.optimizer.state().items()}
        tensors |= {"random.order": self.order_at_start, "random.cpu": torch.get_rng_state()}
        tensors["total_loss"] = self.total_loss
        if torch.cuda.is_available():
            tensors["random.cuda"] = torch.cuda.get_rng_state()
        checkpoint.save(tensors, {"history": [asdict(epoch) for epoch in self.history], "n_steps": self.n_steps})

    def restore(self, checkpoint: Checkpoint, group: Group) -> None:
        """Take over the state that the first process has saved; without one, stay at the start."""
        saved = checkpoint.load(group)
        if saved is None:
            return
        tensors, facts = saved

        def part(prefix: str) -> dict[str, Tensor]:
            return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}

        self.network.load_state_dict(part("network."))
        self.best_weights = part("best.")
        if self.average:
            self.average.load_state_dict(part("average."))
        self.optimizer.load_state(part("optimizer."))
        self.order.set_state(tensors["random.order"])
        self.begin_epoch()
        self.n_steps, self.total_loss = facts["n_steps"], tensors["total_loss"]
        torch.set_rng_state(tensors["random.cpu"])
        if "random.cuda" in tensors:
            torch.cuda.set_rng_state(tensors["random.cuda"])
        self.history = [Epoch(**epoch) for epoch in facts["history"]]
