"""The derivatives of an equation at a chunk of tokens.

The part of an equation between its products acts on each element alone, so its derivatives are diagonal. They are
computed for a chunk of tokens at once, by running the equation again on the stored gates and states and differentiating
each of its results in each of its arguments.

Results of the equation are the states after a token and the computed vectors; arguments are the gates and the states
before it.

Shapes: K tokens of a chunk, B reviews, G gates, H hidden size.
"""

from collections.abc import Callable, Sequence
from types import SimpleNamespace

import torch
from torch import Tensor

from pipeline.cells.equation import COMPUTED, Plan
from pipeline.cells.stepper import Stepper

Terms = list[tuple[int, Sequence[Tensor]]]  # a result and its derivative at each token


def columns(plan: Plan) -> list[tuple[int, int]]:
    """Return the first and last + 1 gate of each group: of states alone, of each computed vector, of the input alone.

    The equation needs the groups in this order.
    """
    middle = [(gate, gate + 1) for gate in range(plan.n_first, plan.n_recurrent)]
    return [(0, plan.n_first), *middle, (plan.n_recurrent, len(plan.gates))]


class Chunk:
    """K tokens, computed again at once from their gates a [K, B, G * H] and the states before them, [K, B, H] each."""

    def __init__(self, stepper: Stepper, a: Tensor, inputs: dict[str, Tensor], states: Sequence[Tensor]) -> None:
        plan, self.size = stepper.plan, states[0].shape[2]
        leaves = [a[:, :, start * self.size : stop * self.size] for start, stop in columns(plan)]
        self.groups = [leaf.detach().requires_grad_() for leaf in leaves]
        self.before = [state.detach().requires_grad_() for state in states]
        self.inputs = {name: value.detach().requires_grad_() for name, value in inputs.items()}
        learned = zip(plan.vectors, stepper.weights.vectors, strict=True)
        self.vectors = {name: value.detach().requires_grad_() for name, value in learned}
        self.computed: list[Tensor] = []
        with torch.enable_grad():
            values = [value for group in self.groups if group.shape[2] for value in torch.split(group, self.size, 2)]
            items = zip(plan.gates.items(), values, strict=True)
            arguments = {
                "w": SimpleNamespace(**{name: self._gate(sources, value) for (name, sources), value in items}),
                "p": SimpleNamespace(**self.vectors),
                "fixed": stepper.fixed,
            }
            returned = stepper.equation(*plan.arrange(arguments, self.inputs, self.before))
        self.results = [*(returned if isinstance(returned, tuple) else [returned]), *self.computed]

    def _gate(self, sources: tuple[str, ...], value: Tensor) -> Callable[..., Tensor]:
        """Return a gate as the equation calls it: its products are in `value`; computed vectors are noted."""
        place = sources.index(COMPUTED) if COMPUTED in sources else -1

        def gate(*given: Tensor) -> Tensor:
            if place >= 0:
                self.computed.append(given[place])
            return value

        return gate

    def terms(self) -> tuple[list[Terms], list[Terms]]:
        """Return the derivatives of the results in each recurrent group, [B, gates, H], and in each state, [B, H]."""
        groups = [group for group in self.groups[:-1] if group.shape[2]]
        arguments = [*groups, *self.before]
        terms: list[Terms] = [[] for _ in arguments]
        for i, result in enumerate(self.results):
            if not result.requires_grad:
                continue
            ones = result.new_ones(()).expand_as(result)
            slopes = torch.autograd.grad(result, arguments, ones, retain_graph=True, allow_unused=True)
            for j, slope in enumerate(slopes):
                if slope is not None:
                    slope = slope.view(*slope.shape[:2], -1, self.size) if j < len(groups) else slope
                    terms[j].append((i, slope.unbind(0)))
        of_groups = iter(terms)
        return [next(of_groups) if group.shape[2] else [] for group in self.groups[:-1]], terms[len(groups) :]

    def remaining(self, gradients: Sequence[Sequence[Tensor | None]]) -> list[Tensor]:
        """Return the gradients of the last group, the vectors and the inputs, given those of the results."""
        arguments = [*self.groups[-1:], *self.vectors.values(), *self.inputs.values()]
        results, weights = [], []
        for result, gradient in zip(self.results, gradients, strict=True):
            known = [value for value in gradient if value is not None]
            if result.requires_grad and known:
                zero = torch.zeros_like(known[0])
                weights.append(torch.stack([zero if value is None else value for value in gradient]).to(result.dtype))
                results.append(result)
        return list(torch.autograd.grad(results, arguments, weights, materialize_grads=True))
