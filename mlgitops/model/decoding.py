"""Builds values of our types from JSON that anybody may have written.

What fits is what the types say: dataclasses and TypedDicts of text, numbers, booleans,
enumerations, and lists and mappings of these. Nothing may be missing, nothing be added,
but for a dataclass' fields that are `LATER`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import (
    Any,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

# Metadata of a field that older documents do not have: where it is missing, its default counts.
LATER: Mapping[str, bool] = {"later": True}

_WORDS: Mapping[Any, str] = {str: "text", bool: "true or false", int: "an integer"}


def decoded(kind: Any, value: Any, place: str = "") -> Any:
    """*value* of JSON as the type *kind*, lists as tuples; *place* is where it was found.

    Raises:
        ValueError: it does not fit; says where.
    """
    if is_dataclass(kind) or is_typeddict(kind):
        return kind(**_fields(kind, value, place))
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _one_of(inner, value, place)
    if origin is tuple:
        _demand(isinstance(value, list), place, "a list")
        return tuple(decoded(inner[0], one, f"{place}[{at}]") for at, one in enumerate(value))
    if origin in (Mapping, dict):
        _demand(isinstance(value, dict), place, "an object")
        return {key: decoded(inner[1], one, f"{place}.{key}") for key, one in value.items()}
    if origin is Literal or (isinstance(kind, type) and issubclass(kind, Enum)):
        known: tuple[str, ...] = inner or tuple(kind)
        _demand(isinstance(value, str) and value in known, place, f"one of {', '.join(known)}")
        return kind(value) if origin is None else value
    _demand(_has_type(value, kind), place, _WORDS.get(kind, "a number"))
    return value


def _fields(kind: Any, value: Any, place: str) -> dict[str, Any]:
    _demand(isinstance(value, dict), place, "an object")
    hints, later = _hints(kind), _later(kind)
    for name in value:
        if name not in hints:
            raise ValueError(f"{_below(place, name)} is not known")
    found = {}
    for name, hint in hints.items():
        is_optional = get_origin(hint) is NotRequired
        if name in value:
            inner = get_args(hint)[0] if is_optional else hint
            found[name] = decoded(inner, value[name], _below(place, name))
        elif not is_optional and name not in later:
            raise ValueError(f"{_below(place, name)} is missing")
    return found


@cache
def _hints(kind: Any) -> dict[str, Any]:
    # `__required_keys__` would not do: of annotations that are text it knows nothing.
    return get_type_hints(kind, include_extras=True)


@cache
def _later(kind: Any) -> frozenset[str]:
    known = fields(kind) if is_dataclass(kind) else ()
    return frozenset(one.name for one in known if one.metadata.get("later"))


def _one_of(kinds: tuple[Any, ...], value: Any, place: str) -> Any:
    """Of a type or None: that is all that our unions are."""
    [other] = (kind for kind in kinds if kind is not NoneType)
    return None if value is None else decoded(other, value, place)


def _has_type(value: Any, kind: Any) -> bool:
    if kind is Any:
        return True
    return type(value) in (int, float) if kind is float else type(value) is kind


def _demand(fits: bool, place: str, wanted: str) -> None:
    if not fits:
        raise ValueError(f"{place or 'it'} is not {wanted}")


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
