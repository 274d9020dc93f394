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
        d_a = self.d_a[here]
        rows = [self._columns(d_a, *group).unbind(0) for group in self.groups[:-1]]
        d_products = [self._columns(d_a, p.start, p.stop).unbind(0) for p in self.plan.products]
        group_terms, state_terms = chunk.terms()
        results = []
        for k in reversed(range(here.stop - here.start)):
            results.append(self._through_gates(k, group_terms, rows))
            before = here.start + k - 1
            given = [None if each is None or before < 0 else each[before] for each in self.given]
            self._through_states(k, state_terms, results[-1], given, [rows[k] for rows in d_products])
        for vectors, vector in zip(self.computed, chunk.computed, strict=True):
            vectors.append(vector.detach())
        start, stop = self.groups[-1]
        if start < stop or self.d_vectors or self.d_inputs:
            last, *others = chunk.remaining(list(zip(*reversed(results), strict=True)))
            self._columns(d_a, start, stop).copy_(last)
            for total, part in zip(self.d_vectors, others, strict=False):
                total.add_(part)
            for total, part in zip(self.d_inputs, others[len(self.d_vectors) :], strict=True):
                total[here] = part

    def _through_gates(self, k: int, terms: Sequence[Terms], rows: Sequence[Sequence[Tensor]]) -> Gradients:
        """Write the gradients of the recurrent gates at the k-th token of a chunk; return those of its results.

        From the last gate that the equation calls to the first: a computed vector may depend on gates before it.

        Args:
            k: the token.
            terms: of each group.
            rows: of each group, its gradients at each token, [B, gates * H].
        """
        results: Gradients = [*self.after, *[None] * len(self.computed)]
        for i in reversed(range(len(rows))):
            write_sum(rows[i][k], weighted(terms[i], results, k), self.size)
            if i:  # of a computed vector
                results[len(self.states) + i - 1] = (rows[i][k] @ self.weights.computed[i - 1]).to(self.dtype)
        return results

    def _through_states(
        self, k: int, terms: Sequence[Terms], results: Gradients, given: Gradients, d_products: Sequence[Tensor]
    ) -> None:
        """Set `after` to the gradients of the states before the k-th token of a chunk.

        Args:
            k: the token.
            terms: of each state.
            results: the gradients of the token's results.
            given: the gradients that the states before it get from outside.
            d_products: of each product, the gradients of its gates at the token, [B, gates * H].
        """
        self.after = given
        for s in range(len(given)):
            total = given[s]
            for gradient, slope in weighted(terms[s], results, k):
                total = gradient * slope if total is None else torch.addcmul(total, gradient, slope)
            for product, weight, gates in zip(self.plan.products, self.weights.products, d_products, strict=True):
                if product.state == s:
                    total = add_product(total, gates, weight)
            self.after[s] = total


def weighted(terms: Terms, gradients: Gradients, k: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the gradient of each result that has one, and its derivative at the k-th token of the chunk."""
    for result, slopes in terms:
        gradient = gradients[result]
        if gradient is not None:
            yield gradient, slopes[k]


def write_sum(out: Tensor, pairs: Iterator[tuple[Tensor, Tensor]], size: int) -> None:
    """Write the sum of gradients [B, H] times derivatives [B, gates, H] into `out`, [B, gates * H], with H = `size`."""
    wide = out.view(out.shape[0], out.shape[1] // size, size)
    started = False
    for gradient, slope in pairs:
        if started:
            wide.addcmul_(gradient[:, None], slope)
        else:
            torch.mul(gradient[:, None], slope, out=wide)
            started = True
    if not started:
        out.zero_()


def add_product(total: Tensor | None, gates: Tensor, weight: Tensor) -> Tensor:
    """Return total + gates @ weight; for bfloat16 the sum is float32."""
    if total is None:
        return gates @ weight
    if total.dtype == weight.dtype:
        return torch.addmm(total, gates, weight)
    return total + gates @ weight
