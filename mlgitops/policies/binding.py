"""Which policies judge a model in an environment, with what and how strictly.

A pipeline can add gates and give parameters; it can neither remove a policy that
judges every model nor lower a level, both of which belong to the environment.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any

from mlgitops.model.digest import digest
from mlgitops.model.errors import SpecError
from mlgitops.model.pipeline import Pipeline
from mlgitops.model.policy import NOT_WORSE, Gate, Level, Parameter, Policy
from mlgitops.model.spec import Environment, document

# A parameter whose default reads so gets the first of the pipeline's metrics; a list with
# nothing but the second gets all of them.
FIRST_METRIC = "$first-metric"
ALL_METRICS = "$metrics"
ALWAYS_ON: Mapping[str, Level] = MappingProxyType(
    {
        "data-validation-passed": "hard",
        "leakage": "hard",
        "metrics-present": "hard",
        "not-sampled": "hard",
        NOT_WORSE: "soft",
        "first-model-baseline": "soft",
    }
)
# Not even an environment lowers these: they tell what a run was, and judge no model.
NEVER_LOWERED = frozenset({"not-sampled"})
BLOCKING: frozenset[Level] = frozenset({"soft", "hard"})
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "number": "a number",
        "string": "a string",
        "boolean": "a boolean",
        "list": "a list of strings",
    }
)
_STRICTNESS: tuple[Level, ...] = ("audit", "advisory", "soft", "hard")


@dataclass(frozen=True, slots=True)
class BoundPolicy:
    """A policy that judges, its *parameters* complete and of the right types.

    *blocks_from* is the day from which it is judged at a stricter *level* than now.
    """

    policy: Policy
    parameters: Mapping[str, Any]
    level: Level
    blocks_from: date | None = None

    @property
    def digest(self) -> str:
        """Names what is asked: all expressions of the policy, with these parameters."""
        policy = self.policy
        asked = (policy.when, policy.rules, self.parameters, *policy.variables)
        return digest(document(asked))


@dataclass(frozen=True, slots=True)
class _Firmness:
    """How strictly a gate is judged today, and what is asked *later*, each from its day on."""

    level: Level
    later: tuple[tuple[date, Level], ...] = ()

    @property
    def blocks_from(self) -> date | None:
        """The first day from which it blocks more than today."""
        stricter = _STRICTNESS[_STRICTNESS.index(self.level) + 1 :]
        days = [day for day, level in self.later if level in BLOCKING and level in stricter]
        return min(days, default=None)

    def or_stricter(self, other: _Firmness) -> _Firmness:
        level = max(self.level, other.level, key=_STRICTNESS.index)
        return _Firmness(level, self.later + other.later)


def bind(
    pipeline: Pipeline, environment: Environment, policies: Mapping[str, Policy], today: date
) -> tuple[BoundPolicy, ...]:
    """Every policy that judges *pipeline*'s model in *environment* on *today*.

    Those that judge every model come first, then the pipeline's gates and the
    environment's, each in the order written. The same policy with the same
    parameters appears once, at the stricter level. A binding that blocks from a
    later day is at `audit` until then, and takes the place of no other.

    Raises:
        SpecError: a gate names no policy, or a parameter is missing, unknown, of the
            wrong type or beyond a limit.
    """
    in_force = [gate for gate in environment.gates if _is_in_force(gate, today)]
    firm = _firmness(in_force)
    later = [gate for gate in environment.gates if not _is_in_force(gate, today)]
    wanted = [
        (gate, _raised(firm.get(gate.policy, _default(gate.policy)), gate.policy, later, today))
        for gate in pipeline.gates
    ]
    wanted += [(gate, _of_binding(gate, today)) for gate in environment.gates]
    given = {gate.policy for gate in (*pipeline.gates, *in_force)}
    wanted += [(Gate(name, {}), _default(name)) for name in ALWAYS_ON if name not in given]
    order = {name: place for place, name in enumerate(ALWAYS_ON)}
    wanted.sort(key=lambda item: order.get(item[0].policy, len(order)))
    return _collapsed((_bound(gate, policies, pipeline), how) for gate, how in wanted)


def _bound(gate: Gate, policies: Mapping[str, Policy], pipeline: Pipeline) -> BoundPolicy:
    policy = policies.get(gate.policy)
    if policy is None:
        raise SpecError(f"there is no policy {gate.policy!r}", hint=_near(gate.policy, policies))
    parameters = _parameters(policy, gate.parameters, pipeline)
    return BoundPolicy(policy, parameters, _default(policy.name).level)


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
            hint=f"add `with: {{{parameter.name}: …}}`, {_WORDS[parameter.type]}, to the gate",
        )
    if parameter.name not in given and is_of_pipeline(value):
        return _of_pipeline(policy, parameter, pipeline)
    if not _has_type(value, parameter.type):
        raise SpecError(
            f"parameter {parameter.name!r} of policy {policy.name!r} is {value!r}, "
            f"not {_WORDS[parameter.type]}",
            hint=f"write {_WORDS[parameter.type]} in the gate's `with:`",
        )
    limit = parameter.passed(value)
    if limit is not None:
        raise SpecError(
            f"parameter {parameter.name!r} of policy {policy.name!r} is {value!r}",
            hint=f"write a number that is {limit} in the gate's `with:`",
        )
    return list(value) if parameter.type == "list" else value


def is_of_pipeline(default: Any) -> bool:
    """Whether *default* stands for metrics that only a pipeline can name."""
    return default in (FIRST_METRIC, [ALL_METRICS], (ALL_METRICS,))


def _of_pipeline(policy: Policy, parameter: Parameter, pipeline: Pipeline) -> str | list[str]:
    is_list = parameter.type == "list"
    metrics = pipeline.evaluate.metrics
    if not metrics:
        judged = "all metrics" if is_list else "the first metric"
        raise SpecError(
            f"policy {policy.name!r} judges {judged}, and pipeline {pipeline.name!r} has none",
            hint="list one under `evaluate.metrics`",
        )
    return list(metrics) if is_list else metrics[0]


def _has_type(value: Any, name: str) -> bool:
    if name == "number":
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and math.isfinite(value)
    if name == "list":
        return isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)
    return isinstance(value, str if name == "string" else bool)


def _firmness(bindings: Iterable[Gate]) -> Mapping[str, _Firmness]:
    """The strictest level that the *bindings*, all in force, have for each policy."""
    found: dict[str, _Firmness] = {}
    for gate in bindings:
        how = _Firmness(_asked(gate))
        found[gate.policy] = found.get(gate.policy, how).or_stricter(how)
    return found


def _of_binding(gate: Gate, today: date) -> _Firmness:
    if _is_in_force(gate, today):
        return _Firmness(_asked(gate))
    assert gate.since is not None  # noqa: S101 - else it were in force
    return _Firmness("audit", ((gate.since, _asked(gate)),))


def _raised(how: _Firmness, policy: str, later: Iterable[Gate], today: date) -> _Firmness:
    """*how*, and what the bindings of *policy* that come into force *later* make of it."""
    for gate in later:
        if gate.policy == policy:
            how = how.or_stricter(_of_binding(gate, today))
    return how


def _is_in_force(gate: Gate, today: date) -> bool:
    return gate.since is None or gate.since <= today


def _asked(gate: Gate) -> Level:
    return gate.level or _default(gate.policy).level


def _default(policy: str) -> _Firmness:
    return _Firmness(ALWAYS_ON.get(policy, "soft"))


def _collapsed(bound: Iterable[tuple[BoundPolicy, _Firmness]]) -> tuple[BoundPolicy, ...]:
    kept: list[tuple[BoundPolicy, _Firmness]] = []
    for new, how in bound:
        for index, (old, before) in enumerate(kept):
            if old.policy.name == new.policy.name and old.parameters == new.parameters:
                kept[index] = (old, before.or_stricter(how))
                break
        else:
            kept.append((new, how))
    return tuple(
        one
        if one.policy.name in NEVER_LOWERED
        else replace(one, level=how.level, blocks_from=how.blocks_from)
        for one, how in kept
    )


def _near(name: str, known: Iterable[str]) -> str:
    # Here, not at the top: only a mistake needs it.
    from difflib import get_close_matches

    names = sorted(known)
    near = get_close_matches(name, names, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"known: {', '.join(names)}" if names else "it takes none"
