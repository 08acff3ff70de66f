"""plan: what reconcile would do, by reading git and the registry only."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mlgitops.model.errors import SpecError
from mlgitops.model.plan import Plan, diff
from mlgitops.model.spec import Specs
from mlgitops.model.state import NO_FILES, Desired, Observed, Target
from mlgitops.ports import ModelRegistry


@dataclass(frozen=True, slots=True)
class Sight:
    """One target, as git wants it and as the registry has it."""

    desired: Desired
    observed: Observed


def plan(
    specs: Specs, commit: str, registry: ModelRegistry, *, heal: bool = False, verify: bool = False
) -> Plan:
    """Compare the Releases of *specs*, read at *commit*, with the registry.

    One call for all models, and one more for each that is not where git wants
    it. With *verify* the files of every pinned version are hashed, too.

    Raises:
        Unavailable: the registry did not answer.
    """
    sights = observe(specs, registry)
    if verify:
        sights = tuple(replace(sight, observed=verified(sight, registry)) for sight in sights)
    return Plan(commit, tuple(diff(sight.desired, sight.observed, heal=heal) for sight in sights))


def observe(specs: Specs, registry: ModelRegistry) -> tuple[Sight, ...]:
    """Every target that has a Release, and every other that has something live.

    In the order of `desired_targets`: of the chain, then by model.
    """
    desired = desired_targets(specs)
    models = registry.observe(sorted({one.target.model for one in desired}))
    sights = []
    for one in desired:
        model = models.get(one.target.model)
        observed = Observed(
            alias=model.aliases.get(one.alias) if model else None,
            record=model.tags.get(one.target.record_tag) if model else None,
        )
        is_empty = observed.alias is None and observed.record is None
        if one.release is not None or not is_empty:
            sights.append(Sight(one, observed))
    return _with_versions(sights, registry)


def desired_targets(specs: Specs) -> list[Desired]:
    """Every environment of the chain with every model, released there or not."""
    models = {*specs.pipelines, *(model for _, model in specs.releases)}
    return [
        Desired(
            target=Target(environment.name, model),
            alias=environment.alias,
            drift=environment.drift,
            release=specs.releases.get((environment.name, model)),
        )
        for environment in specs.chain
        for model in sorted(models)
    ]


def verified(sight: Sight, registry: ModelRegistry) -> Observed:
    """The target with the digest of the pinned version's files, hashed now."""
    pin, observed = sight.desired.pin, sight.observed
    if pin is None or (observed.versions is not None and pin.version not in observed.versions):
        return observed
    try:
        manifest = registry.manifest(sight.desired.target.model, pin.version).digest
    except SpecError:
        manifest = NO_FILES
    return replace(observed, manifest=manifest)


def _with_versions(sights: list[Sight], registry: ModelRegistry) -> tuple[Sight, ...]:
    """Read the versions of those models whose alias is not where git wants it."""
    moved = {
        sight.desired.target.model
        for sight in sights
        if sight.desired.pin is not None and sight.observed.alias != sight.desired.pin.version
    }
    versions = {
        model: {version.version: version for version in registry.versions(model)}
        for model in sorted(moved)
    }
    return tuple(
        replace(
            sight,
            observed=replace(sight.observed, versions=versions.get(sight.desired.target.model)),
        )
        for sight in sights
    )
