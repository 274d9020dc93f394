"""Which results of an equation depend on which of its arguments, directly or through another result.

An LSTM's h depends on its input gate only through c. The backward pass then needs one derivative of h in c and one of c
in the gate, as a derivation by hand would have.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor


@dataclass(frozen=True)
class Dependence:
    """What a result depends on directly.

    Attributes:
        result: its position among the results: the states after a token, then the computed vectors.
        results: positions of other results.
        arguments: positions among the arguments: the recurrent gates, then the states before the token.
    """

    result: int
    results: tuple[int, ...]
    arguments: tuple[int, ...]


def dependences(results: Sequence[Tensor], arguments: Sequence[Tensor], computed: dict[int, int]) -> list[Dependence]:
    """Return what each result depends on, each result before those that it depends on.

    Args:
        results: computed by autograd from the arguments.
        arguments: leaves.
        computed: the result with which a gate, by its position, is multiplied.
    """
    direct = [_direct(i, results, arguments) for i in range(len(results))]
    order: list[Dependence] = []

    def visit(i: int) -> None:
        if any(dependence.result == i for dependence in order):
            return
        for other in (*direct[i].results, *(computed[gate] for gate in direct[i].arguments if gate in computed)):
            visit(other)
        order.append(direct[i])

    for i in range(len(results)):
        visit(i)
    return order[::-1]


def _direct(i: int, results: Sequence[Tensor], arguments: Sequence[Tensor]) -> Dependence:
    """Return what result i depends on directly.

    A result between it and its arguments counts as direct only if nothing else that is direct is behind it: autograd
    gives the derivative by all ways to an argument.
    """
    between = [j for j in range(len(results)) if j != i and results[j].grad_fn is not None]
    while True:
        nodes = [results[j].grad_fn for j in between]
        ends = list(_ends(results[i], nodes))
        through = [j for j in between if any(end is results[j].grad_fn for end in ends)]
        shared = [
            j
            for j in through
            if any(behind is end for behind in _ends(results[j], []) for end in ends)
            or any(_passes(results[j], results[other].grad_fn) for other in through if other != j)
        ]
        if not shared:
            break
        between.remove(shared[0])
    direct = [j for j, argument in enumerate(arguments) if any(end is argument for end in ends)]
    return Dependence(i, tuple(through), tuple(direct))


def _nodes(node: Any, stops: Sequence[Any]) -> Iterator[Any]:
    """Yield the nodes of autograd's graph behind a node, itself first; nothing behind `stops`."""
    waiting, seen = [node], list[Any]()
    while waiting:
        node = waiting.pop()
        if node is None or any(node is other for other in seen):
            continue
        seen.append(node)
        yield node
        if len(seen) == 1 or not any(node is stop for stop in stops):
            waiting.extend(following for following, _ in node.next_functions)


def _ends(result: Tensor, stops: Sequence[Any]) -> Iterator[Any]:
    """Yield the leaves behind a result, and the nodes among `stops` that it reaches first."""
    if result.grad_fn is None:
        yield result
        return
    for node in _nodes(result.grad_fn, stops):
        if hasattr(node, "variable"):
            yield node.variable
        elif node is not result.grad_fn and any(node is stop for stop in stops):
            yield node


def _passes(result: Tensor, node: Any) -> bool:
    """Return whether a result depends on the one of `node`."""
    return any(other is node for other in _nodes(result.grad_fn, []))
