"""What an expression compares and no evidence could make true: a record with a number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from mlgitops.model.expressions import Compared, Side, Steps, ValueKind
from mlgitops.model.policy import Parameter
from mlgitops.spec import evidence_shape
from mlgitops.spec.evidence_shape import Shape
from mlgitops.spec.readings import CONTEXT, PARAMETERS, SECTIONS, path_text, resolved

_EQUALITY: Final = ("==", "!=")
_MANY: Final = ("record", "map", "list")
_WORDS: Final[Mapping[ValueKind, str]] = {
    "number": "a number",
    "text": "text",
    "boolean": "true or false",
    "null": "null",
    "list": "a list",
    "record": "a record",
    "map": "a map",
}
_OF_PARAMETERS: Final[Mapping[str, ValueKind]] = {
    "number": "number",
    "string": "text",
    "boolean": "boolean",
    "list": "list",
}
_MOST_FIELDS: Final = 4
_ENDS: Final = ("low", "value", "mean")


@dataclass(frozen=True, slots=True)
class Known:
    """What the policy around an expression declares.

    *variables* are those before it, each with where it is looked up, None for what it
    computes.
    """

    parameters: Mapping[str, Parameter]
    variables: Mapping[str, Steps | None]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """What is wrong with a comparison: with the side that ends in *name*, and what to do."""

    at: int | None
    name: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class _Operand:
    side: Side
    path: Steps | None
    shape: Shape

    @property
    def text(self) -> str:
        return path_text(self.path) if self.path else _WORDS[self.shape.kind]

    @property
    def name(self) -> str:
        return self.side.path[-1] if self.side.path else ""


def mismatches(compared: tuple[Compared, ...], known: Known) -> Iterator[Mismatch]:
    """Each of *compared* that is an error whatever the evidence, or never true."""
    for one in compared:
        sides = [_operand(one.left, known), _operand(one.right, known)]
        told = [side for side in sides if side is not None]
        kinds = {side.shape.kind for side in told}
        is_equality = one.operator in _EQUALITY
        if is_equality and (len(kinds) < 2 or "null" in kinds or kinds == {"record", "map"}):
            continue
        many = next((side for side in told if side.shape.kind in _MANY), None)
        if many is not None and many.path is not None:
            yield _of_many(many, many.path)
        elif len(kinds) == 2:
            yield _of_kinds(one.operator, *told)


def _of_many(one: _Operand, path: Steps) -> Mismatch:
    text, fields = path_text(path), one.shape.fields
    if one.shape.kind == "list":
        message = f"{text} is a list, which is compared with nothing as a whole"
        hint = f"compare its length, `size({text})`, or each item: `{text}.all(one, …)`"
    elif not fields:
        message = f"{text} is a map, which is compared with nothing as a whole"
        hint = f"compare what one of its keys leads to: `{text}[…]`"
    else:
        shown = ", ".join(fields[:_MOST_FIELDS]) + (", …" if len(fields) > _MOST_FIELDS else "")
        message = f"{text} is a record of {shown}"
        end = next((end for end in _ENDS if end in fields), fields[0])
        whole = "…" if "[]" in text else text  # which is no expression
        hint = f"compare one of them, such as `{whole}.{end}`"
    return Mismatch(one.side.at, one.name, message, hint)


def _of_kinds(operator: str, left: _Operand, right: _Operand) -> Mismatch:
    marked = left if left.side.path else right
    kinds = f"{_WORDS[left.shape.kind]} with {_WORDS[right.shape.kind]}"
    hint = "compare what is of one kind"
    is_quoted = any(one.path is None and one.shape.kind == "text" for one in (left, right))
    if is_quoted and "number" in (left.shape.kind, right.shape.kind):
        hint = "write a number without quotes"
    message = f"{marked.text}: `{operator}` compares {kinds}"
    return Mismatch(marked.side.at, marked.name, message, hint)


def _operand(side: Side, known: Known) -> _Operand | None:
    """*side* as far as it is known what it comes to."""
    if side.kind is not None:
        return _Operand(side, None, Shape(side.kind))
    path = resolved(side.path, known.variables) if side.path else None
    if path is None:
        return None
    shape = None
    if path[0] == PARAMETERS and len(path) == 2 and path[1] in known.parameters:
        shape = Shape(_OF_PARAMETERS[known.parameters[path[1]].type])
    elif path[0] in SECTIONS and path[0] != CONTEXT:
        shape = evidence_shape.shape(path)
    return _Operand(side, path, shape) if shape else None
