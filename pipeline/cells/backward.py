"""The backward pass of the scan: a loop over tokens of a few multiply-adds and the recurrent products.

The derivatives that it multiplies by are computed for a chunk of tokens at once, see derivatives.py. So is the gradient
of everything that no earlier token depends on: matrices, vectors, inputs, gates of the input alone.

Shapes: T tokens, B reviews, G gates, H hidden size.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from pipeline.cells.derivatives import Chunk, Gradients, Slopes
from pipeline.cells.stepper import Stepper

CHUNK = 16  # tokens: with more, derivatives leave the processor's cache before they are used


class Backward:
    """The gradients of one scan.

    Args:
        stepper: with the weights.
        a: [T, B, G * H], the gates with all their products.
        inputs: x and below, [T, B, H] each, as far as the equation reads them outside of gates.
        states: [T + 1, B, H] each, the one before the first token included.
        given: the gradients of the emitted states, [T, B, H] each.
    """

    def __init__(
        self,
        stepper: Stepper,
        a: Tensor,
        inputs: dict[str, Tensor],
        states: Sequence[Tensor],
        given: Sequence[Tensor | None],
    ) -> None:
        self.stepper, self.plan, self.weights = stepper, stepper.plan, stepper.weights
        self.a, self.inputs, self.states = a, inputs, states
        self.size, self.dtype = states[0].shape[2], states[0].dtype
        self.d_a = torch.empty_like(a)
        self.d_vectors = [torch.zeros_like(vector) for vector in self.weights.vectors]
        self.d_inputs = [torch.empty_like(value) for value in inputs.values()]
        self.computed: list[list[Tensor]] = [[] for _ in self.weights.computed]  # the last chunk first
        self.given = [None if g is None else g.to(self.dtype).contiguous().unbind(0) for g in given]
        self.given += [None] * (len(states) - len(given))
        self.after: Gradients = [None if g is None else g[-1] for g in self.given]  # of the states after a token

    def run(self) -> list[Tensor]:
        """Return the gradients of a, the matrices of products and of computed vectors, the vectors, the inputs."""
        for stop in range(len(self.a), 0, -CHUNK):
            self._chunk(slice(max(0, stop - CHUNK), stop))
        flat = self.d_a.flatten(0, 1)
        before = [state[:-1].flatten(0, 1).to(flat.dtype) for state in self.states]
        d_products = [self._columns(flat, p.start, p.stop).t() @ before[p.state] for p in self.plan.products]
        d_computed = [
            self._columns(flat, gate, gate + 1).t() @ torch.cat(vectors[::-1]).flatten(0, 1).to(flat.dtype)
            for gate, vectors in enumerate(self.computed, self.plan.n_first)
        ]
        return [self.d_a, *d_products, *d_computed, *self.d_vectors, *self.d_inputs]

    def _columns(self, gates: Tensor, start: int, stop: int) -> Tensor:
        """Return the columns of some gates, of [..., G * H]."""
        return gates[..., start * self.size : stop * self.size]

    def _chunk(self, here: slice) -> None:
        """Go back through the tokens of a chunk."""
        inputs = {name: value[here] for name, value in self.inputs.items()}
        chunk = Chunk(self.stepper, self.a[here], inputs, [state[here] for state in self.states])
        gates = self.d_a[here].chunk(len(self.plan.gates), 2)
        rows = [gate.unbind(0) for gate in gates[: self.plan.n_recurrent]]
        products = [self._columns(self.d_a[here], p.start, p.stop).unbind(0) for p in self.plan.products]
        slopes = chunk.slopes()
        results = []
        for k in reversed(range(here.stop - here.start)):
            t = here.start + k
            before = [None if given is None or not t else given[t - 1] for given in self.given]
            results.append(self._through_equation(k, slopes, [row[k] for row in rows], before))
            self.after = self._through_products([product[k] for product in products], before)
        for vectors, vector in zip(self.computed, chunk.computed, strict=True):
            vectors.append(vector.detach())
        late = gates[self.plan.n_recurrent :]
        if late or self.d_vectors or self.d_inputs:
            remaining = iter(chunk.remaining(list(zip(*reversed(results), strict=True))))
            for gate in late:
                gate.copy_(next(remaining))
            for total in self.d_vectors:
                total.add_(next(remaining))
            for total in self.d_inputs:
                total[here] = next(remaining)

    def _through_equation(
        self, k: int, slopes: Sequence[Slopes], gates: Sequence[Tensor], before: Gradients
    ) -> Gradients:
        """Go back through the elementwise part of the equation at one token.

        Args:
            k: the token's place in its chunk.
            slopes: of the chunk.
            gates: of each recurrent gate, [B, H]; gets its gradient.
            before: of each state before the token, its gradient so far; gets the sum.

        Returns: the gradients of the results, but for what they get from each other.
        """
        n_states = len(before)
        own: Gradients = [*self.after, *[None] * len(self.computed)]
        total = list(own)
        written = [False] * len(gates)
        for slope in slopes:
            r = slope.result
            if r >= n_states and written[place := self.plan.n_first + r - n_states]:  # a gate has a product with it
                d_vector = (gates[place] @ self.weights.computed[r - n_states]).to(self.dtype)
                own[r], total[r] = d_vector, add(total[r], d_vector)
            gradient = total[r]
            if gradient is None:
                continue
            for other, values in slope.results:
                total[other] = add_times(total[other], gradient, values[k])
            for argument, values in slope.arguments:
                if argument >= len(gates):
                    state = argument - len(gates)
                    before[state] = add_times(before[state], gradient, values[k])
                elif written[argument]:
                    gates[argument].addcmul_(gradient, values[k])
                else:
                    torch.mul(gradient, values[k], out=gates[argument])
                    written[argument] = True
        for gate, is_written in zip(gates, written, strict=True):
            if not is_written:
                gate.zero_()
        return own

    def _through_products(self, gates: Sequence[Tensor], before: Gradients) -> Gradients:
        """Return the gradients of the states before a token, `before` and those by the products of its gates."""
        for product, weight, d_gates in zip(self.plan.products, self.weights.products, gates, strict=True):
            total = before[product.state]
            if total is not None and total.dtype == weight.dtype:
                before[product.state] = torch.addmm(total, d_gates, weight)
            else:  # bfloat16: the sum is float32
                before[product.state] = add(total, (d_gates @ weight).to(self.dtype))
        return before


def add(total: Tensor | None, value: Tensor) -> Tensor:
    """Return total + value."""
    return value if total is None else total + value


def add_times(total: Tensor | None, gradient: Tensor, slope: Tensor) -> Tensor:
    """Return total + gradient * slope."""
    return gradient * slope if total is None else torch.addcmul(total, gradient, slope)
