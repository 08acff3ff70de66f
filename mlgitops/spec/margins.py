"""Gates whose limit means nothing, or something else for each model: 0.01 of a sum in euros.

With a default such a gate still opens for no candidate that it should not; it hardly opens
at all, and `plan` asks for more rows than there are. One limit for metrics in several units
can be what somebody wants. So these are warnings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from mlgitops.model.metrics import has_unit
from mlgitops.model.pipeline import Pipeline
from mlgitops.model.policy import NOT_WORSE, Gate, Policy
from mlgitops.model.source import Diagnostic
from mlgitops.model.spec import Environment, Kind, Specs
from mlgitops.spec.documents import Document
from mlgitops.spec.placement import FOLDERS
from mlgitops.spec.yaml_tree import Path, parse

_RELATIVE = "relative_"
_METRIC = "metric"


def check(specs: Specs, files: Mapping[str, str]) -> Iterator[Diagnostic]:
    """A warning for each gate with a limit in the unit of its metric that nobody has chosen.

    *files* are the texts that *specs* were read from, by path; only what is warned of is
    read again, for its place.
    """
    for pipeline in specs.pipelines.values():
        yield from _of_gates(specs, files, pipeline, pipeline.gates, [pipeline])
        given = {gate.policy for gate in pipeline.gates}
        unbound = [one for one in specs.environments.values() if not _binds(one, NOT_WORSE)]
        if NOT_WORSE not in given and unbound:
            yield from _of_default(specs, files, pipeline)
    for environment in specs.environments.values():
        yield from _of_gates(
            specs, files, environment, environment.gates, list(specs.pipelines.values())
        )


def _binds(environment: Environment, policy: str) -> bool:
    return any(gate.policy == policy for gate in environment.gates)


def _of_gates(
    specs: Specs,
    files: Mapping[str, str],
    holder: Pipeline | Environment,
    gates: Sequence[Gate],
    judged: Sequence[Pipeline],
) -> Iterator[Diagnostic]:
    """Of the *gates* that *holder* lists for the *judged* models, one warning each at most."""
    is_pipeline = isinstance(holder, Pipeline)
    key = "gates" if is_pipeline else "policies"
    for index, gate in enumerate(gates):
        policy = specs.policies[gate.policy]
        each = (_misleading(policy, gate, pipeline) for pipeline in judged)
        found = next(filter(None, each), None) or _in_several_units(policy, gate, judged)
        if found is not None:
            message, name = found
            hint = f"add `{_RELATIVE}{name}: 0.01`, a hundredth of its value, "
            if is_pipeline:
                hint += f"or `{name}` in its own unit, under `with`"
            else:  # one number would hold for every model
                hint += "under `with`, or bind the policy in the pipelines instead"
            yield _warning(files, holder, ("spec", key, index, "policy"), message, hint)


def _of_default(specs: Specs, files: Mapping[str, str], pipeline: Pipeline) -> Iterator[Diagnostic]:
    found = _misleading(specs.policies[NOT_WORSE], Gate(NOT_WORSE, {}), pipeline)
    if found is not None:
        message, name = found
        asked = f"{{policy: {NOT_WORSE}, with: {{{_RELATIVE}{name}: 0.01}}}}"
        hint = f"list {asked} under `gates`, a hundredth of its value, or `{name}` in its own unit"
        yield _warning(files, pipeline, ("spec", "task"), message, hint)


def _misleading(policy: Policy, gate: Gate, pipeline: Pipeline) -> tuple[str, str] | None:
    """What is said of a limit left at its default in a unit that fits none, and its parameter."""
    metric = _judged(policy, gate, pipeline)
    declared = {parameter.name: parameter for parameter in policy.parameters}
    if metric is None or not has_unit(metric):
        return None
    for name, parameter in declared.items():
        relative = f"{_RELATIVE}{name}"
        # Zero is nothing in every unit, and no share.
        is_chosen = name in gate.parameters or bool(gate.parameters.get(relative))
        if relative in declared and parameter.default and not is_chosen:
            judges = f"{policy.name} judges {metric} of {pipeline.name} by `{name}`"
            unit = "which nobody has chosen for a metric in a unit of its own"
            return f"{judges} {parameter.default}, {unit}", name
    return None


def _in_several_units(
    policy: Policy, gate: Gate, pipelines: Sequence[Pipeline]
) -> tuple[str, str] | None:
    """What is said of a chosen limit that holds for metrics in several units, and its parameter."""
    judged = {metric: one.name for one in pipelines if (metric := _judged(policy, gate, one))}
    own = next(filter(has_unit, judged), None)
    other = next((metric for metric in judged if metric != own), None)
    if own is None or other is None:
        return None
    declared = {parameter.name for parameter in policy.parameters}
    for name, value in gate.parameters.items():
        relative = f"{_RELATIVE}{name}"
        if relative in declared and value and not gate.parameters.get(relative):
            judges = (
                f"`{name}` {value} judges {own} of {judged[own]} and {other} of {judged[other]}"
            )
            return f"{judges}, which are not in one unit", name
    return None


def _judged(policy: Policy, gate: Gate, pipeline: Pipeline) -> str | None:
    """The metric of *pipeline* that *gate* judges; None where its policy takes none."""
    if not any(parameter.name == _METRIC for parameter in policy.parameters):
        return None
    metric = gate.parameters.get(_METRIC, next(iter(pipeline.evaluate.metrics), None))
    return metric if isinstance(metric, str) else None


def _warning(
    files: Mapping[str, str], holder: Pipeline | Environment, place: Path, message: str, hint: str
) -> Diagnostic:
    kind = Kind.PIPELINE if isinstance(holder, Pipeline) else Kind.ENVIRONMENT
    file = f"{FOLDERS[kind]}/{holder.name}.yaml"
    document = Document(parse(files[file], file), kind, holder)
    return replace(document.fault("SPEC352", place, message, hint), level="warning")
