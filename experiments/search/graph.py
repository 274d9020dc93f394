"""A cell as a graph of small operations, which is run as an equation of `pipeline.cells` and written down as text."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from pipeline.cells.equation import Equation, plan_of

LINEAR = "linear"  # W x + R h- + ... + b, with a matrix for each operand; the node's name is the gate's
ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "one_minus": lambda a: 1 - a,
}
ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
}
FUNCTIONS: dict[str, Callable[..., Any]] = {**ACTIVATIONS, **ARITHMETIC}
SHORT = {"sigmoid": "s", "tanh": "tanh", "relu": "relu"}
MAX_NODES, MAX_LINEAR = 24, 6


@dataclass(frozen=True)
class Node:
    """An operation on earlier nodes, the input `x` or states before the token."""

    name: str
    op: str
    operands: tuple[str, ...]


@dataclass(frozen=True)
class Graph:
    """A cell.

    Attributes:
        states: names of the states, `h`, the output, first.
        nodes: each after its operands.
        outputs: the node that becomes each state.
    """

    states: tuple[str, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[str, ...]

    @property
    def leaves(self) -> tuple[str, ...]:
        """What the nodes read: the input and the states before the token."""
        return ("x", *self.states)

    def pruned(self) -> "Graph":
        """Return the graph without nodes on which no output depends."""
        needed = set(self.outputs)
        for node in reversed(self.nodes):
            if node.name in needed:
                needed.update(node.operands)
        return Graph(self.states, tuple(node for node in self.nodes if node.name in needed), self.outputs)

    def to_json(self) -> dict[str, Any]:
        """Return the graph as lists and strings."""
        nodes = [[node.name, node.op, list(node.operands)] for node in self.nodes]
        return {"states": list(self.states), "nodes": nodes, "outputs": list(self.outputs)}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "Graph":
        """Read a graph back."""
        nodes = tuple(Node(name, op, tuple(operands)) for name, op, operands in given["nodes"])
        return cls(tuple(given["states"]), nodes, tuple(given["outputs"]))


def equation_of(graph: Graph, name: str = "cell") -> Equation:
    """Return a graph as an equation that `make_cell` takes."""

    def equation(w: Any, x: Tensor, *states: Tensor) -> Any:
        values = {"x": x, **dict(zip(graph.states, states, strict=True))}
        for node in graph.nodes:
            function = getattr(w, node.name) if node.op == LINEAR else FUNCTIONS[node.op]
            values[node.name] = function(*(values[operand] for operand in node.operands))
        after = tuple(values[output] for output in graph.outputs)
        return after if len(after) > 1 else after[0]

    equation.__name__ = name
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    arguments = [inspect.Parameter(argument, kind) for argument in ("w", *graph.leaves)]
    equation.__signature__ = inspect.Signature(arguments)  # type: ignore[attr-defined]
    return equation


def problem(graph: Graph) -> str | None:
    """Return why a pruned graph is no cell to try, None if it is one."""
    read = {operand for node in graph.nodes for operand in node.operands}
    linear = [node for node in graph.nodes if node.op == LINEAR]
    if len(graph.nodes) > MAX_NODES or len(linear) > MAX_LINEAR:
        return "too large"
    if not set(graph.leaves) <= read:
        return "does not read its input and all states"
    if set(graph.outputs) & set(graph.leaves):
        return "passes a state or the input on unchanged"
    if not any("x" in node.operands for node in linear) or not any(set(node.operands) - {"x"} for node in linear):
        return "has no matrix for its input or none for anything else"
    if any(len(set(node.operands)) < len(node.operands) or not node.operands for node in linear):
        return "multiplies something twice, or nothing"
    try:
        plan_of(equation_of(graph))
    except (ValueError, RuntimeError) as error:
        return str(error)
    return None


def key(graph: Graph) -> str:
    """Return a text that is the same for graphs that differ in the names of their nodes alone.

    The gate `f` keeps its name: its bias starts at 1.
    """
    names = {leaf: leaf for leaf in graph.leaves}
    lines = []
    for node in graph.nodes:
        operands = [names[operand] for operand in node.operands]
        operands = operands if node.op == "sub" else sorted(operands)
        names[node.name] = "f" if node.op == LINEAR and node.name == "f" else f"n{len(names)}"
        lines.append(f"{names[node.name]}={node.op}({','.join(operands)})")
    return ";".join([*lines, *(names[output] for output in graph.outputs)])


SUM, PRODUCT, ATOM = 1, 2, 3  # how closely the parts of a written expression are bound


def equations(graph: Graph) -> list[str]:
    """Write a graph as equations in the notation of docs/cells.md.

    A value that is used once is written where it is used.
    """
    used = [operand for node in graph.nodes for operand in node.operands]
    shown = {"x": ("x", ATOM), **{state: (f"{state}-", ATOM) for state in graph.states}}
    after = {output: state for state, output in reversed(list(zip(graph.states, graph.outputs, strict=True)))}
    lines = []
    for node in graph.nodes:
        text, binding = _expression(node, shown, graph.states)
        if node.name in after or used.count(node.name) > 1:
            name = after.get(node.name, node.name)
            lines.append(f"{name} = {text}")
            text, binding = name, ATOM
        shown[node.name] = text, binding
    same = [(s, o) for s, o in zip(graph.states, graph.outputs, strict=True) if after[o] != s]
    return [*lines, *(f"{state} = {after[output]}" for state, output in same)]


def _expression(node: Node, shown: Mapping[str, tuple[str, int]], states: Sequence[str]) -> tuple[str, int]:
    """Write an operation on operands that are written already; return how closely its parts are bound, too."""

    def part(operand: str, least: int) -> str:
        text, binding = shown[operand]
        return text if binding >= least else f"({text})"

    if node.op == LINEAR:
        products = []
        for operand in node.operands:
            state = operand if operand in states[1:] else ""
            products.append(f"{'W' if operand == 'x' else 'R'}_{state}{node.name} {part(operand, ATOM)}")
        return " + ".join([*products, f"b_{node.name}"]), SUM
    first, *second = node.operands
    if node.op in SHORT:
        return f"{SHORT[node.op]}({shown[first][0]})", ATOM
    if node.op == "one_minus":
        return f"1 - {part(first, PRODUCT)}", SUM
    if node.op == "mul":
        return f"{part(first, PRODUCT)} * {part(second[0], PRODUCT)}", PRODUCT
    sign, least = ("+", SUM) if node.op == "add" else ("-", PRODUCT)
    return f"{part(first, SUM)} {sign} {part(second[0], least)}", SUM
