"""What evidence can have at a path, as its schema tells.

Silent where the schema leaves it open, as it does below `ext`, and where a path depends on
what is computed: nothing is called unknown that some sound document has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from mlgitops.model.expressions import ANY, EACH, LISTED, ValueKind
from mlgitops.spec.evidence import schema

_OPEN: Final[Mapping[str, Any]] = {}
_KEY: Final[Mapping[str, Any]] = {"type": "string"}

_KINDS: Final[Mapping[str, ValueKind]] = {
    "number": "number",
    "integer": "number",
    "string": "text",
    "boolean": "boolean",
    "array": "list",
    "object": "map",
}

Form = Literal["fields", "list", "key", "value"]


@dataclass(frozen=True, slots=True)
class Gap:
    """The step *at* which a path leaves all that evidence has.

    *form* is that of what is before it: something with the fields *known*, a list, a key
    of a map that is gone through, or a single value.
    """

    at: int
    form: Form
    known: tuple[str, ...] = ()


def gap(path: Sequence[str]) -> Gap | None:
    """Where the first step of *path* is that no evidence has; None if there is none."""
    return _gap(schema(), path)


def may_lack(path: Sequence[str]) -> bool:
    """Whether a sound document may have nothing at *path*, which begins with a section."""
    node = schema()
    for step in path:
        if step not in node.get("required", ()):
            return step in node.get("properties", ()) or "properties" not in node
        node = _below(node, step) or _OPEN
    return False


@dataclass(frozen=True, slots=True)
class Shape:
    """What there is at a path: its *kind* and, of a record, its *fields*."""

    kind: ValueKind
    fields: tuple[str, ...] = ()


def shape(path: Sequence[str]) -> Shape | None:
    """What sound evidence has at *path*, null aside; None where that is open or nothing is."""
    node = schema()
    for step in path:
        below = _below(node, step)
        if below is None:
            return None
        node = below
    return _shape(node)


def _shape(node: Mapping[str, Any]) -> Shape | None:
    if fields := tuple(node.get("properties", ())):
        return Shape("record", fields)
    written = node.get("type")
    types = {written} if isinstance(written, str) else set(written or ())
    kinds = {_KINDS[one] for one in types - {"null"}}
    return Shape(kinds.pop()) if len(kinds) == 1 else None


def _gap(node: Mapping[str, Any], path: Sequence[str]) -> Gap | None:
    for at, step in enumerate(path):
        below = _below(node, step)
        if below is None:
            return Gap(at, _form(node), tuple(node.get("properties", ())))
        node = below
    return None


def _below(node: Mapping[str, Any], step: str) -> Mapping[str, Any] | None:
    """What is at *step* of what *node* describes, references followed; None if nothing can be."""
    if step == LISTED:
        return {"type": "array", "items": node}
    form = _form(node)
    if form == "list":
        is_place = step in (ANY, EACH) or step.isdecimal()
        return _followed(node.get("items", _OPEN)) if is_place else None
    if form in ("key", "value"):
        return _OPEN if step in (ANY, EACH) else None
    if step == EACH:
        return _KEY if "type" in node else _OPEN  # of a map its keys are gone through
    others = node.get("additionalProperties", True)
    known = node.get("properties", {})
    if step in known:
        return _followed(known[step])
    if isinstance(others, bool):
        return _OPEN if others or step == ANY else None
    return _followed(others)


def _form(node: Mapping[str, Any]) -> Form:
    if node is _KEY:
        return "key"
    types = node.get("type", "value" if node.keys() & {"enum", "const"} else "object")
    if "array" in types:
        return "list"
    return "fields" if "object" in types else "value"


def _followed(node: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        node = schema()["$defs"][node["$ref"].rpartition("/")[2]]
    return node
