"""Says quickly whether a value keeps to a schema; `shape` says why one does not.

`jsonschema` takes ten times as long as reading the file, and most files are
right. A schema becomes nested predicates here, once. Only the keywords that
our schemas use are known, and any other is an error, so that nothing is let
through unread. A property test holds every answer against `jsonschema`'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

from mlgitops.model.spec import Kind
from mlgitops.spec.schemas import schema

Predicate = Callable[[Any], bool]

_ANNOTATIONS = {"$schema", "$id", "$defs", "title", "description", "default", "examples"}
# Read by another keyword's predicate.
_COMPANIONS = {"additionalProperties", "required"}


def accepts(kind: Kind, value: Any) -> bool:
    """Whether *value*, a whole file, keeps to the schema of *kind*."""
    return _predicate_of(kind)(value)


@cache
def _predicate_of(kind: Kind) -> Predicate:
    return compiled(schema(kind))


def compiled(document: Mapping[str, Any]) -> Predicate:
    """A predicate for the self-contained schema *document*.

    Raises:
        KeyError: it uses a keyword that is not known here.
    """
    definitions: dict[str, Predicate] = {}
    for name, definition in document.get("$defs", {}).items():
        definitions[f"#/$defs/{name}"] = _node(definition, definitions)
    return _node(document, definitions)


def _node(node: Mapping[str, Any], definitions: Mapping[str, Predicate]) -> Predicate:
    predicates = [
        _KEYWORDS[keyword](argument, node, definitions)
        for keyword, argument in node.items()
        if keyword not in _ANNOTATIONS and keyword not in _COMPANIONS
    ]
    if _COMPANIONS & node.keys() and "properties" not in node:
        predicates.append(_properties({}, node, definitions))
    return _all(predicates)


def _all(predicates: Sequence[Predicate]) -> Predicate:
    # Nearly every node has one keyword or two: a generator would cost more than they do.
    match predicates:
        case [only]:
            return only
        case [first, second]:
            return lambda value: first(value) and second(value)
        case _:
            return lambda value: all(predicate(value) for predicate in predicates)


Compiler = Callable[[Any, Mapping[str, Any], Mapping[str, Predicate]], Predicate]


def _reference(
    target: str, _: Mapping[str, Any], definitions: Mapping[str, Predicate]
) -> Predicate:
    # Looked up late: a definition may refer to one that comes after it.
    return lambda value: definitions[target](value)  # noqa: PLW0108 - as said above


def _type(names: str | Sequence[str], *_: Any) -> Predicate:
    tests = [_TYPES[name] for name in ([names] if isinstance(names, str) else names)]
    if len(tests) == 1:
        return tests[0]
    return lambda value: any(test(value) for test in tests)


def _properties(
    properties: Mapping[str, Any], node: Mapping[str, Any], definitions: Mapping[str, Predicate]
) -> Predicate:
    known = {name: _node(below, definitions) for name, below in properties.items()}
    required = frozenset(node.get("required", ()))
    extra = node.get("additionalProperties", True)
    others = (lambda _: extra) if isinstance(extra, bool) else _node(extra, definitions)

    def check(value: Any) -> bool:
        if not isinstance(value, dict):
            return True
        # Not `all(…)`: this is where most of the time goes.
        for name, below in value.items():
            if not known.get(name, others)(below):
                return False
        return required <= value.keys()

    return check


def _property_names(
    names: Mapping[str, Any], _: Mapping[str, Any], definitions: Mapping[str, Predicate]
) -> Predicate:
    accepted = _node(names, definitions)
    return lambda value: not isinstance(value, dict) or all(map(accepted, value))


def _items(
    item: Mapping[str, Any], _: Mapping[str, Any], definitions: Mapping[str, Predicate]
) -> Predicate:
    accepted = _node(item, definitions)
    return lambda value: not isinstance(value, list) or all(map(accepted, value))


def _one_of(
    branches: Sequence[Mapping[str, Any]],
    _: Mapping[str, Any],
    definitions: Mapping[str, Predicate],
) -> Predicate:
    predicates = [_node(branch, definitions) for branch in branches]
    return lambda value: sum(predicate(value) for predicate in predicates) == 1


def _dependent_required(dependents: Mapping[str, Sequence[str]], *_: Any) -> Predicate:
    return lambda value: (
        not isinstance(value, dict)
        or all(set(needed) <= value.keys() for name, needed in dependents.items() if name in value)
    )


def _pattern(pattern: str, *_: Any) -> Predicate:
    search = re.compile(pattern).search
    return lambda value: not isinstance(value, str) or search(value) is not None


def _format(name: str, *_: Any) -> Predicate:
    return {"date": _is_date, "date-time": _is_moment}[name]


def _is_date(value: Any) -> bool:
    if not isinstance(value, str):
        return True
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_moment(value: Any) -> bool:
    if not isinstance(value, str):
        return True
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: Any) -> bool:
    return _is_number(value) and (isinstance(value, int) or value.is_integer())


def _bound(is_type: Predicate, holds: Callable[[Any, Any], bool]) -> Compiler:
    return lambda limit, *_: lambda value: not is_type(value) or holds(value, limit)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


_TYPES: Mapping[str, Predicate] = {
    "object": _is_mapping,
    "array": _is_list,
    "string": _is_text,
    "number": _is_number,
    "integer": _is_integer,
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}

_KEYWORDS: Mapping[str, Compiler] = {
    "$ref": _reference,
    "type": _type,
    # The constants of our schemas are text, where `==` is what JSON means by equal.
    "const": lambda constant, *_: lambda value: value == constant,
    "enum": lambda constants, *_: lambda value: value in constants,
    "properties": _properties,
    "propertyNames": _property_names,
    "items": _items,
    "oneOf": _one_of,
    "dependentRequired": _dependent_required,
    "pattern": _pattern,
    "format": _format,
    "minimum": _bound(_is_number, lambda value, limit: value >= limit),
    "exclusiveMinimum": _bound(_is_number, lambda value, limit: value > limit),
    "maximum": _bound(_is_number, lambda value, limit: value <= limit),
    "exclusiveMaximum": _bound(_is_number, lambda value, limit: value < limit),
    "minLength": _bound(_is_text, lambda value, limit: len(value) >= limit),
    "maxLength": _bound(_is_text, lambda value, limit: len(value) <= limit),
    "minItems": _bound(_is_list, lambda value, limit: len(value) >= limit),
    "maxItems": _bound(_is_list, lambda value, limit: len(value) <= limit),
    "minProperties": _bound(_is_mapping, lambda value, limit: len(value) >= limit),
    "maxProperties": _bound(_is_mapping, lambda value, limit: len(value) <= limit),
}
