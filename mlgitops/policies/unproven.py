"""A `pass` that is true although nothing was shown: of anything, of nothing, or by luck.

Told by the text of a policy, and only where it is certain: what another part of the
policy may rule out is left alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mlgitops.model.policy import Policy
from mlgitops.policies.conditions import (
    Comparison,
    comparison,
    conjuncts,
    disjuncts,
    filled,
    is_path,
    quantified,
)
from mlgitops.policies.tokens import tokens
from mlgitops.policies.variables import paths, reached, resolved

# Where they stand in an interval, from its lower end up.
_RANKS = {"low": 0, "value": 1, "delta": 1, "high": 2}
_ENDS = frozenset({"low", "high"})
# What none of is good news.
_FINDINGS = frozenset(
    {
        "artifact.globals",
        "artifact.unreadable",
        "compatibility.added",
        "compatibility.removed",
        "compatibility.retyped",
        "leakage.after_the_fact",
        "leakage.look_ahead",
    }
)
# Whose values are no evidence of ours, so that `low` and `empty` mean what their authors say.
_PARAMETERS, _OWN = "params", "ext"


@dataclass(frozen=True, slots=True)
class Place:
    """The stretch of an expression that begins *at* so many characters, and its *text*."""

    at: int
    text: str


@dataclass(frozen=True, slots=True)
class End(Place):
    """Where an end of an interval is read; *name* is `low` or `high`."""

    name: str


def holds_always(expression: str, certain: Collection[str] = ()) -> bool:
    """Whether *expression* is never false: each of its parts compares something with itself.

    *certain* are variables, as `variables.<name>`, that are never false either.
    """
    return all(_is_certain(one, certain) for one in conjuncts(expression))


def of_nothing(policy: Policy) -> Iterator[tuple[int, Place]]:
    """What `pass` asks of each item of a list, and no condition whether there is an item.

    Each with the place of its rule, and of the list in `pass`.
    """
    known = {one.name: one.expression for one in policy.variables if _is_given(one.expression)}
    known |= paths(policy.variables)
    conditions = [one for rule in policy.rules for one in conjuncts(rule.passes)]
    conditions += conjuncts(policy.when) if policy.when else ()
    variables = [one.expression for one in reached(conditions, policy.variables)]
    fails = [part for rule in policy.rules if rule.fails for part in disjuncts(rule.fails)]
    for index, rule in enumerate(policy.rules):
        for one in conjuncts(rule.passes):
            each = quantified(one)
            if each is None or not _may_be_empty(resolved(each.items, known)):
                continue
            others = [other for other in conditions if not _is_asked_of(each.items, other)]
            is_asked = any(_asks_for(each.items, other) for other in (*others, *variables))
            if not is_asked and not any(_finds_none(each.items, part) for part in fails):
                yield index, Place(rule.passes.find(one) + one.find(each.items), each.items)


def favourable(expression: str, known: Mapping[str, str]) -> Iterator[End]:
    """The ends of intervals in *expression* by which it holds without proof.

    In a `pass` they look better than what is sure, in a `fail` worse.

    *known* are the paths of variables. An end that is also held against a bound on its
    own side is not meant: `low <= 1.0` beside `low >= params.min` is a check of its range.
    """
    judged = [
        (conjunct, one, path)
        for conjunct in _asked(expression, known)
        if (one := comparison(conjunct)) and (path := _judged_end(one, known))
    ]
    sound = {path for _, one, path in judged if not _is_favourable(one, path[-1])}
    for conjunct, one, path in judged:
        if _is_favourable(one, path[-1]) and path not in sound:
            end = path[-1]
            inside = one.left.rfind(end)
            at = expression.find(conjunct) + conjunct.find(one.left) + max(0, inside)
            # A variable may stand for the end without naming it.
            yield End(at, end if inside >= 0 else one.left, end)


def _is_certain(conjunct: str, certain: Collection[str]) -> bool:
    if conjunct.strip("( )") in ("true", *certain):
        return True
    each = quantified(conjunct)
    if each is not None and each.offence.startswith("!("):
        return holds_always(each.offence[2:-1], certain)
    one = comparison(conjunct)
    return one is not None and _is_of_itself(one)


def _is_of_itself(one: Comparison) -> bool:
    """Whether both sides are the same, or of one interval in the order that it has."""
    left, right = _words(one.left), _words(one.right)
    if one.operator in ("==", "<=", ">=") and left == right:
        return True
    if one.operator == ">=" and right in (("0",), ("0.0",)):
        return _is_size(one.left)
    if one.operator == ">=":
        left, right = right, left
    elif one.operator != "<=":
        return False
    is_one = left[:-1] == right[:-1] and left[-2:-1] == (".",)
    return is_one and _RANKS.get(left[-1], 3) < _RANKS.get(right[-1], -1)


def _is_size(expression: str) -> bool:
    on_top = [one.text for one in tokens(expression) if one.depth == 0]
    is_method = on_top[-4:] == [".", "size", "(", ")"] and not {"+", "-", "*"} & set(on_top)
    return is_method or on_top == ["size", "(", ")"]


def _may_be_empty(items: str) -> bool:
    """Whether *items* may be none, which would be no good news."""
    return not _is_given(items) and "".join(_words(items)) not in _FINDINGS


def _is_given(items: str) -> bool:
    """Whether they are a parameter's or written out: whoever wrote them knows how many."""
    return _words(items)[:1] in ((_PARAMETERS,), ("[",))


def _is_asked_of(items: str, conjunct: str) -> bool:
    each = quantified(conjunct)
    return each is not None and _words(each.items) == _words(items)


def _asks_for(items: str, condition: str) -> bool:
    """Whether *condition* reads *items*, or whether there is what they are chosen from."""
    words, inside = _words(_without_calls(items)), _words(condition)
    if _contains(inside, words):
        return True
    for macro, asked in (("filter", (".", "exists")), ("map", ())):
        call = (".", macro, "(")
        at = next((i for i in range(len(words)) if words[i : i + 3] == call), None)
        if at is not None and _contains(inside, (*words[:at], *asked)):
            return True
    return False


def _finds_none(items: str, part: str) -> bool:
    """Whether *part*, by which a rule fails, is true where *items* has none."""
    one = comparison(part)
    if one is None or not _asks_for(items, one.left):
        return False
    if _is_size(one.left):
        is_least = one.operator == "==" and _words(one.right) in (("0",), ("0.0",))
        return is_least or one.operator in ("<", "<=")
    return one.operator == "==" and _words(one.right) == ("[", "]")


def _without_calls(items: str) -> str:
    """What *items* is made of by functions that make as many of as many."""
    found = tokens(items)
    while [one.text for one in found[:2]] in (["keys", "("], ["holm", "("]):
        closing = next((i for i, one in enumerate(found) if one.text == ")" and not one.depth), 0)
        if closing < len(found) - 1 or closing < 3:
            break
        items = items[found[2].start : found[-2].end]
        found = tokens(items)
    return items


def _contains(words: Sequence[str], part: Sequence[str]) -> bool:
    """Whether *part* stands in *words*, and not as the field of something else."""
    return any(
        tuple(words[i : i + len(part)]) == tuple(part) and words[i - 1 : i] != (".",)
        for i in range(len(words) - len(part) + 1)
    )


def _asked(expression: str, known: Mapping[str, str]) -> Iterator[str]:
    """The conditions that *expression* has as a whole, and those that it has of each item."""
    for conjunct in conjuncts(expression):
        each = quantified(conjunct)
        if each is None:
            yield conjunct
        elif each.offence.startswith("!(") and not _is_own(resolved(each.items, known)):
            yield from _asked(each.offence[2:-1], known)


def _judged_end(one: Comparison, known: Mapping[str, str]) -> tuple[str, ...] | None:
    """The path to the end of an interval that it holds against something that is of none."""
    path = filled(resolved(one.left, known), {})
    words = _words(path)
    is_end = len(words) > 2 and words[-2] == "." and words[-1] in _ENDS
    if not is_end or not is_path(path) or _is_own(path):
        return None
    bound = _words(one.right)
    is_parameter = len(bound) == 3 and bound[0] == _PARAMETERS
    is_bound = is_parameter or not _RANKS.keys() & set(bound)
    return words if is_bound and one.operator in ("<", "<=", ">", ">=") else None


def _is_favourable(one: Comparison, end: str) -> bool:
    """Whether the claim could be true of the *end* that it reads and false of the other."""
    return end == ("high" if one.operator in (">", ">=") else "low")


def _is_own(path: str) -> bool:
    return _OWN in _words(path)[:3]


def _words(expression: str) -> tuple[str, ...]:
    return tuple(one.text for one in tokens(expression))
