"""In the child: the serialized checked expression, read as a tree.

The engine gives its tree as bytes only: a `google.protobuf.Any` with a
`cel.expr.CheckedExpr` (cel-spec, proto/cel/expr/{checked,syntax}.proto). The wire
format of these few messages is read here, as protobuf with generated classes would
be one more dependency of the gate; what is not known is refused, since what cannot
be read cannot be counted.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Kind = Literal["constant", "name", "field", "call", "list", "map", "comprehension"]


class Unsigned(int):
    """A constant of CEL's type `uint`, such as `3u`."""


Constant: TypeAlias = bool | int | float | str | bytes | None

# The numbers of `Expr.expr_kind`.
_KINDS: Final[Mapping[int, Kind]] = {
    3: "constant",
    4: "name",
    5: "field",
    6: "call",
    7: "list",
    8: "map",
    9: "comprehension",
}
# Of each kind: the field that names it (variable, field, function, message), and those that
# hold expressions. The others say how an expression is meant, not how much it is.
_NAMES: Final[Mapping[Kind, int]] = {"name": 1, "field": 2, "call": 2, "map": 1}
_CHILDREN: Final[Mapping[Kind, tuple[int, ...]]] = {
    "name": (),
    "field": (1,),
    "call": (1, 3),
    "list": (1,),
    "comprehension": (2, 4, 5, 6, 7),
}
_OTHERS: Final[Mapping[Kind, tuple[int, ...]]] = {
    "field": (3,),  # whether it is `has(…)`
    "list": (2,),  # which elements are optional
    "comprehension": (8,),  # a second variable, which none of the macros that there are has
}
_ELEMENT, _GATHERED = 1, 3  # the names of a comprehension's variables
_REFERENCES, _ROOT, _SOURCE, _VALUE = 2, 4, 5, 2
_POSITIONS: Final = 4
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT = 10


@dataclass(frozen=True, slots=True)
class Node:
    """One expression and those that it is made of.

    *name* is that of a variable, field or function; *value* only a constant's. The
    children of a call are its target, if it has one, and its arguments; those of a
    comprehension what it goes through, its start, condition, step and result; those
    of a map each key and its value. *element* and *gathered* are what a comprehension
    calls each thing that it goes through, and what it has made of those before.
    """

    id: int
    kind: Kind
    name: str = ""
    value: Constant = None
    children: tuple[Node, ...] = ()
    element: str = ""
    gathered: str = ""


@dataclass(frozen=True, slots=True)
class Tree:
    """*overloads* tells by a call's id which functions it may come to.

    *positions* tells by a node's id how many characters come before it: of a field before
    its dot, of what a macro is written out to before the macro's bracket.
    """

    root: Node
    overloads: Mapping[int, tuple[str, ...]]
    positions: Mapping[int, int]


def read(serialized: bytes) -> Tree:
    """The tree that the engine serialized.

    Raises:
        ValueError: it holds what is not known here, or ends too early.
    """
    root: Node | None = None
    overloads: dict[int, tuple[str, ...]] = {}
    positions: dict[int, int] = {}
    for field, value in _fields(_only(serialized, _VALUE)):
        if field == _ROOT:
            root = _node(_message(value))
        elif field == _REFERENCES:
            overloads.update([_reference(_message(value))])
        elif field == _SOURCE:
            positions.update(_positions(_message(value)))
    if root is None:
        raise ValueError("the checked expression is empty")
    return Tree(root, overloads, positions)


def _node(message: bytes) -> Node:
    identity, kind, content = 0, None, b""
    for field, value in _fields(message):
        if field == _VALUE and isinstance(value, int):
            identity = value
        elif field in _KINDS and kind is None:
            kind, content = _KINDS[field], _message(value)
        else:
            raise _unknown("expression", field)
    if kind is None:
        raise ValueError("an expression has no kind")
    if kind == "constant":
        return Node(identity, kind, value=_constant(content))
    return _made(identity, kind, content)


def _made(identity: int, kind: Kind, message: bytes) -> Node:
    """The expression of *kind*: what names it, and what it is made of."""
    name, element, gathered = "", "", ""
    children: list[Node] = []
    for field, value in _fields(message):
        if field == _NAMES.get(kind):
            name = _message(value).decode()
        elif kind == "map" and field == _VALUE:
            children += _entry(_message(value))
        elif field in _CHILDREN.get(kind, ()):
            children.append(_node(_message(value)))
        elif kind == "comprehension" and field == _ELEMENT:
            element = _message(value).decode()
        elif kind == "comprehension" and field == _GATHERED:
            gathered = _message(value).decode()
        elif field not in _OTHERS.get(kind, ()):
            raise _unknown(kind, field)
    return Node(identity, kind, name, None, tuple(children), element, gathered)


def _entry(message: bytes) -> Iterator[Node]:
    for field, value in _fields(message):
        if field in (3, 4):
            yield _node(_message(value))
        elif field not in (1, 2, 5):  # its id, the name of a message's field, whether optional
            raise _unknown("entry", field)


def _constant(message: bytes) -> Constant:
    for field, value in _fields(message):
        match field, value:
            case 1, int():
                return None
            case 2, int():
                return bool(value)
            case 3, int():
                return value - (1 << 64) if value >> 63 else value
            case 4, int():
                return Unsigned(value)
            case 5, bytes():
                return float(struct.unpack("<d", value)[0])
            case 6, bytes():
                return value.decode()
            case 7, bytes():
                return value
            case _:
                raise _unknown("constant", field)
    raise ValueError("a constant has no value")


def _reference(message: bytes) -> tuple[int, tuple[str, ...]]:
    """One entry of the map from the id of an expression to what its name means."""
    identity, overloads = 0, []
    for field, value in _fields(message):
        if isinstance(value, int):
            identity = value
        elif field == _VALUE:
            overloads += [_message(name).decode() for part, name in _fields(value) if part == 3]
    return identity, tuple(overloads)


def _positions(message: bytes) -> Iterator[tuple[int, int]]:
    """Each entry of the map from the id of an expression to where it stands."""
    for field, value in _fields(message):
        if field == _POSITIONS:
            entry = dict(_fields(_message(value)))
            identity, position = entry.get(1, 0), entry.get(_VALUE, 0)
            if isinstance(identity, int) and isinstance(position, int):
                yield identity, position


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The number and value of each field; a varint is a number, all else its bytes."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        wire = tag & 7
        if wire == _VARINT:
            number, at = _varint(message, at)
            yield tag >> 3, number
            continue
        if wire == _LENGTH:
            size, at = _varint(message, at)
        elif wire in (_FIXED64, _FIXED32):
            size = 8 if wire == _FIXED64 else 4
        else:
            raise ValueError(f"wire type {wire} of the checked expression is not known")
        if at + size > len(message):
            raise ValueError("the checked expression ends too early")
        yield tag >> 3, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """The number that begins at *at*, and where the next thing begins."""
    number = 0
    for place, byte in enumerate(message[at : at + _LONGEST_VARINT]):
        number |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return number, at + place + 1
    raise ValueError("the checked expression ends within a number")


def _only(message: bytes, wanted: int) -> bytes:
    for field, value in _fields(message):
        if field == wanted:
            return _message(value)
    raise ValueError("there is no checked expression")


def _message(value: int | bytes) -> bytes:
    if isinstance(value, bytes):
        return value
    raise ValueError("a number stands where the checked expression has a message")


def _unknown(what: str, field: int) -> ValueError:
    return ValueError(f"field {field} of a checked {what} is not known, so it cannot be counted")
