"""Gates whose default limit means nothing: 0.01 of a metric that is in euros.

Such a gate still opens for no candidate that it should not; it hardly opens at all, and
`plan` asks for more rows than there are. So these are warnings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from mlgitops.model.metrics import has_unit
from mlgitops.model.pipeline import Pipeline
from mlgitops.model.policy import Gate, Policy
from mlgitops.model.source import Diagnostic
from mlgitops.model.spec import Environment, Kind, Specs
from mlgitops.spec.documents import Document
from mlgitops.spec.placement import FOLDERS
from mlgitops.spec.yaml_tree import Path, parse

ALWAYS_BOUND = "not-worse-than-champion"
"""Judges every model, bound or not, by a margin."""

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
        unbound = [one for one in specs.environments.values() if not _binds(one, ALWAYS_BOUND)]
        if ALWAYS_BOUND not in given and unbound:
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
    key = "gates" if isinstance(holder, Pipeline) else "policies"
    for index, gate in enumerate(gates):
        for pipeline in judged:
            found = _misleading(specs.policies[gate.policy], gate, pipeline)
            if found is not None:
                message, name = found
                hint = (
                    f"add `{_RELATIVE}{name}: 0.01`, a hundredth of its value, "
                    f"or `{name}` in its own unit, under `with`"
                )
                yield _warning(files, holder, ("spec", key, index, "policy"), message, hint)
                break


def _of_default(specs: Specs, files: Mapping[str, str], pipeline: Pipeline) -> Iterator[Diagnostic]:
    found = _misleading(specs.policies[ALWAYS_BOUND], Gate(ALWAYS_BOUND, {}), pipeline)
    if found is not None:
        message, name = found
        asked = f"{{policy: {ALWAYS_BOUND}, with: {{{_RELATIVE}{name}: 0.01}}}}"
        hint = f"list {asked} under `gates`, a hundredth of its value, or `{name}` in its own unit"
        yield _warning(files, pipeline, ("spec", "task"), message, hint)


def _misleading(policy: Policy, gate: Gate, pipeline: Pipeline) -> tuple[str, str] | None:
    """What is said of a limit left at its default in a unit that fits none, and its parameter."""
    metric = gate.parameters.get(_METRIC, next(iter(pipeline.evaluate.metrics), None))
    declared = {parameter.name: parameter for parameter in policy.parameters}
    if _METRIC not in declared or not isinstance(metric, str) or not has_unit(metric):
        return None
    for name, parameter in declared.items():
        relative = f"{_RELATIVE}{name}"
        is_chosen = name in gate.parameters or relative in gate.parameters
        # Zero is nothing in every unit.
        if relative in declared and parameter.default and not is_chosen:
            judges = f"{policy.name} judges {metric} of {pipeline.name} by `{name}`"
            unit = "which nobody has chosen for a metric in a unit of its own"
            return f"{judges} {parameter.default}, {unit}", name
    return None


def _warning(
    files: Mapping[str, str], holder: Pipeline | Environment, place: Path, message: str, hint: str
) -> Diagnostic:
    kind = Kind.PIPELINE if isinstance(holder, Pipeline) else Kind.ENVIRONMENT
    file = f"{FOLDERS[kind]}/{holder.name}.yaml"
    document = Document(parse(files[file], file), kind, holder)
    return replace(document.fault("SPEC352", place, message, hint), level="warning")
