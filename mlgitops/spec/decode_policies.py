"""Turns checked trees of policies and of their tests into values; see `decode`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlgitops.model.policy import (
    LIMITS,
    Expected,
    Limit,
    Parameter,
    Policy,
    PolicyCase,
    PolicyTest,
    Rule,
    Variable,
)


def policy(name: str, description: str, spec: Mapping[str, Any]) -> Policy:
    """The policy that *spec* describes."""
    return Policy(
        name=name,
        description=description,
        parameters=tuple(
            Parameter(parameter, below["type"], _default(below.get("default")), _limits(below))
            for parameter, below in spec.get("params", {}).items()
        ),
        when=spec.get("when"),
        rules=tuple(
            Rule(
                id=rule["id"],
                passes=rule["pass"],
                fails=rule.get("fail"),
                message=rule["message"],
                remediation=rule.get("remediation", ""),
            )
            for rule in spec["rules"]
        ),
        variables=tuple(
            Variable(variable, expression)
            for variable, expression in spec.get("variables", {}).items()
        ),
    )


def _default(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _limits(parameter: Mapping[str, Any]) -> tuple[Limit, ...]:
    return tuple(Limit(kind, parameter[kind]) for kind in LIMITS if kind in parameter)


def policy_test(name: str, spec: Mapping[str, Any]) -> PolicyTest:
    """The test that *spec* describes."""
    return PolicyTest(
        name=name,
        policy=spec["policy"],
        parameters=spec.get("with", {}),
        now=spec.get("now", "2026-11-21T00:00:00Z"),
        evidence=spec.get("evidence", "example"),
        cases=tuple(
            PolicyCase(
                name=case["name"],
                values=case.get("set", {}),
                removed=tuple(case.get("remove", ())),
                parameters=case.get("with", {}),
                context=case.get("context", {}),
                expected=_expected(case["expect"]),
            )
            for case in spec["cases"]
        ),
    )


def _expected(spec: Any) -> Expected:
    if isinstance(spec, str):
        return Expected(spec)  # type: ignore[arg-type]  # the schema has seen to it
    return Expected(spec["verdict"], tuple(spec.get("rules", ())), spec.get("message", ""))
