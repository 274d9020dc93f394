"""The network as an ONNX graph, built operator by operator from its weights; needs the package onnx.

Shapes: B reviews in a batch, T tokens of the longest, V words, D vector size, H hidden size, G gates, S directions
(2 if bidirectional), P poolings.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from torch import Tensor, nn

from pipeline.cells.lstm import Recurrence
from pipeline.classify.network import Network
from pipeline.core.errors import InputError

OPSET, IR_VERSION = 17, 8  # not the newest, so that older runtimes read the file too
MAX_BYTES = (1 << 31) - (1 << 20)  # of the weights: protobuf reads messages below 2 GiB


@dataclass(frozen=True)
class Operator:
    """The operator of a cell.

    Attributes:
        name: in ONNX.
        gates: those of the input, in the operator's order, under the names of the cell's equation.
        recurrent: the same of the state, if they have other names: those of a GRU that resets after the product.
        peepholes: the vectors, in the operator's order.
        activation: if it is not the operator's own.
    """

    name: str
    gates: str
    recurrent: str = ""
    peepholes: str = ""
    activation: str = ""


OPERATORS = {
    "lstm": Operator("LSTM", "iofg"),
    "np": Operator("LSTM", "iofz"),
    "vanilla": Operator("LSTM", "iofz", peepholes="iof"),
    "gru": Operator("GRU", "zrn", "zru"),
    "gru_cho": Operator("GRU", "zrn"),
    "rnn": Operator("RNN", "h"),
    "irnn": Operator("RNN", "h", activation="Relu"),
}


class Graph:
    """The nodes and weights of a graph; each method returns the name of a value."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def constant(self, value: NDArray[Any], name: str = "") -> str:
        """Add an array."""
        name = name or f"constant_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def integers(self, *values: int) -> str:
        """Add a vector of int64: axes or a shape."""
        return self.constant(np.array(values, np.int64))

    def add(self, operator: str, *inputs: str, name: str = "", second: bool = False, **attributes: Any) -> str:
        """Add a node with one output; or with two, of which the second is named as the first and `_last`."""
        name = name or f"{operator.lower()}_{len(self.nodes)}"
        outputs = [name, f"{name}_last"] if second else [name]
        self.nodes.append(helper.make_node(operator, inputs, outputs, name, **attributes))
        return name


def onnx_model(network: Network) -> Any:
    """Return a network as an onnx.ModelProto, float32; the same network gives the same one.

    Its inputs are `ids`, int64 [B, T], padded on the right, and `lengths`, int64 [B], tokens of each review, at least
    1. Its output is `probability`, float32 [B], of each review being positive. An empty review has the id V alone.

    Raises:
        InputError: ONNX has no operator for the cell, or the weights are too large for a file.
    """
    config = network.config
    if config.cell not in OPERATORS:
        raise InputError(
            f"ONNX has no operator for the cell {config.cell!r}; train a network with one of {', '.join(OPERATORS)}"
            " (classify.cell in params.yaml) to export it"
        )
    n_bytes = sum(weight.numel() * 4 for weight in network.parameters())
    if n_bytes > MAX_BYTES:
        raise InputError(
            f"the weights have {n_bytes:,} bytes, and an ONNX file at most {MAX_BYTES:,}; raise embed.min_count or"
            " lower embed.vector_size in params.yaml, and run `dvc repro`"
        )
    graph = Graph()
    ids = graph.add("Transpose", "ids", perm=[1, 0])  # [T, B], as recurrent operators want it
    x = graph.add("Gather", graph.constant(_array(network.embedding.weight), "embedding"), ids)  # [T, B, D]
    lengths = graph.add("Cast", "lengths", to=onnx.TensorProto.INT32)
    for depth, layer in enumerate(network.layers):
        y = _layer(graph, config.cell, layer, x, lengths, depth)  # [T, S, B, H]
        by_review = graph.add("Transpose", y, perm=[0, 2, 1, 3])  # [T, B, S, H]
        x = graph.add("Reshape", by_review, graph.integers(0, 0, -1))  # [T, B, S * H]
    pooled = _pool(graph, x, f"{y}_last", config.pooling)  # [B, P * S * H]
    weight = graph.constant(_array(network.output.weight), "output_weight")
    bias = graph.constant(_array(network.output.bias), "output_bias")
    z = graph.add("Gemm", pooled, weight, bias, transB=1)  # [B, 1]
    graph.add("Sigmoid", graph.add("Squeeze", z, graph.integers(1)), name="probability")  # [B]
    proto = helper.make_graph(
        graph.nodes,
        "network",
        [
            helper.make_tensor_value_info("ids", onnx.TensorProto.INT64, ["batch", "tokens"]),
            helper.make_tensor_value_info("lengths", onnx.TensorProto.INT64, ["batch"]),
        ],
        [helper.make_tensor_value_info("probability", onnx.TensorProto.FLOAT, ["batch"])],
        graph.weights,
    )
    return helper.make_model(proto, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


def _array(weight: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = weight.detach().cpu().float().numpy()
    return array


def _layer(graph: Graph, cell: str, layer: nn.Module, x: str, lengths: str, depth: int) -> str:
    """Add a layer over x [T, B, D]; return its states, [T, S, B, H]; with `_last`, those that it ends on, [S, B, H].

    As the operator gets the lengths, its reverse direction begins at the last token of each review, as ours does.
    """
    operator = OPERATORS[cell]
    directions: Any = layer.lstms if isinstance(layer, Recurrence) else layer.directions
    every = [_weights(operator, direction) for direction in directions]
    w, r, b, p = (np.stack(parts) for parts in zip(*every, strict=True))  # [S, ...]
    inputs = [x, *(graph.constant(array, f"{name}_{depth}") for name, array in (("W", w), ("R", r), ("B", b))), lengths]
    if operator.peepholes:
        inputs += ["", "", graph.constant(p, f"P_{depth}")]  # the first states, which are left out, are zero
    attributes: dict[str, Any] = {"direction": "bidirectional" if len(every) == 2 else "forward"}
    if operator.recurrent:
        attributes["linear_before_reset"] = 1
    if operator.activation:
        attributes["activations"] = [operator.activation] * len(every)
    return graph.add(operator.name, *inputs, second=True, hidden_size=r.shape[2], **attributes)


def _weights(operator: Operator, direction: nn.Module) -> list[NDArray[np.float32]]:
    """Return W [G * H, D], R [G * H, H], the biases [2 * G * H] and the peepholes of a direction."""
    named = {name: _array(weight) for name, weight in direction.named_parameters()}
    if isinstance(direction, nn.LSTM):
        every = {"W": named["weight_ih_l0"], "R": named["weight_hh_l0"], "b": named["bias_ih_l0"] + named["bias_hh_l0"]}
        named = {
            f"{kind}_{gate}": part
            for kind, weight in every.items()
            for gate, part in zip("ifgo", np.split(weight, 4), strict=True)
        }
    gates, recurrent = operator.gates, operator.recurrent or operator.gates
    zero = np.zeros_like(named[f"b_{gates[0]}"])  # [H]
    biases = [
        *(named[f"b_{gate}"] for gate in gates),
        *(zero if gate in gates else named[f"b_{gate}"] for gate in recurrent),
    ]
    return [
        np.concatenate([named[f"W_{gate}"] for gate in gates]),
        np.concatenate([named[f"R_{gate}"] for gate in recurrent]),
        np.concatenate(biases),
        np.concatenate([named[f"p_{gate}"] for gate in operator.peepholes] or [zero]),
    ]


def _pool(graph: Graph, states: str, last: str, kinds: tuple[str, ...]) -> str:
    """Pool states [T, B, S * H], of which `last` [S, B, H] are the ones that each direction ends on: see network.pool.

    Returns: [B, P * S * H].
    """
    n_tokens = graph.add("Squeeze", graph.add("Shape", "ids", start=1))
    zero, one = (graph.constant(np.array(number, np.int64)) for number in (0, 1))
    places = graph.add("Unsqueeze", graph.add("Range", zero, n_tokens, one), graph.integers(1, 2))  # [T, 1, 1]
    per_review = graph.add("Unsqueeze", "lengths", graph.integers(1))  # [B, 1]
    inside = graph.add("Less", places, per_review)  # [T, B, 1]
    pooled = []
    for kind in kinds:
        if kind == "max":
            floor = graph.constant(np.array(-np.inf, np.float32))
            pooled.append(graph.add("ReduceMax", graph.add("Where", inside, states, floor), axes=[0], keepdims=0))
        elif kind == "mean":
            blank = graph.constant(np.array(0, np.float32))
            kept = graph.add("Where", inside, states, blank)
            total = graph.add("ReduceSum", kept, graph.integers(0), keepdims=0)
            pooled.append(graph.add("Div", total, graph.add("Cast", per_review, to=onnx.TensorProto.FLOAT)))
        else:
            by_review = graph.add("Transpose", last, perm=[1, 0, 2])  # [B, S, H]
            pooled.append(graph.add("Reshape", by_review, graph.integers(0, -1)))
    return graph.add("Concat", *pooled, axis=1)
