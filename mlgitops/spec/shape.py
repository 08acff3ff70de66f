"""Checks a tree against the JSON Schema of its kind, with the exact place of each fault."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from mlgitops.model.source import Diagnostic, Span
from mlgitops.model.spec import Kind
from mlgitops.spec.acceptance import accepts
from mlgitops.spec.problems import MOST_PER_FILE, did_you_mean, nearest, shown, with_point
from mlgitops.spec.schemas import API_VERSION, schema
from mlgitops.spec.yaml_tree import Path, Tree

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

# A jsonschema.ValidationError, whose annotations let every attribute be unset.
Error = Any

# Keys of CEL, and keys that stand elsewhere, with the hint that sends there.
_CONDITIONS = frozenset({"pass", "fail", "when"})
_ELSEWHERE = {
    "level": "levels belong to an environment's policies",
    "since": "the day from which a gate blocks belongs to an environment's policies",
}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TYPE_NAMES = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}


def kind_of(tree: Tree) -> Kind | None:
    """The kind that the file says it is, or None when that is no kind."""
    kind = tree.value.get("kind")
    return Kind(kind) if isinstance(kind, str) and kind in set(Kind) else None


def check(tree: Tree) -> list[Diagnostic]:
    """All faults of shape, at most `MOST_PER_FILE`; first of all a wrong version or kind."""
    kind = kind_of(tree)
    if kind is not None and accepts(kind, tree.value):
        return []
    head = list(_head(tree, kind))
    if head or kind is None:
        return head
    errors = islice(_validator(kind).iter_errors(tree.value), MOST_PER_FILE)
    return _one_per_place(fault for error in errors for fault in _faults(error, tree))


def located(path: Path) -> str:
    """*path* as people write it: `spec.gates[0].with`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part.isidentifier() and len(part) <= 64:
            text += f".{part}" if text else part
        else:
            text += f"[{shown(part)}]"
    return text


def place_of_key(tree: Tree, path: Path) -> Span:
    """The key that holds *path*; for an item of a list the item, for the root its start."""
    if path in tree.keys:
        return tree.keys[path]
    span = tree.spans[path]
    return span if path else Span(span.file, span.line, span.column, span.start, span.start)


def _head(tree: Tree, kind: Kind | None) -> Iterator[Diagnostic]:
    """What is wrong with `apiVersion` and `kind`, without which nothing else means anything."""
    version = tree.value.get("apiVersion")
    if "apiVersion" not in tree.value:
        hint = f"add `apiVersion: {API_VERSION}`"
        yield Diagnostic("SPEC203", "apiVersion is missing", place_of_key(tree, ()), hint)
    elif version != API_VERSION:
        message = f"apiVersion: {shown(version)} is not known here"
        hint = f"write {API_VERSION}, or use the mlgitops that reads this version"
        yield Diagnostic("SPEC208", message, tree.spans["apiVersion",], hint)
    if "kind" not in tree.value:
        hint = f"add `kind:` and one of {', '.join(Kind)}"
        yield Diagnostic("SPEC203", "kind is missing", place_of_key(tree, ()), hint)
    elif kind is None:
        found = tree.value["kind"]
        message = f"kind: {shown(found)} is not a kind"
        yield Diagnostic("SPEC209", message, tree.spans["kind",], did_you_mean(found, Kind))


def _validator(kind: Kind) -> Validator:
    from jsonschema import Draft202012Validator, FormatChecker

    return Draft202012Validator(schema(kind), format_checker=FormatChecker(["date"]))


def _one_per_place(faults: Iterator[Diagnostic]) -> list[Diagnostic]:
    """The first fault of each place: a second only repeats it in other words.

    A wrong type comes before whatever follows from it.
    """
    kept: dict[Any, Diagnostic] = {}
    for fault in sorted(faults, key=lambda fault: fault.code != "SPEC201"):
        missing = fault.message if fault.code == "SPEC203" else None
        kept.setdefault((fault.span, missing), fault)
    return list(kept.values())[:MOST_PER_FILE]


def _faults(error: Error, tree: Tree) -> Iterator[Diagnostic]:
    path: Path = tuple(error.absolute_path)
    if "propertyNames" in error.absolute_schema_path:
        yield _wrong_name(error, tree, path)
        return
    match error.validator:
        case "additionalProperties":
            yield from _unknown_keys(error, tree, path)
        case "required":
            yield from _missing_keys(error.validator_value, error, tree, path)
        case "dependentRequired":
            needed = [error.validator_value.get(key, ()) for key in error.instance]
            yield from _missing_keys(chain.from_iterable(needed), error, tree, path)
        case "oneOf":
            if isinstance(error.instance, dict):  # else its type is the fault, and listed
                yield _not_exactly_one(error, tree, path)
        case _:
            yield _wrong_value(error, tree, path)


def _wrong_name(error: Error, tree: Tree, path: Path) -> Diagnostic:
    message = f"{located(path)}: the key {shown(error.instance)} has the wrong form"
    place = tree.keys[*path, str(error.instance)]
    return Diagnostic("SPEC205", message, place, _description(error.schema))


def _unknown_keys(error: Error, tree: Tree, path: Path) -> Iterator[Diagnostic]:
    known = _mapping(error.schema).get("properties", {})
    unused = [key for key in known if key not in error.instance]
    unknown = (key for key in error.instance if key not in known)
    for key in islice(unknown, MOST_PER_FILE):
        near = nearest(key, unused)
        hint = f'did you mean "{near}"?' if near else f"known keys: {', '.join(known)}"
        if path[:2] == ("spec", "gates") and key in _ELSEWHERE:
            hint = _ELSEWHERE[key]
        message = f"{_prefix(path)}unknown key {shown(key)}"
        yield Diagnostic("SPEC202", message, tree.keys[*path, key], hint)


def _missing_keys(
    needed: Iterable[str], error: Error, tree: Tree, path: Path
) -> Iterator[Diagnostic]:
    properties = _mapping(error.schema).get("properties", {})
    for key in needed:
        if key not in error.instance:
            description = _description(properties.get(key, {}))
            hint = f"add `{key}:`" + (f" ({description})" if description else "")
            message = f"{located((*path, key))} is missing"
            yield Diagnostic("SPEC203", message, place_of_key(tree, path), hint)


def _not_exactly_one(error: Error, tree: Tree, path: Path) -> Diagnostic:
    choices = [branch["required"][0] for branch in error.validator_value]
    found = [key for key in choices if key in error.instance]
    message = (
        f"{located(path)}: exactly one of {', '.join(choices)} is needed, "
        f"found {' and '.join(found) or 'none'}"
    )
    place = tree.keys[*path, found[1]] if found else place_of_key(tree, path)
    return Diagnostic("SPEC210", message, place, "keep one of them" if found else "add one of them")


def _wrong_value(error: Error, tree: Tree, path: Path) -> Diagnostic:
    code, describe = _VALUE_FAULTS[str(error.validator)]
    message, hint = describe(error)
    place = tree.spans[path]
    if error.instance is None:
        place = place_of_key(tree, path)  # an empty value has no width to point at
    return Diagnostic(code, f"{_prefix(path)}{message}", place, hint)


def _wrong_type(error: Error) -> tuple[str, str | None]:
    wanted = error.validator_value
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    expected = " or ".join(_TYPE_NAMES[name] for name in names)
    message = f"expected {expected}, found {shown(error.instance)}"
    if error.instance is not None and _is_condition(error):
        return message, "write a condition, such as `metrics.f1.low >= params.min`"
    return message, _type_hint(error.instance, names)


def _is_condition(error: Error) -> bool:
    path = error.absolute_path
    return len(path) > 1 and path[-1] in _CONDITIONS and (len(path) == 2 or path[1] == "rules")


def _type_hint(found: Any, names: list[str]) -> str | None:
    if found is None:
        return "write a value, or remove the key"
    if "string" in names and isinstance(found, int | float):
        return "put it in quotes if it is text"
    if {"number", "integer"} & set(names) and isinstance(found, str):
        return with_point(found) or "write a number, without quotes"
    if "array" in names:
        in_place = "begin each item with `- `" if isinstance(found, dict) else None
        return in_place or "put it in brackets: [ … ]"
    return None


def _not_listed(error: Error) -> tuple[str, str | None]:
    listed = error.validator_value
    return f"{shown(error.instance)} is not one of the known values", did_you_mean(
        error.instance, listed
    )


def _wrong_form(error: Error) -> tuple[str, str | None]:
    if error.validator == "format" and _DAY.fullmatch(error.instance):
        return f"there is no day {shown(error.instance)}", "write one that the calendar has"
    return f"{shown(error.instance)} has the wrong form", _description(error.schema)


def _out_of_range(relation: str) -> Callable[[Error], tuple[str, str | None]]:
    def describe(error: Error) -> tuple[str, str | None]:
        message = f"{shown(error.instance)} is not {relation} {error.validator_value}"
        return message, _description(error.schema)

    return describe


def _wrong_count(relation: str, what: str) -> Callable[[Error], tuple[str, str | None]]:
    def describe(error: Error) -> tuple[str, str | None]:
        limit = error.validator_value
        message = f"found {len(error.instance)} {what}, expected at {relation} {limit}"
        return message, _description(error.schema)

    return describe


_VALUE_FAULTS: Mapping[str, tuple[str, Callable[[Error], tuple[str, str | None]]]] = {
    "type": ("SPEC201", _wrong_type),
    "enum": ("SPEC204", _not_listed),
    "pattern": ("SPEC205", _wrong_form),
    "format": ("SPEC205", _wrong_form),
    "minimum": ("SPEC206", _out_of_range("at least")),
    "exclusiveMinimum": ("SPEC206", _out_of_range("more than")),
    "maximum": ("SPEC206", _out_of_range("at most")),
    "exclusiveMaximum": ("SPEC206", _out_of_range("less than")),
    "minLength": ("SPEC207", _wrong_count("least", "characters")),
    "maxLength": ("SPEC207", _wrong_count("most", "characters")),
    "minItems": ("SPEC207", _wrong_count("least", "items")),
    "maxItems": ("SPEC207", _wrong_count("most", "items")),
    "minProperties": ("SPEC207", _wrong_count("least", "keys")),
    "maxProperties": ("SPEC207", _wrong_count("most", "keys")),
}


def _prefix(path: Path) -> str:
    return f"{located(path)}: " if path else ""


def _description(node: Any) -> str | None:
    text = _mapping(node).get("description")
    return text if isinstance(text, str) else None


def _mapping(node: Any) -> Mapping[str, Any]:
    """A schema node; `True` and `False` are schemas too, with nothing in them."""
    return node if isinstance(node, Mapping) else {}
