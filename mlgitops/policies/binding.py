"""Which policies judge a model in an environment, with what and how strictly.

A pipeline can add gates and give parameters; it can neither remove a policy that
judges every model nor lower a level, both of which belong to the environment.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from mlgitops.model.errors import SpecError
from mlgitops.model.spec import Environment, Gate, Level, Parameter, Pipeline, Policy

# A parameter whose default reads so gets the first of the pipeline's metrics.
FIRST_METRIC = "$first-metric"
ALWAYS_ON: Mapping[str, Level] = MappingProxyType(
    {
        "data-validation-passed": "hard",
        "leakage": "hard",
        "not-sampled": "hard",
        "not-worse-than-champion": "soft",
        "first-model-baseline": "soft",
    }
)
# Not even an environment lowers these: they tell what a run was, and judge no model.
NEVER_LOWERED = frozenset({"not-sampled"})
_STRICTNESS: tuple[Level, ...] = ("audit", "advisory", "soft", "hard")


@dataclass(frozen=True, slots=True)
class BoundPolicy:
    """A policy that judges, its *parameters* complete and of the right types."""

    policy: Policy
    parameters: Mapping[str, Any]
    level: Level


def bind(
    pipeline: Pipeline, environment: Environment, policies: Mapping[str, Policy]
) -> tuple[BoundPolicy, ...]:
    """Every policy that judges *pipeline*'s model in *environment*.

    Those that judge every model come first, then the pipeline's gates and the
    environment's, each in the order written. The same policy with the same
    parameters appears once, at the stricter level.

    Raises:
        SpecError: a gate names no policy, or a parameter is missing, unknown or
            of the wrong type.
    """
    levels = _levels(environment)
    wanted = [(gate, levels.get(gate.policy, _default(gate.policy))) for gate in pipeline.gates]
    wanted += [(gate, gate.level or _default(gate.policy)) for gate in environment.gates]
    given = {gate.policy for gate, _ in wanted}
    wanted += [(Gate(name, {}), level) for name, level in ALWAYS_ON.items() if name not in given]
    order = {name: place for place, name in enumerate(ALWAYS_ON)}
    wanted.sort(key=lambda item: order.get(item[0].policy, len(order)))
    return _collapsed(_bound(gate, level, policies, pipeline) for gate, level in wanted)


def _bound(
    gate: Gate, level: Level, policies: Mapping[str, Policy], pipeline: Pipeline
) -> BoundPolicy:
    policy = policies.get(gate.policy)
    if policy is None:
        raise SpecError(f"there is no policy {gate.policy!r}", hint=_near(gate.policy, policies))
    if policy.name in NEVER_LOWERED:
        level = ALWAYS_ON[policy.name]
    return BoundPolicy(policy, _parameters(policy, gate.parameters, pipeline), level)


def _parameters(policy: Policy, given: Mapping[str, Any], pipeline: Pipeline) -> Mapping[str, Any]:
    declared = {parameter.name: parameter for parameter in policy.parameters}
    for name in given:
        if name not in declared:
            raise SpecError(
                f"policy {policy.name!r} has no parameter {name!r}", hint=_near(name, declared)
            )
    return {name: _value(policy, one, given, pipeline) for name, one in declared.items()}


def _value(
    policy: Policy, parameter: Parameter, given: Mapping[str, Any], pipeline: Pipeline
) -> Any:
    value = given.get(parameter.name, parameter.default)
    if value is None:
        raise SpecError(
            f"policy {policy.name!r} needs the parameter {parameter.name!r}",
            hint=f"add `with: {{{parameter.name}: …}}`, a {parameter.type}, to the gate",
        )
    if value == FIRST_METRIC and parameter.name not in given:
        return _first_metric(policy, pipeline)
    if not _has_type(value, parameter.type):
        raise SpecError(
            f"parameter {parameter.name!r} of policy {policy.name!r} is {value!r}, "
            f"not a {parameter.type}",
            hint=f"write a {parameter.type} in the gate's `with:`",
        )
    return value


def _first_metric(policy: Policy, pipeline: Pipeline) -> str:
    if not pipeline.evaluate.metrics:
        raise SpecError(
            f"policy {policy.name!r} judges the first metric, and pipeline {pipeline.name!r} "
            "has none",
            hint="list one under `evaluate.metrics`",
        )
    return pipeline.evaluate.metrics[0]


def _has_type(value: Any, name: str) -> bool:
    if name == "number":
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and math.isfinite(value)
    return isinstance(value, str if name == "string" else bool)


def _levels(environment: Environment) -> Mapping[str, Level]:
    """The strictest level that *environment* binds each policy at."""
    levels: dict[str, Level] = {}
    for gate in environment.gates:
        level = gate.level or _default(gate.policy)
        levels[gate.policy] = max(level, levels.get(gate.policy, level), key=_STRICTNESS.index)
    return levels


def _default(policy: str) -> Level:
    return ALWAYS_ON.get(policy, "soft")


def _collapsed(bound: Iterable[BoundPolicy]) -> tuple[BoundPolicy, ...]:
    kept: list[BoundPolicy] = []
    for new in bound:
        for index, old in enumerate(kept):
            if old.policy.name == new.policy.name and old.parameters == new.parameters:
                kept[index] = max(old, new, key=lambda one: _STRICTNESS.index(one.level))
                break
        else:
            kept.append(new)
    return tuple(kept)


def _near(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"known: {', '.join(names)}" if names else "it takes none"
