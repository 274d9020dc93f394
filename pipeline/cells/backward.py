"""The backward pass of the scan: a loop over tokens of a few multiply-adds and the recurrent products.

The derivatives that it multiplies by are computed for a chunk of tokens at once, see derivatives.py. So is the gradient
of everything that no earlier token depends on: matrices, vectors, inputs, gates of the input alone.

Shapes: T tokens, B reviews, G gates, H hidden size.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from pipeline.cells.derivatives import Chunk, Terms, columns
from pipeline.cells.stepper import Stepper

CHUNK = 16  # tokens: with more, derivatives leave the processor's cache before they are used
Gradients = list[Tensor | None]  # None for zero


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
        self.groups = columns(self.plan)
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
            self._columns(flat, *group).t() @ torch.cat(vectors[::-1]).flatten(0, 1).to(flat.dtype)
            for group, vectors in zip(self.groups[1:-1], self.computed, strict=True)
        ]
        return [self.d_a, *d_products, *d_computed, *self.d_vectors, *self.d_inputs]

    def _columns(self, gates: Tensor, start: int, stop: int) -> Tensor:
        """Return the columns of some gates, of [..., G * H]."""
        return gates[..., start * self.size : stop * self.size]

    def _chunk(self, here: slice) -> None:
        """Go back through the tokens of a chunk."""
        inputs = {name: value[here] for name, value in self.inputs.items()}
        chunk = Chunk(self.stepper, self.a[here], inputs, [state[here] for state in self.states])
        group_terms, state_terms = chunk.terms()
        results = [
            self._token(t, t - here.start, group_terms, state_terms) for t in reversed(range(here.start, here.stop))
        ]
        for vectors, vector in zip(self.computed, chunk.computed, strict=True):
            vectors.append(vector.detach())
        start, stop = self.groups[-1]
        if start == stop and not self.d_vectors and not self.d_inputs:
            return
        last, *others = chunk.remaining(list(zip(*reversed(results), strict=True)))
        self._columns(self.d_a[here], start, stop).copy_(last)
        for total, part in zip(self.d_vectors, others, strict=False):
            total.add_(part)
        for total, part in zip(self.d_inputs, others[len(self.d_vectors) :], strict=True):
            total[here] = part

    def _token(self, t: int, k: int, group_terms: Sequence[Terms], state_terms: Sequence[Terms]) -> Gradients:
        """Go back through token t, the k-th of its chunk; return the gradients of its results.

        Gates are visited from the last that the equation calls to the first, as a computed vector may depend on them.
        """
        results: Gradients = [*self.after, *[None] * len(self.computed)]
        token = self.d_a[t]
        for i, terms in reversed(list(enumerate(group_terms))):
            gates = self._columns(token, *self.groups[i])
            write_sum(gates.view(len(gates), -1, self.size), weighted(terms, results, k))
            if i:  # of a computed vector
                results[len(self.states) + i - 1] = (gates @ self.weights.computed[i - 1]).to(self.dtype)
        self.after = []
        for s, given in enumerate(self.given):
            total = given[t - 1] if given is not None and t else None
            for gradient, slope in weighted(state_terms[s], results, k):
                total = gradient * slope if total is None else torch.addcmul(total, gradient, slope)
            for product, weight in zip(self.plan.products, self.weights.products, strict=True):
                if product.state == s:
                    total = add_product(total, self._columns(token, product.start, product.stop), weight)
            self.after.append(total)
        return results


def weighted(terms: Terms, gradients: Gradients, k: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the gradient of each result that has one, and its derivative at the k-th token of the chunk."""
    for result, slopes in terms:
        gradient = gradients[result]
        if gradient is not None:
            yield gradient, slopes[k]


def write_sum(out: Tensor, pairs: Iterator[tuple[Tensor, Tensor]]) -> None:
    """Write the sum of gradients [B, H] times derivatives [B, gates, H] into `out`, [B, gates, H]."""
    first = next(pairs, None)
    if first is None:
        out.zero_()
        return
    torch.mul(first[0][:, None], first[1], out=out)
    for gradient, slope in pairs:
        out.addcmul_(gradient[:, None], slope)


def add_product(total: Tensor | None, gates: Tensor, weight: Tensor) -> Tensor:
    """Return total + gates @ weight; for bfloat16 the sum is float32."""
    if total is None:
        return gates @ weight
    if total.dtype == weight.dtype:
        return torch.addmm(total, gates, weight)
    return total + gates @ weight
