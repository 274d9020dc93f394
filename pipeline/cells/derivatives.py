"""The derivatives of an equation at a chunk of tokens.

The part of an equation between its products acts on each element alone, so its derivatives are diagonal. They are
computed for a chunk of tokens at once, by running the equation again on the stored gates and states and differentiating
each of its results in what it depends on directly; see dependence.py.

Shapes: K tokens of a chunk, B reviews, G gates, H hidden size.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace

import torch
from torch import Tensor

from pipeline.cells.equation import COMPUTED
from pipeline.cells.stepper import Stepper

Gradients = list[Tensor | None]  # None for zero


@dataclass(frozen=True)
class Slopes:
    """The derivatives of a result.

    Attributes:
        result: its position among the results: the states after a token, then the computed vectors.
        results: positions of other results, and the derivatives in them at each token, [B, H] each.
        arguments: the same for the arguments: the recurrent gates, then the states before the token.
    """

    result: int
    results: list[tuple[int, Sequence[Tensor]]]
    arguments: list[tuple[int, Sequence[Tensor]]]


class Chunk:
    """K tokens, computed again at once from their gates a [K, B, G * H] and the states before them, [K, B, H] each."""

    def __init__(self, stepper: Stepper, a: Tensor, inputs: dict[str, Tensor], states: Sequence[Tensor]) -> None:
        self.plan = plan = stepper.plan
        self.gates = [gate.detach().requires_grad_() for gate in a.chunk(len(plan.gates), 2)]
        self.before = [state.detach().requires_grad_() for state in states]
        self.inputs = {name: value.detach().requires_grad_() for name, value in inputs.items()}
        learned = zip(plan.vectors, stepper.weights.vectors, strict=True)
        self.vectors = {name: value.detach().requires_grad_() for name, value in learned}
        self.computed: list[Tensor] = []
        items = zip(plan.gates.items(), self.gates, strict=True)
        arguments = {
            "w": SimpleNamespace(**{name: self._gate(sources, value) for (name, sources), value in items}),
            "p": SimpleNamespace(**self.vectors),
            "fixed": stepper.fixed,
        }
        with torch.enable_grad():
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

    def slopes(self) -> list[Slopes]:
        """Return the derivatives of the results, each before those that it depends on."""
        arguments = [*self.gates[: self.plan.n_recurrent], *self.before]
        slopes = []
        for dependence in self.plan.dependences:
            result = self.results[dependence.result]
            of = [*(self.results[i] for i in dependence.results), *(arguments[i] for i in dependence.arguments)]
            ones = result.new_ones(()).expand_as(result)
            values = torch.autograd.grad(result, of, ones, retain_graph=True) if of else ()
            by_token = [value.unbind(0) for value in values]
            n = len(dependence.results)
            slopes.append(
                Slopes(
                    dependence.result,
                    list(zip(dependence.results, by_token[:n], strict=True)),
                    list(zip(dependence.arguments, by_token[n:], strict=True)),
                )
            )
        return slopes

    def remaining(self, gradients: Sequence[Sequence[Tensor | None]]) -> list[Tensor]:
        """Return the gradients of the gates of the input alone, the vectors and the inputs.

        Args:
            gradients: of the results at each token, [B, H] each; what they get from each other is left out.
        """
        arguments = [*self.gates[self.plan.n_recurrent :], *self.vectors.values(), *self.inputs.values()]
        results, weights = [], []
        for result, gradient in zip(self.results, gradients, strict=True):
            known = [value for value in gradient if value is not None]
            if result.requires_grad and known:
                zero = torch.zeros_like(known[0])
                weights.append(torch.stack([zero if value is None else value for value in gradient]).to(result.dtype))
                results.append(result)
        return list(torch.autograd.grad(results, arguments, weights, materialize_grads=True))
