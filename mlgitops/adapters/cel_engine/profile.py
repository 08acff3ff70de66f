"""In the child: which checked expressions may be evaluated.

What a limit of the process would end at last is refused here first, by `mlgitops
check` already, with words for it. Counted is what the engine evaluates: macros
such as `all` are written out in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from mlgitops.adapters.cel_engine.checked_tree import Node, Tree, Unsigned

MOST_NODES: Final = 400
MOST_NESTED: Final = 2
MOST_COMPREHENSIONS: Final = 8
MOST_ENTRIES: Final = 256
LONGEST_PATTERN: Final = 256
MOST_STEPS: Final = 1_000_000
LONGEST_LIST: Final = 1_000
"""What a list of the evidence is taken to hold at most, when steps are counted."""

# By the names that the checked tree gives functions. By division finite numbers of any
# size come to infinity, and `1.0 / 0.0 >= params.min` would be true; of sums and products
# `magnitudes` tells whether they may.
_REFUSED: Final = {
    "_/_": "division is not allowed: write `a >= b * c` instead of `a / c >= b`",
    "_%_": "the remainder `%` is not allowed",
    "bytes": "bytes are not allowed: compare texts",
    # Python does not tell them from signed ones, and a variable goes through it.
    "uint": "unsigned integers are not allowed: write `1`, and `int` for `uint`",
}
# By what a call may come to: its arguments' types decide, where they are known.
_REFUSED_OVERLOADS: Final = {
    "string_to_double": "`double` of a text is not allowed, as a text may say `inf` or `NaN`",
}
_OF_A_ZONE: Final = "_with_tz"
_VARIABLES: Final = "variables"


def refusals(tree: Tree) -> Iterator[str]:
    """Why *tree* may not be evaluated, each reason once; none when it may."""
    nodes = list(_nodes(tree.root))
    reasons = [reason for node in nodes for reason in _of_node(node, tree)]
    yield from dict.fromkeys(reasons)
    if _has_name_alone(nodes, _VARIABLES):
        yield f"variables are read by name, as `{_VARIABLES}.<name>`, and not all at once"
    if len(nodes) > MOST_NODES:
        yield (
            f"the expression has {len(nodes):,} parts, macros written out; "
            f"{MOST_NODES} are allowed: make several rules of it"
        )
    count = sum(node.kind == "comprehension" for node in nodes)
    if count > MOST_COMPREHENSIONS:
        yield f"it goes through lists {count} times; {MOST_COMPREHENSIONS} are allowed"
    nested = _nested(tree.root)
    if nested > MOST_NESTED:
        yield f"lists are gone through {nested} deep; {MOST_NESTED} are allowed"
    elif (steps := _steps(tree.root)) > MOST_STEPS:
        yield (
            f"a loop may take {steps:,} steps, with {LONGEST_LIST:,} for each list of unknown "
            f"length; {MOST_STEPS:,} are allowed"
        )


def variables(tree: Tree) -> tuple[str, ...]:
    """Those that are read, each once; of what is permitted there are no others."""
    fields = (node for node in _nodes(tree.root) if _is_field(node, _VARIABLES))
    return tuple(dict.fromkeys(node.name for node in fields))


def _is_field(node: Node, of: str) -> bool:
    return node.kind == "field" and _is_name(node.children[0], of)


def _is_name(node: Node, name: str) -> bool:
    return node.kind == "name" and node.name == name


def _has_name_alone(nodes: Sequence[Node], name: str) -> bool:
    """Whether *name* is read otherwise than for a field of it that is written out."""
    all_of_it = sum(_is_name(node, name) for node in nodes)
    return all_of_it > sum(_is_field(node, name) for node in nodes)


def _nodes(node: Node) -> Iterator[Node]:
    """*node* and all below it, in the order in which they are written."""
    yield node
    for child in node.children:
        yield from _nodes(child)


def _of_node(node: Node, tree: Tree) -> Iterator[str]:
    match node.kind:
        case "constant" if isinstance(node.value, bytes):
            yield _REFUSED["bytes"]
        case "constant" if isinstance(node.value, Unsigned):
            yield _REFUSED["uint"]
        case "constant" if isinstance(node.value, float) and not math.isfinite(node.value):
            yield "a number is too large"
        case "list" if len(node.children) > MOST_ENTRIES:
            yield f"a list has {len(node.children):,} entries; {MOST_ENTRIES} are allowed"
        case "map" if len(node.children) > 2 * MOST_ENTRIES:
            yield f"a map has {len(node.children) // 2:,} entries; {MOST_ENTRIES} are allowed"
        case "map" if node.name:
            yield f"messages such as {node.name} are not allowed"
        case "call":
            yield from _of_call(node, tree)
        case _:
            pass


def _of_call(node: Node, tree: Tree) -> Iterator[str]:
    if node.name in _REFUSED:
        yield _REFUSED[node.name]
    if node.name == "matches":
        yield from _of_pattern(node.children[-1])
    for overload in tree.overloads.get(node.id, ()):
        if overload in _REFUSED_OVERLOADS:
            yield _REFUSED_OVERLOADS[overload]
        if overload.endswith(_OF_A_ZONE):
            # The database of zones is the machine's, and a verdict is everybody's.
            yield f"`{node.name}` of a time zone is not allowed: times are in UTC"


def _of_pattern(pattern: Node) -> Iterator[str]:
    if not isinstance(pattern.value, str):
        yield "the regular expression of `matches` has to be written out, not computed"
    elif len(pattern.value) > LONGEST_PATTERN:
        yield (
            f"a regular expression has {len(pattern.value):,} characters; "
            f"{LONGEST_PATTERN} are allowed"
        )


def _nested(node: Node) -> int:
    """How many comprehensions are within each other's steps at most."""
    if node.kind != "comprehension":
        return max(map(_nested, node.children), default=0)
    through, *body = node.children
    return max(_nested(through), 1 + max(map(_nested, body)))


def _steps(node: Node) -> int:
    """How many elements the worst loop of *node* looks at, those of inner loops each time."""
    if node.kind != "comprehension":
        return max(map(_steps, node.children), default=0)
    through, *body = node.children
    return max(_steps(through), _length(through) * max(1, *map(_steps, body)))


def _length(node: Node) -> int:
    """How many elements *node* may have, as far as the expression tells."""
    match node.kind:
        case "list":
            return len(node.children)
        case "map":
            return len(node.children) // 2
        case "comprehension":
            return _length(node.children[0])  # `map` and `filter` add at most one each
        case "call" if node.name == "_+_":
            return sum(map(_length, node.children))
        case "call" if node.name == "_?_:_":
            return max(map(_length, node.children[1:]))
        case _:
            return LONGEST_LIST
