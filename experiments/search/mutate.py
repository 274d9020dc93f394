"""Random edits of a cell's graph.

After Jozefowicz et al., An Empirical Exploration of Recurrent Network Architectures, 2015, who replace, insert and
remove operations at random; the list of edits and their frequencies are this project's.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from experiments.search.graph import ACTIVATIONS, ARITHMETIC, LINEAR, Graph, Node, problem

MAX_EDITS, TRIES = 4, 200


def _name(graph: Graph) -> str:
    """Return a name for another node."""
    taken = {node.name for node in graph.nodes}
    return next(name for i in range(1, len(taken) + 2) if (name := f"n{i}") not in taken)


def _with(graph: Graph, position: int, *nodes: Node) -> Graph:
    """Return the graph with the node at a position replaced by others."""
    return replace(graph, nodes=(*graph.nodes[:position], *nodes, *graph.nodes[position + 1 :]))


def _redirected(graph: Graph, old: str, new: str, keep: Sequence[str] = ()) -> Graph:
    """Return the graph with every use of a value replaced by another, but for those by the nodes `keep`."""
    nodes = tuple(
        node
        if node.name in keep
        else replace(node, operands=tuple(new if operand == old else operand for operand in node.operands))
        for node in graph.nodes
    )
    outputs = tuple(new if output == old else output for output in graph.outputs)
    return Graph(graph.states, nodes, outputs)


def _before(graph: Graph, position: int) -> list[str]:
    """Return what a node may read."""
    return [*graph.leaves, *(node.name for node in graph.nodes[:position])]


def replace_operation(graph: Graph, position: int, rng: Random) -> Graph | None:
    """Replace an activation by another, or a sum, difference or product by another of these."""
    node = graph.nodes[position]
    family = ACTIVATIONS if node.op in ACTIVATIONS else ARITHMETIC if node.op in ARITHMETIC else {}
    others = [op for op in family if op != node.op]
    return _with(graph, position, replace(node, op=rng.choice(others))) if others else None


def insert_activation(graph: Graph, position: int, rng: Random) -> Graph | None:
    """Put an activation between a node and one of its operands."""
    node, name = graph.nodes[position], _name(graph)
    place = rng.randrange(len(node.operands))
    new = Node(name, rng.choice(list(ACTIVATIONS)), (node.operands[place],))
    operands = (*node.operands[:place], name, *node.operands[place + 1 :])
    return _with(graph, position, new, replace(node, operands=operands))


def remove(graph: Graph, position: int, rng: Random) -> Graph | None:
    """Replace a node by one of its operands."""
    node = graph.nodes[position]
    return _redirected(_with(graph, position), node.name, rng.choice(node.operands))


def combine(graph: Graph, position: int, rng: Random) -> Graph | None:
    """Replace a value by its sum, difference or product with another value."""
    node, name = graph.nodes[position], _name(graph)
    new = Node(name, rng.choice(list(ARITHMETIC)), (node.name, rng.choice(_before(graph, position))))
    return _redirected(_with(graph, position, node, new), node.name, name, keep=(name,))


def gate(graph: Graph, position: int, rng: Random) -> Graph | None:
    """Multiply a value by a new gate that reads the input and a state."""
    node, linear = graph.nodes[position], _name(graph)
    made = _with(graph, position, node, Node(linear, LINEAR, ("x", rng.choice(graph.states))))
    squashed = _name(made)
    made = _with(made, position + 1, made.nodes[position + 1], Node(squashed, "sigmoid", (linear,)))
    product = _name(made)
    made = _with(made, position + 2, made.nodes[position + 2], Node(product, "mul", (squashed, node.name)))
    return _redirected(made, node.name, product, keep=(product,))


def change_operand(graph: Graph, position: int, rng: Random) -> Graph | None:
    """Let a node read something else; a linear node may also read one thing more or less."""
    node, others = graph.nodes[position], _before(graph, position)
    place, other = rng.randrange(len(node.operands)), rng.choice(others)
    changed = (*node.operands[:place], other, *node.operands[place + 1 :])
    if node.op == LINEAR:
        fewer = node.operands[:place] + node.operands[place + 1 :]
        changed = rng.choice([changed, (*node.operands, other), fewer])
    return _with(graph, position, replace(node, operands=changed))


EDITS: tuple[Callable[[Graph, int, Random], Graph | None], ...] = (
    replace_operation,
    insert_activation,
    remove,
    combine,
    gate,
    change_operand,
)


def mutate(graph: Graph, rng: Random) -> Graph | None:
    """Return a cell that differs from another by one to four edits; None if many tries gave no valid cell."""
    for _ in range(TRIES):
        changed = graph
        for _ in range(rng.randint(1, MAX_EDITS)):
            edited = rng.choice(EDITS)(changed, rng.randrange(len(changed.nodes)), rng)
            changed = edited.pruned() if edited and edited.pruned().nodes else changed
        if changed != graph and problem(changed) is None:
            return changed
    return None
