"""The scan over time: an equation at one token after the other, with its own backward pass (backward.py).

Shapes: T tokens, B reviews, G gates, H hidden size.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from pipeline.cells.backward import Backward
from pipeline.cells.equation import Equation, Plan
from pipeline.cells.stepper import Stepper, Weights


@dataclass(frozen=True)
class Scan:
    """An equation to be run over batches.

    Attributes:
        constants: vectors that are not learned, [H] each.
        n_emitted: how many of the states are returned, the output first.
    """

    equation: Equation
    plan: Plan
    constants: Mapping[str, Tensor]
    n_emitted: int = 1

    def __call__(self, a: Tensor, weights: Weights, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Run the equation over T tokens.

        Args:
            a: [T, B, G * H], the gates' W x + b; overwritten.
            weights: of the type of a.
            inputs: x and below, [T, B, H] each, as far as the equation reads them outside of gates.

        Returns: the emitted states after each token, [T, B, H] each, of the type of a.
        """
        tensors = (*weights.products, *weights.computed, *weights.vectors, *inputs)
        emitted: tuple[Tensor, ...] = _Scan.apply(self, a, *tensors)  # type: ignore[no-untyped-call]
        return emitted

    def split(self, tensors: Sequence[Tensor]) -> tuple[Stepper, dict[str, Tensor]]:
        """Return the stepper and the inputs of the flat list of tensors that autograd gets."""
        n_products, n_computed = len(self.plan.products), self.plan.n_recurrent - self.plan.n_first
        ends = (n_products, n_products + n_computed, n_products + n_computed + len(self.plan.vectors))
        weights = Weights(tensors[: ends[0]], tensors[ends[0] : ends[1]], tensors[ends[1] : ends[2]])
        inputs = dict(zip(self.plan.bare, tensors[ends[2] :], strict=True))
        return Stepper(self.equation, self.plan, weights, self.constants), inputs


class _Scan(torch.autograd.Function):
    """The loop forward, and the gradients of everything it read."""

    @staticmethod
    def forward(ctx: Any, scan: Scan, a: Tensor, *tensors: Tensor) -> tuple[Tensor, ...]:
        stepper, inputs = scan.split(tensors)
        history = [stepper.start(a[0])]
        each = {name: value.unbind(0) for name, value in inputs.items()}
        for t, gates in enumerate(a.unbind(0)):
            history.append(stepper.step(gates, {name: value[t] for name, value in each.items()}, history[-1]))
        states = [torch.stack(state) for state in zip(*history, strict=True)]  # [T + 1, B, H] each
        ctx.scan, ctx.n_states = scan, len(states)
        ctx.save_for_backward(a, *states, *tensors)
        return tuple(state[1:].to(a.dtype) for state in states[: scan.n_emitted])

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        a, *saved = ctx.saved_tensors
        stepper, inputs = ctx.scan.split(saved[ctx.n_states :])
        return None, *Backward(stepper, a, inputs, saved[: ctx.n_states], gradients).run()
