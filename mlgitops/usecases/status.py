"""status: what every environment wants and has, since when, and by which commit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mlgitops.model.errors import Unavailable
from mlgitops.model.plan import Sync, TargetPlan, diff
from mlgitops.model.spec import Pin, Specs
from mlgitops.model.state import Target
from mlgitops.ports import ModelRegistry
from mlgitops.usecases.plan import desired_targets, observe


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """One model in one environment.

    *live* None: none is. *since*, *commit* and *run* say how the live version got
    there; they are None when we did not put it there, or nothing is live.
    """

    target: Target
    desired: Pin | None
    live: int | None
    sync: Sync
    reason: str
    since: datetime | None
    commit: str | None
    run: str | None


def status(specs: Specs, registry: ModelRegistry) -> tuple[TargetStatus, ...]:
    """A row for every environment and model, in the order of the chain, then by model.

    Reads bulk state only, so changed files are not noticed: `drift` looks at
    them. A registry that does not answer makes every row `unknown`.
    """
    wanted = desired_targets(specs)
    try:
        seen = {sight.desired.target: sight.observed for sight in observe(specs, registry)}
    except Unavailable:
        return tuple(_row(diff(one, None)) for one in wanted)
    return tuple(
        _row(diff(one, seen[one.target])) if one.target in seen else _never_released(one.target)
        for one in wanted
    )


def _row(target_plan: TargetPlan) -> TargetStatus:
    applied = target_plan.applied
    ours = applied if applied and applied.version == target_plan.live else None
    return TargetStatus(
        target=target_plan.target,
        desired=target_plan.desired,
        live=target_plan.live,
        sync=target_plan.sync,
        reason=target_plan.reason,
        since=ours.at if ours else None,
        commit=ours.commit if ours else None,
        run=ours.run if ours else None,
    )


def _never_released(target: Target) -> TargetStatus:
    return TargetStatus(target, None, None, Sync.UNMANAGED, "never released", None, None, None)
