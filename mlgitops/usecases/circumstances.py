"""What is known of a promotion besides the evidence: the `context` of its decision."""

from __future__ import annotations

from datetime import datetime

from mlgitops.model.registry import ModelVersion
from mlgitops.model.spec import Pin, Specs
from mlgitops.model.state import Observed, Target
from mlgitops.model.verdict import Context, context
from mlgitops.ports import ModelRegistry
from mlgitops.usecases.candidates import find


def circumstances(
    target: Target, replaced: Pin | None, specs: Specs, registry: ModelRegistry, now: datetime
) -> Context:
    """The context of the promotion to *target* that takes the place of *replaced*.

    A candidate has been in the environment before since it was live there, as the record of
    its reconciliation says: a commit's date may be from long before its merge.
    """
    known = context(now, "promote", target.environment)
    since = _live_since(target, specs, registry)
    if since is not None:
        known["soak_hours"] = max(0.0, (now - since).total_seconds() / 3600)
    if replaced is not None:
        versions: tuple[ModelVersion, ...] = registry.versions(target.model)
        known["previous_version_ready"] = find(versions, replaced) is not None
    return known


def _live_since(target: Target, specs: Specs, registry: ModelRegistry) -> datetime | None:
    source = specs.environments[target.environment].source
    if source is None:
        return None
    before = Target(source, target.model)
    observed = registry.observe([target.model]).get(target.model)
    text = observed.tags.get(before.record_tag) if observed else None
    record = Observed(None, text).known
    release = specs.releases.get((before.environment, before.model))
    pin = release.desired if release else None
    applied = record.applied if record and record.project == specs.project.name else None
    return applied.at if applied and pin and applied.is_of(pin) else None
