"""One step of an equation: the recurrent products of a token, then the elementwise part.

Shapes: B reviews, G gates, H hidden size.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace

import torch
from torch import Tensor

from pipeline.cells.equation import COMPUTED, Equation, Plan


@dataclass(frozen=True)
class Weights:
    """What the scan multiplies by, in the order of the plan.

    Attributes:
        products: of each product with a state, [gates * H, H].
        computed: of each gate of a computed vector, [H, H].
        vectors: [H] each.
    """

    products: Sequence[Tensor]
    computed: Sequence[Tensor]
    vectors: Sequence[Tensor]


class Gate:
    """A gate at the current token, as the equation calls it."""

    __slots__ = ("place", "value", "weight")

    def __init__(self, sources: tuple[str, ...], weight: Tensor | None) -> None:
        self.place = sources.index(COMPUTED) if weight is not None else -1
        self.weight = weight  # [H, H], transposed
        self.value: Tensor  # [B, H]: the bias and the products with the input and with states

    def __call__(self, *sources: Tensor) -> Tensor:
        """Return the value, with the product with a computed vector added in place."""
        if self.weight is None:
            return self.value
        return self.value.addmm_(sources[self.place].to(self.weight.dtype), self.weight)


class Stepper:
    """An equation with its weights, to be run token by token, without gradients."""

    def __init__(self, equation: Equation, plan: Plan, weights: Weights, constants: Mapping[str, Tensor]) -> None:
        self.equation, self.plan, self.weights = equation, plan, weights
        self.transposed = [weight.t() for weight in weights.products]
        computed = iter(weights.computed)
        self.gates = {
            name: Gate(sources, next(computed).t() if COMPUTED in sources else None)
            for name, sources in plan.gates.items()
        }
        self.fixed = SimpleNamespace(**constants)
        self.arguments = {
            "w": SimpleNamespace(**self.gates),
            "p": SimpleNamespace(**dict(zip(plan.vectors, weights.vectors, strict=True))),
            "fixed": self.fixed,
        }

    def start(self, a: Tensor) -> tuple[Tensor, ...]:
        """Return the states before the first token, [B, H] each, for gates a [B, G * H]; at least float32."""
        dtype = torch.promote_types(a.dtype, torch.float32)
        zeros = a.new_zeros(len(a), a.shape[1] // len(self.gates), dtype=dtype)
        return (zeros,) * len(self.plan.states)

    def step(self, a: Tensor, inputs: dict[str, Tensor], states: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Return the states after a token.

        Args:
            a: [B, G * H], the gates' W x + b; the recurrent products are added in place.
            inputs: x and below at this token, [B, H] each, if the equation reads them outside of gates.
            states: those before the token, [B, H] each.
        """
        size, dtype = states[0].shape[1], states[0].dtype
        for product, weight in zip(self.plan.products, self.transposed, strict=True):
            gates = a[:, product.start * size : product.stop * size]
            gates.addmm_(states[product.state].to(weight.dtype), weight)
        for gate, value in zip(self.gates.values(), a.chunk(len(self.gates), 1), strict=True):
            gate.value = value
        returned = self.equation(*self.plan.arrange(self.arguments, inputs, states))
        after = returned if isinstance(returned, tuple) else (returned,)
        return tuple([new if new.dtype == dtype else new.to(dtype) for new in after])
