"""YAML, with limits: anchors and aliases can make a small file very large."""

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from pipeline.core.errors import InputError, refusing

MAX_BYTES = 1 << 20  # dvc.lock has 25 kB
MAX_VALUES = 100_000  # keys and values, those of an alias each time
MAX_DEPTH = 30


class _Constructor(SafeConstructor):
    """Makes values of nodes, after counting them; of an alias, the node is the same object as the anchor's."""

    def construct_document(self, node: Node) -> Any:
        """Make the value of a document."""
        n_values, waiting = 1, [(node, 1)]
        while waiting:
            node_, depth = waiting.pop()
            children: list[Node] = []
            if isinstance(node_, SequenceNode):
                children = node_.value
            elif isinstance(node_, MappingNode):
                children = [part for pair in node_.value for part in pair]
            n_values += len(children)
            if n_values > MAX_VALUES or depth > MAX_DEPTH:
                raise YAMLError(f"more than {MAX_VALUES:,} values, or nested deeper than {MAX_DEPTH} levels")
            waiting += [(child, depth + 1) for child in children]
        return super().construct_document(node)


def parse_yaml(content: bytes, name: object, remedy: str = "correct it") -> Any:
    """Parse YAML 1.2 in UTF-8, as DVC does: `1e-06` is a number.

    Args:
        content: the bytes.
        name: names their file in an error.
        remedy: what to do in case of an error.

    Raises:
        InputError: it is not YAML in UTF-8, has a tag of another language, or is larger than the limits.
    """
    if len(content) > MAX_BYTES:
        raise InputError(f"{name} has {len(content):,} bytes, more than {MAX_BYTES:,}; {remedy}")
    with refusing(name, "is not readable YAML", remedy):
        yaml = YAML(typ="safe", pure=True)
        yaml.Constructor = _Constructor
        return yaml.load(content.decode("utf-8"))
