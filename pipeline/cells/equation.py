"""What an equation computes with: its gates, vectors and states, listed by running it once on small tensors.

An equation is a function of these arguments, by name:

- `w`, the gates: `w.z(x, h)` is W_z x + R_z h + b_z. The input x takes a matrix W, anything else a matrix R; a gate may
  have any number of them. Each gate occurs once.
- `p`, vectors of the hidden size: `p.i * c`; `fixed`, vectors that are not learned. Both optional.
- `x`, the input; by itself, outside of gates, it has the hidden size. `below`, optional: the cell states that the layer
  below has at the same token.
- the others are the states before the token; the equation returns them after it, in this order, the output first.

It uses functions that act on each element alone, so its derivatives are diagonal; see scan.py.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import torch
from torch import Tensor

from pipeline.cells.dependence import Dependence, dependences

Equation = Callable[..., Any]
Gates = Any  # has each gate as a function of its sources, which returns their products [B, H]
Vectors = Any  # has each vector, [H]
COMPUTED = ""  # the source of a product with a vector that the equation computes, such as r * h


@dataclass(frozen=True)
class Product:
    """A recurrent product: the matrices R of gates next to one another, with a state of the previous token.

    Attributes:
        state: its position among the states.
        start, stop: the positions of the first gate and after the last.
    """

    state: int
    start: int
    stop: int


@dataclass(frozen=True)
class Plan:
    """What an equation computes with.

    Attributes:
        arguments: the names of its arguments.
        states: names of the states.
        gates: names and sources of the gates, in the order of their columns: those of states alone, then those of a
            computed vector in the order of their calls, then those of the input alone.
        n_first: gates before the first with a computed vector.
        n_recurrent: gates before the first of the input alone.
        products: with states.
        vectors: names of the vectors.
        bare: which of `x` and `below` the equation reads outside of gates.
        dependences: of its results, in the order of the backward pass.
    """

    arguments: tuple[str, ...]
    states: tuple[str, ...]
    gates: dict[str, tuple[str, ...]]
    n_first: int
    n_recurrent: int
    products: tuple[Product, ...]
    vectors: tuple[str, ...]
    bare: tuple[str, ...]
    dependences: tuple[Dependence, ...]

    def arrange(self, weights: Mapping[str, Any], inputs: Mapping[str, Tensor], states: Sequence[Tensor]) -> list[Any]:
        """Return the arguments of the equation in its order: w, p, fixed; x and below; the states.

        An input that only gates read is None.
        """
        named = {"x": None, **weights, **inputs, **dict(zip(self.states, states, strict=True))}
        return [named[name] for name in self.arguments]

    def weights(self) -> list[tuple[str, str, str]]:
        """Return the name of each matrix, its gate and its source, in the order of the gates."""
        named = []
        for gate, sources in self.gates.items():
            for source in sources:
                letter = "W" if source == "x" else "R"
                state = "" if source in ("x", self.states[0], COMPUTED) else source
                named.append((f"{letter}_{state}{gate}", gate, source))
        return named


class _Names:
    """Records which names are asked for, and answers each with what `answer` makes of it."""

    def __init__(self, answer: Callable[[str], Any]) -> None:
        self._answer = answer

    def __getattr__(self, name: str) -> Any:
        return self._answer(name)


@torch.enable_grad()
def plan_of(equation: Equation) -> Plan:
    """Run an equation once and return what it computes with."""
    arguments = tuple(inspect.signature(equation).parameters)
    inputs = {name: torch.full((1,), 0.5, requires_grad=True) for name in arguments if name in ("x", "below")}
    states = {
        name: torch.zeros(1, requires_grad=True) for name in arguments if name not in ("w", "p", "fixed", "x", "below")
    }
    named = {id(value): name for name, value in {**inputs, **states}.items()}
    gates: dict[str, tuple[str, ...]] = {}
    values: dict[str, Tensor] = {}
    computed: list[Tensor] = []
    vectors: dict[str, Tensor] = {}

    def gate(name: str) -> Callable[..., Tensor]:
        def product(*sources: Tensor) -> Tensor:
            if name in gates:
                raise ValueError(f"{equation.__name__}: gate {name} occurs twice; give each its own name")
            gates[name] = tuple(named.get(id(source), COMPUTED) for source in sources)
            if gates[name].count(COMPUTED) > 1:
                raise ValueError(f"{equation.__name__}: gate {name} has two computed vectors; make it two gates")
            computed.extend(source for source in sources if id(source) not in named)
            values[name] = torch.zeros(1, requires_grad=True)
            return values[name]

        return product

    every = {
        "w": _Names(gate),
        "p": _Names(lambda name: vectors.setdefault(name, torch.ones(1))),
        "fixed": _Names(lambda name: torch.ones(1)),
        **inputs,
        **states,
    }
    returned = equation(*(every[name] for name in arguments))
    outputs = [*(returned if isinstance(returned, tuple) else [returned]), *computed]
    if len(outputs) - len(computed) != len(states):
        raise ValueError(f"{equation.__name__} takes {len(states)} states and returns {len(outputs) - len(computed)}")
    total = torch.stack([output.sum() for output in outputs if output.requires_grad]).sum()
    slopes = torch.autograd.grad(total, list(inputs.values()), allow_unused=True)

    def rank(name: str) -> int:
        return 1 if COMPUTED in gates[name] else 0 if set(gates[name]) & states.keys() else 2

    order = sorted(gates, key=rank)
    products = []
    for position, state in enumerate(states):
        readers = [i for i, name in enumerate(order) if state in gates[name]]
        for _, run in groupby(enumerate(readers), lambda pair: pair[1] - pair[0]):
            columns = [column for _, column in run]
            products.append(Product(position, columns[0], columns[-1] + 1))
    n_first, n_recurrent = (sum(rank(name) < limit for name in order) for limit in (1, 2))
    results_of = {gate: len(states) + gate - n_first for gate in range(n_first, n_recurrent)}
    leaves = [*(values[name] for name in order[:n_recurrent]), *states.values()]
    return Plan(
        arguments=arguments,
        states=tuple(states),
        gates={name: gates[name] for name in order},
        n_first=n_first,
        n_recurrent=n_recurrent,
        products=tuple(products),
        vectors=tuple(vectors),
        bare=tuple(name for name, slope in zip(inputs, slopes, strict=True) if slope is not None),
        dependences=tuple(dependences(outputs, leaves, results_of)),
    )
