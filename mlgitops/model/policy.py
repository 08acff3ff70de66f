"""What a Policy, its tests and its exceptions say, and how a gate binds it."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

Level = Literal["audit", "advisory", "soft", "hard"]
LimitKind = Literal["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"]

_CONTEXT = re.compile(r"\bcontext\b")
_RELATIONS: Final[Mapping[LimitKind, tuple[str, Callable[[float, float], bool]]]] = {
    "minimum": ("at least", operator.ge),
    "exclusiveMinimum": ("more than", operator.gt),
    "maximum": ("at most", operator.le),
    "exclusiveMaximum": ("less than", operator.lt),
}
NOT_WORSE: Final = "not-worse-than-champion"
"""Judges every model, bound or not; `margin` is the loss against the champion that it allows."""
LIMITS: Final = tuple(_RELATIONS)
"""The limits that a parameter may have, by their names in JSON Schema."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A policy by name with its parameters.

    *level* is set only where an environment binds it; before the day *since* the gate
    is judged and blocks nothing.
    """

    policy: str
    parameters: Mapping[str, Any]
    level: Level | None = None
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """One end of the numbers that a parameter takes."""

    kind: LimitKind
    value: float

    def __str__(self) -> str:
        return f"{_RELATIONS[self.kind][0]} {self.value:g}"

    def admits(self, number: float) -> bool:
        """Whether *number* is on the right side; NaN is on none."""
        return _RELATIONS[self.kind][1](number, self.value)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A typed argument of a policy; *default* None means it must be given.

    A `list` is one of texts. Only a `number` has *limits*, which hold what a gate gives;
    a policy's test may go beyond them.
    """

    name: str
    type: Literal["number", "string", "boolean", "list"]
    default: float | str | bool | tuple[str, ...] | None
    limits: tuple[Limit, ...] = ()

    def passed(self, value: Any) -> Limit | None:
        """The first limit that *value*, of the right type, is beyond; None if it keeps to all."""
        return next((limit for limit in self.limits if not limit.admits(value)), None)


@dataclass(frozen=True, slots=True)
class Variable:
    """What *expression* comes to, by a name: the expressions behind it read `variables.<name>`."""

    name: str
    expression: str


@dataclass(frozen=True, slots=True)
class Rule:
    """CEL over evidence: *passes*, optionally *fails*; neither true is inconclusive.

    *message* holds `{expression}` or `{expression:.4f}` fields.
    """

    id: str
    passes: str
    fails: str | None
    message: str
    remediation: str


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules with parameters; *when* false means the policy does not apply.

    Each of *variables* may read those before it.
    """

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    when: str | None
    rules: tuple[Rule, ...]
    variables: tuple[Variable, ...] = ()

    @property
    def asks_for_context(self) -> bool:
        """Whether it names `context`, so that its verdict may change with the time.

        A text that has the word counts too: a decision is made anew once too often.
        """
        texts = [self.when or "", *(one.expression for one in self.variables)]
        for rule in self.rules:
            texts += [rule.passes, rule.fails or "", rule.message]
        return any(_CONTEXT.search(text) for text in texts)


@dataclass(frozen=True, slots=True)
class Waiver:
    """A reviewed exception for one policy and candidate, until *expires* (inclusive).

    *rules* names those that need not pass; empty for all of the policy's.
    """

    name: str
    policy: str
    model: str
    candidate: str
    reason: str
    expires: date
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """What a case of a policy's test has to come to.

    *rules* are exactly those with that verdict, empty for any; *message* is part of what
    one of the rules says.
    """

    verdict: Literal["pass", "fail", "inconclusive", "error", "not-applicable"]
    rules: tuple[str, ...] = ()
    message: str = ""


@dataclass(frozen=True, slots=True)
class PolicyCase:
    """One document that a policy is tried on: the test's evidence, changed.

    *values* are what to set by path, *removed* the paths to leave out; *parameters* and
    *context* come on top of the test's.
    """

    name: str
    values: Mapping[str, Any]
    removed: tuple[str, ...]
    parameters: Mapping[str, Any]
    context: Mapping[str, Any]
    expected: Expected


@dataclass(frozen=True, slots=True)
class PolicyTest:
    """Cases for one policy, judged without clock, network or model.

    *now* is the time of every decision, RFC 3339 in UTC. *evidence* is `example`, the
    document that comes with mlgitops, or the path of a JSON file.
    """

    name: str
    policy: str
    parameters: Mapping[str, Any]
    now: str
    evidence: str
    cases: tuple[PolicyCase, ...]
