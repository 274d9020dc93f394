"""The cells that the search starts from and is compared with, as graphs."""

from experiments.search.graph import Graph, Node

STARTS = ("lstm", "gru")
COMPARED = ("lstm", "gru", "mut1", "mut2", "mut3")  # of pipeline/cells/table.py, trained as they are there


def graph_of(states: str, outputs: str, text: str) -> Graph:
    """Read a graph from lines such as `z = linear x h`."""
    nodes = []
    for line in text.strip().splitlines():
        name, _, (op, *operands) = line.split()[0], "=", line.split()[2:]
        nodes.append(Node(name, op, tuple(operands)))
    return Graph(tuple(states.split()), tuple(nodes), tuple(outputs.split()))


LSTM = """
z = linear x h
i = linear x h
f = linear x h
o = linear x h
n1 = tanh z
n2 = sigmoid i
n3 = sigmoid f
n4 = sigmoid o
n5 = mul n2 n1
n6 = mul n3 c
n7 = add n5 n6
n8 = tanh n7
n9 = mul n4 n8
"""
GRU = """
r = linear x h
z = linear x h
n1 = sigmoid r
n2 = sigmoid z
n3 = mul n1 h
n = linear x n3
n4 = tanh n
n5 = one_minus n2
n6 = mul n5 n4
n7 = mul n2 h
n8 = add n6 n7
"""
GRAPHS = {
    "lstm": graph_of("h c", "n9 n7", LSTM),  # no peepholes, one bias per gate: `np` of the table
    "gru": graph_of("h", "n8", GRU),  # `gru_cho` of the table, as Jozefowicz et al. write it
}
