"""In the child: what a checked expression looks up, by paths that a schema can be asked of.

A macro's names stand for what is gone through, so `s.n` in `slices.all(s, s.n > 0)` is the
path `slices`, EACH, `n`. What is computed otherwise, or chosen between several, has no path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mlgitops.adapters.cel_engine.checked_tree import Node, Tree
from mlgitops.model.expressions import ANY, EACH, LISTED, Compared, Reading, Side, Steps, ValueKind

_NOTHING: Final[Steps] = ()
# Of no elements and of a list of none: what these are like is told by what stands beside them.
_EMPTY: Final = (_NOTHING, (LISTED,))

_COMPARISONS: Final[Mapping[str, str]] = {
    f"_{operator}_": operator for operator in ("<", "<=", ">", ">=", "==", "!=")
}
_KINDS: Final[Mapping[type, ValueKind]] = {
    bool: "boolean",
    int: "number",
    float: "number",
    str: "text",
    type(None): "null",
}

_Names = Mapping[str, Steps | None]


@dataclass(frozen=True, slots=True)
class Found:
    """The fields that an expression *reads*, in order, and what it *compared*.

    *path* is that of what it comes to.
    """

    reads: tuple[Reading, ...]
    compared: tuple[Compared, ...]
    path: Steps | None


def read(tree: Tree, expression: str) -> Found:
    """What *expression*, of which *tree* was made, looks up."""
    reader = _Reader(tree, expression)
    path = reader.path(tree.root, {})
    reads, compared = dict.fromkeys(reader.found), dict.fromkeys(reader.compared)
    return Found(tuple(reads), tuple(compared), None if path in _EMPTY else path)


class _Reader:
    """Gathers in *found* what the paths that it is asked for look up, and what is *compared*."""

    def __init__(self, tree: Tree, expression: str) -> None:
        self._positions = tree.positions
        self._expression = expression
        self.found: list[Reading] = []
        self.compared: list[Compared] = []

    def path(self, node: Node, names: _Names) -> Steps | None:
        """Where what *node* comes to is looked up; *names* are those of macros around it."""
        match node.kind:
            case "name":
                return names.get(node.name, (node.name,))
            case "field":
                return self._field(self.path(node.children[0], names), node.name, node)
            case "comprehension":
                return self._comprehension(node, names)
            case "call":
                return self._call(node, [self.path(child, names) for child in node.children])
            case "list":
                items: Steps | None = _NOTHING
                for child in node.children:
                    items = _either(items, self.path(child, names))
                return _listed(items)
            case _:
                for child in node.children:
                    self.path(child, names)
                return None

    def _field(self, holder: Steps | None, name: str, node: Node) -> Steps | None:
        """The field *name* of what is at *holder*, which *node* writes."""
        if holder is None or holder in _EMPTY or name in (ANY, EACH, LISTED):
            return None
        path = (*holder, name)
        at = self._expression.find(name, self._positions.get(node.id, 0))
        self.found.append(Reading(path, None if at < 0 else at))
        return path

    def _call(self, node: Node, paths: Sequence[Steps | None]) -> Steps | None:
        match node.name:
            case "_[_]":
                key = node.children[1]
                if isinstance(key.value, str):
                    return self._field(paths[0], key.value, key)
                return _element(paths[0], ANY)
            case "_?_:_":
                return _either(paths[1], paths[2])
            case "_+_":
                return _listed(_either(_element(paths[0]), _element(paths[1])))
            case name if name in _COMPARISONS:
                left, right = map(self._side, node.children, paths)
                self.compared.append(Compared(left, _COMPARISONS[name], right))
                return None
            case _:
                return None

    def _side(self, node: Node, path: Steps | None) -> Side:
        """What can be told of *node*, which comes to what is at *path*."""
        if node.kind == "constant":
            return Side(kind=_KINDS.get(type(node.value)))
        if node.kind == "call" and node.name == "size":
            return Side(kind="number")
        if path in _EMPTY:
            return Side()
        at = next((one.at for one in reversed(self.found) if one.path == path), None)
        return Side(path, at=self._positions.get(node.id) if node.kind == "name" else at)

    def _comprehension(self, node: Node, names: _Names) -> Steps | None:
        through, start, condition, step, result = node.children
        element = _element(self.path(through, names))
        names = {**names, node.element: element, node.gathered: self.path(start, names)}
        self.path(condition, names)
        gathered = _either(names[node.gathered], self.path(step, names))
        return self.path(result, {**names, node.gathered: gathered})


def _element(path: Steps | None, step: str = EACH) -> Steps | None:
    if not path:
        return path
    return path[:-1] if path[-1] == LISTED else (*path, step)


def _listed(path: Steps | None) -> Steps | None:
    """A list of what is at *path*: of each element of another list it is like that one."""
    if path is None:
        return None
    return path[:-1] if path[-1:] == (EACH,) else (*path, LISTED)


def _either(one: Steps | None, other: Steps | None) -> Steps | None:
    """What is at either path: the same, or nothing that could be told."""
    if one in _EMPTY:
        return other
    return one if other in (one, *_EMPTY) else None
