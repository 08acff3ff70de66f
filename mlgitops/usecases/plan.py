"""plan: what reconcile would do, by reading git and the registry only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from mlgitops.model.plan import Plan, TargetPlan, diff
from mlgitops.model.registry import ModelVersion, RegisteredModel
from mlgitops.model.spec import Specs
from mlgitops.model.state import NO_FILES, RECORD_PREFIX, Desired, Observed, Target
from mlgitops.model.sync import Sync
from mlgitops.ports import Lineage, ModelRegistry
from mlgitops.usecases.proof import proven


class _AnyLineage:
    """Takes whatever was applied last for a commit that git contains."""

    def contained(self, commits: Collection[str], of: str) -> frozenset[str]:
        """All of them."""
        del of
        return frozenset(commits)


# In git's place when a person says that its history was rewritten.
REWRITTEN: Final[Lineage] = _AnyLineage()


@dataclass(frozen=True, slots=True)
class ReleaseNeighbours:
    """What is compared with git, and git's word on which commit came first."""

    registry: ModelRegistry
    lineage: Lineage


@dataclass(frozen=True, slots=True)
class Sight:
    """One target, as git wants it and as the registry has it."""

    desired: Desired
    observed: Observed


def plan(
    specs: Specs,
    commit: str,
    neighbours: ReleaseNeighbours,
    *,
    heal: bool = False,
    verify: bool = False,
) -> Plan:
    """Compare the Releases of *specs*, read at *commit*, with the registry.

    One call for all models, and one more for each that is not where git wants
    it. With *verify* every pinned version is looked up, and its files are hashed.

    Raises:
        Unavailable: the registry did not answer.
        SpecError: the clone is shallow, and what was applied last is not in it; or the
            registry refuses, e.g. these credentials.
    """
    sights = observe(specs, commit, neighbours)
    if verify:
        sights = tuple(
            replace(sight, observed=looked_up(sight, neighbours.registry)) for sight in sights
        )
    return Plan(commit, tuple(changes_for(sight, specs, heal=heal) for sight in sights))


def changes_for(sight: Sight, specs: Specs, *, heal: bool) -> TargetPlan:
    """What to change for one target, which is nothing while its Release is not proven."""
    return proven(diff(sight.desired, sight.observed, heal=heal), specs)


def observe(specs: Specs, commit: str, neighbours: ReleaseNeighbours) -> tuple[Sight, ...]:
    """Every target that has a Release, and every other that has something live.

    In the order of `desired_targets`: of the chain, then by model; then those whose
    environment or pipeline is gone.

    Raises:
        Unavailable, SpecError: as `plan`.
    """
    models = neighbours.registry.observe()
    wanted = desired_targets(specs)
    sights = []
    for desired in (*wanted, *_left_behind(specs, models, {one.target for one in wanted})):
        observed = sighted(desired, models.get(desired.target.model))
        is_empty = observed.alias is None and observed.record is None
        if desired.release is not None or not is_empty:
            sights.append(Sight(desired, observed))
    return _with_past(_with_versions(sights, neighbours.registry), commit, neighbours.lineage)


def desired_targets(specs: Specs) -> list[Desired]:
    """Every environment of the chain with every model, released there or not."""
    models = {*specs.pipelines, *(model for _, model in specs.releases)}
    taken = frozenset(environment.alias for environment in specs.chain)
    return [
        Desired(
            project=specs.project.name,
            target=Target(environment.name, model),
            alias=environment.alias,
            drift=environment.drift,
            release=specs.releases.get((environment.name, model)),
            taken=taken,
        )
        for environment in specs.chain
        for model in sorted(models)
    ]


def sighted(desired: Desired, model: RegisteredModel | None) -> Observed:
    """What the registry has of a target, as one bulk read tells it."""
    if model is None:
        return Observed(alias=None, record=None)
    observed = Observed(
        alias=model.aliases.get(desired.alias), record=model.tags.get(desired.target.record_tag)
    )
    record = observed.known
    named = record.aliases.difference(desired.taken, {desired.alias}) if record else frozenset()
    others = {alias: model.aliases[alias] for alias in named if alias in model.aliases}
    return replace(observed, others=others)


def verified(sight: Sight, registry: ModelRegistry) -> Observed:
    """The target with the digest of the pinned version's files, hashed now.

    Raises:
        SpecError: the registry refuses to show them.
    """
    pin, observed = sight.desired.pin, sight.observed
    if pin is None or (observed.versions is not None and pin.version not in observed.versions):
        return observed
    stored = registry.manifest(sight.desired.target.model, pin.version)
    return replace(observed, manifest=NO_FILES if stored is None else stored.digest)


def looked_up(sight: Sight, registry: ModelRegistry) -> Observed:
    """As `verified`, and with what the registry says of the model's versions."""
    observed = sight.observed
    if sight.desired.pin is not None and observed.versions is None:
        observed = replace(observed, versions=_versions(sight.desired.target.model, registry))
    return verified(replace(sight, observed=observed), registry)


def _left_behind(
    specs: Specs, models: Mapping[str, RegisteredModel], wanted: Collection[Target]
) -> list[Desired]:
    """What this project made live where git names no environment or model any more."""
    found = []
    for name, model in models.items():
        for tag, text in model.tags.items():
            target = Target(tag.removeprefix(RECORD_PREFIX), name)
            if target.record_tag != tag or target in wanted:
                continue
            record = Observed(None, text).known
            if record is not None and record.applied and record.project == specs.project.name:
                alias = record.applied.alias
                found.append(Desired(record.project, target, alias, "detect", release=None))
    return sorted(found, key=lambda desired: desired.target)


def _with_versions(sights: Iterable[Sight], registry: ModelRegistry) -> tuple[Sight, ...]:
    """Read the versions of those models whose alias is not where git wants it."""
    sights = tuple(sights)
    moved = {sight.desired.target.model for sight in sights if _is_apart(sight)}
    versions = {model: _versions(model, registry) for model in sorted(moved)}
    return tuple(
        replace(
            sight,
            observed=replace(sight.observed, versions=versions.get(sight.desired.target.model)),
        )
        for sight in sights
    )


def _versions(model: str, registry: ModelRegistry) -> dict[int, ModelVersion]:
    return {version.version: version for version in registry.versions(model)}


def _is_apart(sight: Sight) -> bool:
    pin = sight.desired.pin
    wanted = pin.version if pin else None
    return sight.desired.release is not None and sight.observed.alias != wanted


def _with_past(sights: tuple[Sight, ...], commit: str, lineage: Lineage) -> tuple[Sight, ...]:
    """Ask git for the commits of the records that something is to be written over."""
    forward = tuple(
        replace(sight, observed=replace(sight.observed, is_past=True)) for sight in sights
    )
    settled = (Sync.SYNCED, Sync.UNMANAGED)
    records = [
        None if diff(sight.desired, sight.observed).sync in settled else sight.observed.known
        for sight in forward
    ]
    asked = {record.commit for record in records if record is not None and record.commit}
    past = lineage.contained(asked, commit) if asked else frozenset()
    return tuple(
        ahead if record is not None and record.commit in past else sight
        for sight, ahead, record in zip(sights, forward, records, strict=True)
    )
