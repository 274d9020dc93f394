"""YAML, with limits: anchors and aliases can make a small file very large."""

import re
from itertools import accumulate
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from pipeline.core.errors import InputError, refusing

MAX_BYTES = 1 << 19  # the dvc.lock of the largest study has 90 kB
MAX_VALUES = 100_000  # keys and values, those of an alias each time
MAX_DEPTH = 30
MAX_BRACKETS = 500
MAX_DIGITS = 100


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
            elif str(node_.tag).endswith(":int") and len(node_.value) > MAX_DIGITS:
                raise YAMLError(f"a number of more than {MAX_DIGITS} digits")  # Python does not print the longest
            n_values += len(children)
            if n_values > MAX_VALUES or depth > MAX_DEPTH:
                raise YAMLError(f"more than {MAX_VALUES:,} values, or nested deeper than {MAX_DEPTH} levels")
            waiting += [(child, depth + 1) for child in children]
        return super().construct_document(node)


def _brackets(content: bytes) -> int:
    """Return how many brackets are open at most: the scanner's time grows with the square of it."""
    steps = (1 if bracket in b"[{" else -1 for bracket in re.findall(rb"[\[\]{}]", content))
    return max(accumulate(steps), default=0)


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
        if _brackets(content) > MAX_BRACKETS:
            raise YAMLError(f"more than {MAX_BRACKETS} brackets are open")
        yaml = YAML(typ="safe", pure=True)
        yaml.Constructor = _Constructor
        return yaml.load(content.decode("utf-8"))
