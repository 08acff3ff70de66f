"""Where in a document the rules of a policy look, found in what their expressions compile to.

More places rather than fewer: a name that stands for an element of a list stands for the
elements of every list that is gone through around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from mlgitops.adapters.cel_engine import checked_tree, compilation
from mlgitops.adapters.cel_engine.checked_tree import Node
from mlgitops.model.policy import Policy
from mlgitops.spec.readings import SECTIONS

Place = tuple[str | int, ...]


@cache
def _known() -> Any:
    from cel_expr_python import cel

    return compilation.environment(cel, SECTIONS)


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What a part of an expression may be: *places* of the document, or *texts*.

    *items* is the same for the elements of a list that the expression makes.
    """

    places: frozenset[Place] = frozenset()
    texts: frozenset[str] = frozenset()
    items: _Meaning | None = None


_NOTHING = _Meaning()


def places_read(
    policy: Policy, parameters: Mapping[str, Any], document: Mapping[str, Any]
) -> frozenset[Place]:
    """Every place of *document* that the conditions of *policy* look at, and those above it."""
    reading = _Reading({**document, "params": parameters})
    for variable in policy.variables:
        reading.variables[variable.name] = reading.of(variable.expression)
    conditions = [policy.when, *(one for rule in policy.rules for one in (rule.passes, rule.fails))]
    for expression in conditions:
        if expression is not None:
            reading.of(expression)
    return frozenset(place for place in reading.found if place[0] != "params")


@dataclass(slots=True)
class _Reading:
    document: Mapping[str, Any]
    found: set[Place] = field(default_factory=set)
    elements: list[_Meaning] = field(default_factory=list)
    variables: dict[str, _Meaning] = field(default_factory=dict)

    def of(self, expression: str) -> _Meaning:
        return self.meaning(checked_tree.read(_known().compile(expression).serialize()).root)

    def meaning(self, node: Node) -> _Meaning:
        match node.kind:
            case "constant":
                return _Meaning(texts=_texts([node.value]))
            case "name":
                return self._name(node.name)
            case "field" if node.children[0].name == "variables":
                return self.variables[node.name]
            case "field":
                return self._below(self.meaning(node.children[0]), [node.name])
            case "list":
                return _Meaning(items=_any(map(self.meaning, node.children)))
            case "comprehension":
                return self._comprehension(node)
            case _:
                return self._call(node)

    def _name(self, name: str) -> _Meaning:
        if name in self.document:
            return self._at({(name,)})
        if name.isidentifier() and not name.startswith("__"):
            return _any(self.elements)
        return _NOTHING  # the accumulator of a macro

    def _call(self, node: Node) -> _Meaning:
        parts = [self.meaning(child) for child in node.children]
        if node.name == "_[_]":
            container, key = parts
            below = self._below(container, key.texts | self._values(key))
            return _any([below, container.items or _NOTHING])
        if node.name == "keys":
            names = (name for place in parts[0].places for name in self.at(place))
            return _Meaning(items=_Meaning(texts=_texts(names)))
        return _any(parts)

    def _comprehension(self, node: Node) -> _Meaning:
        through, *body = node.children
        elements = self._elements(self.meaning(through))
        self.elements.append(elements)
        parts = [self.meaning(child) for child in body]
        self.elements.pop()
        return _Meaning(items=_any([elements, *parts, *(part.items or _NOTHING for part in parts)]))

    def _elements(self, of: _Meaning) -> _Meaning:
        places: set[Place] = set()
        texts: set[str] = set()
        for place in of.places:
            value = self.at(place)
            if isinstance(value, list):
                places.update((*place, index) for index in range(len(value)))
            elif isinstance(value, dict):
                texts.update(value)
        return _any([self._at(places), _Meaning(texts=frozenset(texts)), of.items or _NOTHING])

    def _below(self, of: _Meaning, keys: Iterable[str]) -> _Meaning:
        under = {(*place, key) for place in of.places for key in keys}
        return self._at({place for place in under if self._is_there(place)})

    def _at(self, places: Iterable[Place]) -> _Meaning:
        known = frozenset(places)
        self.found |= known
        return _Meaning(places=known)

    def _values(self, of: _Meaning) -> frozenset[str]:
        return _texts(self.at(place) for place in of.places)

    def _is_there(self, place: Place) -> bool:
        above = self.at(place[:-1])
        return isinstance(above, dict) and place[-1] in above

    def at(self, place: Place) -> Any:
        value: Any = self.document
        for step in place:
            value = value[step]
        return value


def _texts(values: Iterable[Any]) -> frozenset[str]:
    return frozenset(value for value in values if isinstance(value, str))


def _any(meanings: Iterable[_Meaning]) -> _Meaning:
    """What is one of *meanings*."""
    places: set[Place] = set()
    texts: set[str] = set()
    items: list[_Meaning] = []
    for one in meanings:
        places |= one.places
        texts |= one.texts
        items += [one.items] if one.items else []
    return _Meaning(frozenset(places), frozenset(texts), _any(items) if items else None)
