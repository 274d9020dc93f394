"""YAML within limits."""

import tracemalloc

import pytest

from pipeline.core import yaml
from pipeline.core.errors import InputError
from pipeline.core.yaml import parse_yaml


def test_values_anchors_and_dvcs_numbers_are_read() -> None:
    text = b"a: &a {lr: 1e-06, n: 0o17}\nb: {<<: *a, n: 2}\nc: [*a, yes]\n"
    a = {"lr": 1e-6, "n": 15}
    assert parse_yaml(text, "params.yaml") == {"a": a, "b": {"lr": 1e-6, "n": 2}, "c": [a, "yes"]}


def bomb(first: str, row: str) -> bytes:
    return "\n".join([f"a0: &a0 {first}", *(row.format(i=i, before=i - 1) for i in range(1, 25))]).encode()


LISTS = bomb("[x, x]", "a{i}: &a{i} [*a{before}, *a{before}]")
MAPPINGS = bomb("{x: 1}", "a{i}: &a{i} {{l: *a{before}, r: *a{before}}}")
MERGES = bomb("{x: 1}", "a{i}: &a{i} {{<<: [*a{before}, *a{before}]}}")


@pytest.mark.parametrize(
    "content",
    [
        LISTS,
        MAPPINGS,
        MERGES,
        b"a: &a [*a]",
        b"[" * 100_000,
        b"a: " + b"[" * 100 + b"]" * 100,
        b"- " * 5000,
        b"a: 2001-99-99",
        b"a: " + b"9" * 5000,
        b"a: 0x" + b"f" * 4200,
        b"a: !!python/object/apply:os.abort []",
        b"a: !unknown 1",
        b"a: 1\na: 2",
        b"{[1]: {2}}: 3",
        b"\xff\xfe",
        b"a: \x00",
        b"%YAML 9.9\n---\na: 1",
        b"a: *unknown",
        b"x" * (yaml.MAX_BYTES + 1),
        b"--- 1\n--- 2\n",
    ],
    ids=lambda content: content[:20],
)
def test_anything_else_is_one_line_of_an_error_and_takes_little_memory(content: bytes) -> None:
    tracemalloc.start()
    with pytest.raises(InputError, match=r"^params\.yaml (is not readable YAML \(|has .* bytes, more than)") as caught:
        parse_yaml(content, "params.yaml")
    assert tracemalloc.get_traced_memory()[1] < 1 << 25
    tracemalloc.stop()
    assert len(str(caught.value)) < 500
    assert str(caught.value).isprintable()
