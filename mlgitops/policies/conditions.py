"""Takes a condition apart by its text: what holds only if all of its parts do.

Pure and total: what cannot be split with certainty, because `||` or `? :` is on
top or a bracket is open, stays whole.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlgitops.policies.tokens import Token, is_balanced, tokens

_RELATIONS = frozenset({"==", "!=", "<=", ">=", "<", ">", "in"})
_LOOSER = frozenset({"&&", "||", "?"})
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}
_PARAMETERS = "params"
# Of a list, written out where its parameter stands.
_MOST_ITEMS = 3
# What a path can be made of, and what no section of the evidence is called.
_OF_PATHS = frozenset({".", "[", "]"})
_TYPES = frozenset({"bool", "bytes", "double", "int", "list", "map", "string", "type", "uint"})
_WORDS = frozenset({_PARAMETERS, "true", "false", "null"}) | _TYPES


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left operator right`; the evidence, where only one side reads it, is on the left."""

    left: str
    operator: str
    right: str


@dataclass(frozen=True, slots=True)
class Quantified:
    """A condition on each of *items*; those where *offence* is true of *variable* break it."""

    items: str
    variable: str
    offence: str


def conjuncts(expression: str) -> tuple[str, ...]:
    """The parts of *expression* at its top-level `&&`, brackets around it taken off."""
    found = tokens(expression)
    if not found or not is_balanced(found):
        return (expression.strip(),)
    if _is_bracketed(found):
        inner = conjuncts(expression[found[0].end : found[-1].start])
        return inner if len(inner) > 1 else (_text(expression, found),)
    if {"||", "?"} & _on_top(found):
        return (_text(expression, found),)
    parts = _split(found, "&&")
    if len(parts) == 1 or not all(parts):
        return (_text(expression, found),)
    return tuple(one for part in parts for one in conjuncts(_text(expression, part)))


def disjuncts(expression: str) -> tuple[str, ...]:
    """The parts of *expression* at its top-level `||`, each of which makes it true."""
    found = tokens(expression)
    parts = _split(found, "||")
    if not is_balanced(found) or "?" in _on_top(found) or not all(parts):
        return (expression.strip(),)
    return tuple(_text(expression, part) for part in parts)


def comparison(conjunct: str) -> Comparison | None:
    """The two sides of *conjunct*, if a relation decides it."""
    found = tokens(conjunct)
    if not is_balanced(found):
        return None
    if _is_bracketed(found):
        return comparison(conjunct[found[0].end : found[-1].start])
    places = [i for i, one in enumerate(found) if one.depth == 0 and one.text in _RELATIONS]
    if not places or _LOOSER & _on_top(found):
        return None
    at = places[-1]  # relations bind to the left
    before, after = found[:at], found[at + 1 :]
    if not before or not after:
        return None
    left, right, operator = _text(conjunct, before), _text(conjunct, after), found[at].text
    if not is_path(left) and is_path(right) and operator in _FLIPPED:
        return Comparison(right, _FLIPPED[operator], left)
    return Comparison(left, operator, right)


def quantified(conjunct: str) -> Quantified | None:
    """What *conjunct* asks of each item, if it reads `xs.all(v, …)` or `!xs.exists(v, …)`."""
    found = tokens(conjunct)
    if not is_balanced(found):
        return None
    if _is_bracketed(found):
        return quantified(conjunct[found[0].end : found[-1].start])
    is_negated = bool(found) and found[0].text == "!"
    call = found[1:] if is_negated else found
    macro = _last_call(call)
    if macro is None or call[macro].text != ("exists" if is_negated else "all"):
        return None
    items, inner = call[: macro - 1], call[macro + 2 : -1]
    if not items or _on_top(items) - {"."}:
        return None
    arguments = _split(inner, ",", depth=1)
    if len(arguments) != 2 or len(arguments[0]) != 1 or not arguments[1]:
        return None
    condition = _text(conjunct, arguments[1])
    offence = condition if is_negated else f"!({condition})"
    return Quantified(_text(conjunct, items), arguments[0][0].text, offence)


def entries(expression: str) -> tuple[str, ...]:
    """The entries of a list that is written out; none of anything else."""
    found = tokens(expression)
    if not is_balanced(found) or len(found) < 3 or found[0].text != "[":
        return ()
    if [one.text for one in found if one.depth == 0] != ["[", "]"]:
        return ()
    parts = _split(found[1:-1], ",", depth=1)
    return tuple(_text(expression, part) for part in parts if part)


def is_path(expression: str) -> bool:
    """Whether *expression* only looks something up in the evidence."""
    found = tokens(expression)
    if not found or found[0].kind != "name" or found[0].text in _WORDS:
        return False
    return all(
        token.kind in ("name", "string", "number") or token.text in _OF_PATHS for token in found
    )


def filled(expression: str, parameters: Mapping[str, Any]) -> str:
    """*expression* with the values of its parameters, `metrics.f1.low`, `0.6`, but long lists."""
    found = tokens(expression)
    parts: list[str] = []
    index = 0
    while index < len(found):
        token = found[index]
        gap = " " if index and token.start > found[index - 1].end else ""
        width, key = _key(found, index, parameters)
        after = found[index + width].text if index + width < len(found) else ""
        if parts and parts[-1] == "[" and after == "]" and key.isidentifier():
            parts[-1] = f".{key}"
            width += 1
        elif token.text == _PARAMETERS and width > 1:
            name = found[index + 2].text
            parts.append(gap + _written(name, parameters[name]))
        else:
            parts.append(gap + token.text)
        index += width
    return "".join(parts)


def _written(name: str, value: Any) -> str:
    if isinstance(value, list) and len(value) > _MOST_ITEMS:
        return f"{_PARAMETERS}.{name}"
    return json.dumps(value, ensure_ascii=False)


def _key(found: Sequence[Token], index: int, parameters: Mapping[str, Any]) -> tuple[int, str]:
    """How many tokens at *index* are one value, and that value if it is a known text."""
    first, *others = (token.text for token in found[index : index + 3])
    is_member = index > 0 and found[index - 1].text == "."
    name = others[1] if others[:1] == ["."] and len(others) > 1 else ""
    if first == _PARAMETERS and not is_member and name in parameters:
        value = parameters[name]
        return 3, value if isinstance(value, str) else ""
    if found[index].kind == "string" and "\\" not in first:
        return 1, first.strip("\"'")
    return 1, ""


def _is_bracketed(found: Sequence[Token]) -> bool:
    """Whether one pair of brackets is around all of *found*."""
    if not found or found[0].text != "(":
        return False
    closing = next(i for i, one in enumerate(found) if one.text == ")" and one.depth == 0)
    return closing == len(found) - 1 and closing > 1


def _last_call(found: Sequence[Token]) -> int | None:
    """The index of the name in `….name(…)`, if *found* ends with that call."""
    if not found or found[-1].text != ")":
        return None
    openings = [i for i, one in enumerate(found) if one.depth == 0 and one.kind == "open"]
    name = openings[-1] - 1
    if found[openings[-1]].text != "(" or name < 1 or found[name - 1].text != ".":
        return None
    return name


def _on_top(found: Sequence[Token]) -> set[str]:
    return {token.text for token in found if token.depth == 0 and token.kind == "operator"}


def _split(found: Sequence[Token], separator: str, *, depth: int = 0) -> list[Sequence[Token]]:
    parts: list[Sequence[Token]] = []
    start = 0
    for index, token in enumerate(found):
        if token.text == separator and token.depth == depth and token.kind == "operator":
            parts.append(found[start:index])
            start = index + 1
    return [*parts, found[start:]]


def _text(expression: str, found: Sequence[Token]) -> str:
    return expression[found[0].start : found[-1].end]
