"""The optimizer: AdamW for the network, and for the word vectors an Adam that leaves absent words alone.

A batch has few of the words. The usual Adam would also move the others, by what it remembers of their last gradients,
and each step would pass over all vectors and their moments. A word that occurs once would go 1 / (1 - 0.9) = 10 times
as far as in the step of its one gradient; 0.9 is the decay of Adam's mean.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from pipeline.classify.group import Group
from pipeline.classify.network import Network
from pipeline.classify.params import Classify


class Optimizer:
    """AdamW of all weights but the vectors, and SparseAdam of the vectors, if they are trained."""

    def __init__(self, network: Network, section: Classify) -> None:
        vectors = [p for p in network.embedding.parameters() if p.requires_grad]
        rest = [p for name, p in network.named_parameters() if not name.startswith("embedding.")]
        self._parts: list[tuple[torch.optim.Optimizer, float]] = [
            (torch.optim.AdamW(rest, weight_decay=section.weight_decay, fused=True), section.lr)
        ]
        if vectors:
            self._parts.append((torch.optim.SparseAdam(vectors), section.embedding_lr))

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for optimizer, _ in self._parts:
            optimizer.zero_grad()

    def gather(self, group: Group, most: float) -> Tensor:
        """Add up the gradients of the group's processes, and scale the sum down to a norm of `most` if it is larger.

        Returns: the norm before that.
        """
        weights = [p for optimizer, _ in self._parts for p in optimizer.param_groups[0]["params"]]
        gradients = [p.grad for p in weights if p.grad is not None and not p.grad.is_sparse]
        group.add(gradients)
        for p in weights:
            if p.grad is not None and p.grad.is_sparse:
                p.grad = group.add_sparse(p.grad)
                gradients.append(p.grad.values())
        norm = torch.nn.utils.get_total_norm(gradients)
        scale = (most / (norm + 1e-6)).clamp(max=1.0)
        for gradient in gradients:
            gradient.mul_(scale)
        return norm

    def step(self, share: float) -> None:
        """Update the weights by their gradients, at a share of the full learning rates."""
        for optimizer, rate in self._parts:
            optimizer.param_groups[0]["lr"] = rate * share
            optimizer.step()

    def state(self) -> dict[str, Tensor]:
        """Return what it remembers of earlier steps."""
        return {
            f"{i}.{j}.{name}": torch.as_tensor(value)
            for i, (optimizer, _) in enumerate(self._parts)
            for j, moments in optimizer.state_dict()["state"].items()
            for name, value in moments.items()
        }

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take over what `state` returned."""
        for i, (optimizer, _) in enumerate(self._parts):
            moments: dict[int, dict[str, Tensor | int]] = {}
            for key, value in state.items():
                part, j, name = key.split(".")
                if int(part) == i:
                    is_count = name == "step" and isinstance(optimizer, torch.optim.SparseAdam)
                    moments.setdefault(int(j), {})[name] = int(value) if is_count else value
            optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
