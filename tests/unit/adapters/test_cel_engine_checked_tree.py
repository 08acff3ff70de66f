"""What the engine serialized, read without its classes, is what it was compiled from."""

from __future__ import annotations

import random
from typing import Any

import pytest

from mlgitops.adapters.cel_engine.checked_tree import Node, Tree, Unsigned, read


def serialized(expression: str) -> bytes:
    from cel_expr_python import cel

    known = cel.NewEnv(variables=dict.fromkeys(["a", "params"], cel.Type.DYN))
    return known.compile(expression).serialize()


def tree(expression: str) -> Tree:
    return read(serialized(expression))


def nodes(node: Node) -> list[Node]:
    return [node, *(inner for child in node.children for inner in nodes(child))]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("null", None),
        ("true", True),
        ("false", False),
        ("7", 7),
        ("-7", -7),
        ("-9223372036854775808", -(2**63)),
        ("18446744073709551615u", Unsigned(2**64 - 1)),
        ("-2.5e-3", -2.5e-3),
        ("1e999", float("inf")),
        ("'é\\n'", "é\n"),
        ("b'\\xff'", b"\xff"),
    ],
)
def test_constants(expression: str, value: Any) -> None:
    root = tree(expression).root

    assert (root.kind, root.children) == ("constant", ())
    assert root.value == value
    assert type(root.value) is type(value)


def test_names_fields_calls_and_their_order() -> None:
    root = tree("a.b.startsWith(params.c)").root

    assert (root.kind, root.name) == ("call", "startsWith")
    target, argument = root.children
    assert (target.kind, target.name, target.children[0].name) == ("field", "b", "a")
    assert (argument.name, argument.children[0].name) == ("c", "params")


def test_lists_and_maps() -> None:
    items = tree("[1.0, a, {'k': a, 'l': 2.0}]").root

    assert [child.kind for child in items.children] == ["constant", "name", "map"]
    assert [child.value for child in items.children[2].children] == ["k", None, "l", 2.0]


def test_a_message_has_its_name() -> None:
    root = tree("google.protobuf.BoolValue{value: true}").root

    assert (root.kind, root.name) == ("map", "google.protobuf.BoolValue")
    assert [child.value for child in root.children] == [True]


def test_macros_are_written_out() -> None:
    root = tree("a.all(x, x > 1.0)").root
    through, start, condition, step, result = root.children

    assert root.kind == "comprehension"
    assert (through.name, start.value, result.kind) == ("a", True, "name")
    assert condition.name == "@not_strictly_false"
    assert [node.name for node in nodes(step) if node.kind == "call"] == ["_&&_", "_>_"]
    assert tree("has(a.b)").root.kind == "field"


def test_a_macro_has_the_names_that_it_gives() -> None:
    root = tree("a.filter(x, x > 1.0)").root

    assert root.element == "x"
    assert [node.name for node in nodes(root.children[4])] == [root.gathered]
    assert tree("a.b").root.element == ""


def test_what_is_written_has_a_place() -> None:
    found = tree("'é' == a  . b && a['c']")
    places = {(node.kind, node.name or node.value): node.id for node in nodes(found.root)}

    assert found.positions[places["name", "a"]] in (7, 17)
    assert found.positions[places["field", "b"]] == 10
    assert found.positions[places["constant", "c"]] == 19


def test_overloads_are_those_that_the_types_leave() -> None:
    unknown, known = tree("double(a)"), tree("double(size(a))")

    assert "string_to_double" in unknown.overloads[unknown.root.id]
    assert known.overloads[known.root.id] == ("int64_to_double",)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x12\x00",  # no expression
        b"\x12\x02\x22\x00",  # an expression of no kind
        b"\x12\x04\x22\x02\x10\x01",  # the same, with an id
        b"\x12\x04\x22\x02\x7a\x00",  # a kind that is not known
        b"\x12\x05\x22\x03\x1a\x01\x40",  # a constant that ends within a number
        b"\x12\x06\x22\x04\x1a\x02\x40\x01",  # a constant that is not known
        b"\x12\x06\x22\x04\x22\x02\x10\x01",  # a name with a field that is not known
        b"\x12\x02\x20\x01",  # a number for an expression
        b"\x12\x7f",  # longer than what there is
        b"\x13",  # a wire type of before
        b"\xff" * 11,
    ],
)
def test_what_is_not_known_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        read(content)


def test_no_prefix_is_taken_for_the_whole_and_nothing_else_is_raised() -> None:
    whole = serialized("a.all(x, x.n > 1.5 && 'k' in {'k': [1, 2]}) || params.b == 'é'")
    for end in range(len(whole)):
        with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
            read(whole[:end])


def test_changed_bytes_are_read_or_refused() -> None:
    chosen = random.Random(3)  # noqa: S311 - bytes, not keys
    whole = serialized("a.all(x, x.n > 1.5 && 'k' in {'k': [1, 2]}) || params.b == 'é'")
    refused = 0
    for _ in range(2_000):
        changed = bytearray(whole)
        changed[chosen.randrange(len(whole))] = chosen.randrange(256)
        try:
            read(bytes(changed))
        except ValueError:
            refused += 1

    assert refused > 100
