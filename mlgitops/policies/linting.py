"""What easily goes wrong in rules that are right as far as a compiler can tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mlgitops.model.policy import Policy, Rule
from mlgitops.policies.messages import fields
from mlgitops.policies.tokens import Token, beside, tokens
from mlgitops.policies.variables import VARIABLES, read

SmellKind = Literal["hidden-error", "no-interval", "double-negation"]

# Whether sound evidence may lack what is at a path, `*` for a key that is computed.
MayLack = Callable[[Sequence[str]], bool]

_ORDERS = frozenset({"<", "<=", ">", ">="})
_APART = frozenset({"?", ":", ","})
_LOGICAL = _APART | {"&&", "||"}
_RELATIONAL = _LOGICAL | _ORDERS | {"==", "!=", "in"}
_POINTS = frozenset({"value", "delta"})
_ENDS = frozenset({"low", "high"})
_PARAMETERS = "params"


@dataclass(frozen=True, slots=True)
class Smell:
    """Something odd *at* so many characters into an expression, where *text* stands."""

    kind: SmellKind
    at: int
    text: str


def smells(expression: str, may_lack: MayLack, paths: Mapping[str, str]) -> Iterator[Smell]:
    """What is odd about *expression*, in order; *paths* are those of variables."""

    def may_be_missing(path: Sequence[str]) -> bool:
        if path[0] == VARIABLES and len(path) > 1 and path[1] in paths:
            return may_lack([*_path(tokens(paths[path[1]])), *path[2:]])
        return may_lack(path)

    found = tokens(expression)
    for index, token in enumerate(found):
        if token.text == "||" and _hides(found, index, may_be_missing):
            yield Smell("hidden-error", token.start, token.text)
        if token.text in _ORDERS and _compares(found, index, _POINTS):
            yield Smell("no-interval", token.start, token.text)
        if token.text == "!" and _is_negation(found, index + 1):
            yield Smell("double-negation", token.start, token.text)


def judges_interval(rule: Rule) -> bool:
    """Whether `pass` holds an end of an interval against something that is none."""
    found = tokens(rule.passes)
    return any(
        token.text in _ORDERS and _compares(found, index, _ENDS)
        for index, token in enumerate(found)
    )


def unused_parameters(policy: Policy) -> tuple[str, ...]:
    """Parameters that no expression of *policy* reads, messages included."""
    names: set[str] = set()
    for expression in _expressions(policy):
        found = tokens(expression)
        for index, token in enumerate(found):
            if token.text == _PARAMETERS and not _is_member(found, index):
                following = [one.text for one in found[index + 1 : index + 3]]
                if following[:1] == ["."]:
                    names.update(following[1:])
                else:  # by a computed name: it may be any
                    return ()
    return tuple(one.name for one in policy.parameters if one.name not in names)


def unused_variables(policy: Policy) -> tuple[str, ...]:
    """Variables that no expression of *policy* reads, messages included."""
    names = {name for expression in _expressions(policy) for name in read(expression)}
    return tuple(one.name for one in policy.variables if one.name not in names)


def _expressions(policy: Policy) -> Iterator[str]:
    yield from (one.expression for one in policy.variables)
    yield policy.when or ""
    for rule in policy.rules:
        yield from (rule.passes, rule.fails or "", *fields(rule.message))


def _hides(found: Sequence[Token], at: int, may_lack: MayLack) -> bool:
    """Whether one side of `||` can be an error that the other hides, and nobody asked first."""
    words = {token.text for side in beside(found, at, _APART) for token in side}
    if words & {"has", "in"}:
        return False
    return any(may_lack(path) for side in beside(found, at, _LOGICAL) for path in _paths(side))


def _paths(found: Sequence[Token]) -> Iterator[tuple[str, ...]]:
    """What *found* looks up in the evidence, from its section on."""
    for index, token in enumerate(found):
        if token.kind == "name" and not _is_member(found, index) and token.text != _PARAMETERS:
            yield tuple(_path(found[index:]))


def _path(found: Sequence[Token]) -> Iterator[str]:
    depth = found[0].depth
    yield found[0].text
    index = 1
    while index < len(found):
        token = found[index]
        if token.text == "." and index + 1 < len(found):
            yield found[index + 1].text
            index += 2
        elif token.text == "[" and token.depth == depth:
            yield "*"
            while index < len(found) and (found[index].text, found[index].depth) != ("]", depth):
                index += 1
            index += 1
        else:
            return


def _compares(found: Sequence[Token], at: int, names: frozenset[str]) -> bool:
    """Whether one side of the relation reads one of *names*, the other nothing of an interval."""
    left, right = (_members(side) for side in beside(found, at, _RELATIONAL))
    of_interval = _POINTS | _ENDS
    return bool(
        (left & names and not right & of_interval) or (right & names and not left & of_interval)
    )


def _members(found: Sequence[Token]) -> set[str]:
    return {token.text for index, token in enumerate(found) if _is_member(found, index)}


def _is_member(found: Sequence[Token], index: int) -> bool:
    return index > 0 and found[index - 1].text == "."


def _is_negation(found: Sequence[Token], at: int) -> bool:
    """Whether what begins *at* is `!x`, or one negation or inequality in brackets."""
    if at >= len(found):
        return False
    if found[at].text == "!":
        return True
    if found[at].text != "(":
        return False
    depth = found[at].depth
    end = next((i for i in range(at + 1, len(found)) if found[i].depth <= depth), len(found))
    inner = found[at + 1 : end]
    on_top = {one.text for one in inner if one.depth == depth + 1 and one.kind == "operator"}
    return bool(inner) and not on_top & _LOGICAL and (inner[0].text == "!" or "!=" in on_top)
