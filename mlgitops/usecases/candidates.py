"""Finds the version that may go to an environment: who comes next in the chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlgitops.model.digest import short
from mlgitops.model.errors import ChangesPending, PlanIsStale, SpecError
from mlgitops.model.registry import ModelVersion
from mlgitops.model.spec import Pin, Specs
from mlgitops.model.state import NO_RECORD, Observed, Target
from mlgitops.ports import ModelRegistry
from mlgitops.usecases.proof import refuse_unproven


@dataclass(frozen=True, slots=True)
class Choice:
    """Which version a person asks for; without either, the one that comes next.

    *candidate* is a digest, or its first hex digits.
    """

    version: int | None = None
    candidate: str | None = None


THE_NEXT = Choice()


def next_version(
    target: Target, specs: Specs, registry: ModelRegistry, choice: Choice
) -> ModelVersion:
    """The version to promote to *target*.

    For the first environment of the chain that is the newest one that mlgitops
    registered; for a later one, the one that is released in the environment
    before it. A choice never breaks the chain.

    Raises:
        SpecError: no such environment or version, it is not released before, or its release
            there is not proven, so that it cannot go live.
        ChangesPending: the environment before has not been reconciled.
    """
    environment = specs.environments.get(target.environment)
    if environment is None:
        raise SpecError(
            f"there is no environment {target.environment!r}",
            hint=f"environments: {', '.join(sorted(specs.environments)) or 'none'}",
        )
    ours = [version for version in registry.versions(target.model) if version.candidate]
    if not ours:
        raise SpecError(
            f"no version of {target.model!r} is registered by mlgitops",
            hint=f"mlgitops run {target.model} --from register",
        )
    chosen = _chosen(ours, target, choice)
    if environment.source is None:
        return chosen or ours[-1]
    before = Target(environment.source, target.model)
    return _released_before(ours, chosen, before, specs, registry)


def refuse_foreign(target: Target, specs: Specs, registry: ModelRegistry) -> None:
    """Nothing is proposed for what another project releases in the same registry.

    Raises:
        PlanIsStale: another one does.
    """
    observed = registry.observe([target.model]).get(target.model)
    record = observed.tags.get(target.record_tag) if observed else None
    owner = Observed(None, record).record_of(specs.project.name) or NO_RECORD
    if owner != NO_RECORD and owner.project != specs.project.name:
        raise PlanIsStale(
            f"project {owner.project!r} releases {target} in this registry, so "
            f"{specs.project.name!r} may not",
            hint="give the pipeline another name here, or retire the model there first",
        )


def find(versions: Sequence[ModelVersion], pin: Pin) -> ModelVersion | None:
    """The version that *pin* names, or None when the registry has another there."""
    for version in versions:
        if version.version == pin.version:
            is_same = version.manifest == pin.manifest and version.candidate is not None
            return version if is_same and _is_candidate(version, pin.candidate) else None
    return None


def _chosen(ours: Sequence[ModelVersion], target: Target, choice: Choice) -> ModelVersion | None:
    if choice.version is None and choice.candidate is None:
        return None
    fitting = [
        version
        for version in ours
        if choice.version in (None, version.version)
        and (choice.candidate is None or _is_candidate(version, choice.candidate))
    ]
    known = ", ".join(f"v{v.version} ({short(v.candidate or '')})" for v in ours[-5:])
    if not fitting:
        asked = f"version {choice.version}" if choice.version else f"candidate {choice.candidate!r}"
        raise SpecError(
            f"{target.model!r} has no {asked} that mlgitops registered", hint=f"newest: {known}"
        )
    if len({version.candidate for version in fitting}) > 1:
        raise SpecError(
            f"{choice.candidate!r} begins the names of {len(fitting)} candidates",
            hint=f"give more digits; newest: {known}",
        )
    return fitting[0]


def _released_before(
    ours: Sequence[ModelVersion],
    chosen: ModelVersion | None,
    before: Target,
    specs: Specs,
    registry: ModelRegistry,
) -> ModelVersion:
    release = specs.releases.get((before.environment, before.model))
    pin = release.desired if release else None
    promote = f"mlgitops promote {before.model} --to {before.environment}"
    if release is None or pin is None:
        raise SpecError(f"nothing is released as {before}", hint=promote)
    if chosen is not None and (chosen.version, chosen.manifest) != (pin.version, pin.manifest):
        raise SpecError(
            f"v{chosen.version} is not released as {before}: v{pin.version} is",
            hint=f"{promote} --version {chosen.version}",
        )
    version = find(ours, pin)
    if version is None:
        raise SpecError(
            f"the registry does not have v{pin.version} ({short(pin.candidate)}) as it was "
            f"released as {before}",
            hint="mlgitops drift",
        )
    if not _is_applied(pin, before, specs.project.name, registry):
        # Of one that is not proven reconcile would say so, and leave it as it is.
        refuse_unproven(release, specs)
        raise ChangesPending(
            f"v{pin.version} is approved as {before}, but not live there yet",
            hint="mlgitops reconcile",
        )
    return version


def _is_applied(pin: Pin, target: Target, project: str, registry: ModelRegistry) -> bool:
    observed = registry.observe([target.model]).get(target.model)
    record = observed.tags.get(target.record_tag) if observed else None
    known = Observed(None, record).known
    applied = known.applied if known and known.project == project else None
    return applied is not None and applied.is_of(pin)


def _is_candidate(version: ModelVersion, name: str) -> bool:
    digits = name.removeprefix("sha256:")
    candidate = (version.candidate or "").removeprefix("sha256:")
    return bool(digits) and candidate.startswith(digits)
