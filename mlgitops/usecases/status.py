"""status: what every environment wants and has, since when, and by which commit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mlgitops.model.errors import Unavailable
from mlgitops.model.plan import TargetPlan, diff
from mlgitops.model.spec import Pin, Specs
from mlgitops.model.state import Target
from mlgitops.model.sync import Sync
from mlgitops.usecases.plan import ReleaseNeighbours, changes_for, desired_targets, observe


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


def status(specs: Specs, commit: str, neighbours: ReleaseNeighbours) -> tuple[TargetStatus, ...]:
    """A row for every environment and model, in the order of the chain, then by model.

    After them what is live where git names no environment or model any more.
    Reads bulk state only, so changed files are not noticed: `drift` looks at
    them. A registry that does not answer makes every row `unknown`.

    Raises:
        SpecError: the clone is shallow, and what was applied last is not in it.
    """
    wanted = desired_targets(specs)
    try:
        sights = observe(specs, commit, neighbours)
    except Unavailable:
        return tuple(_row(diff(one, None)) for one in wanted)
    rows = {one.target: _never_released(one.target) for one in wanted}
    rows |= {one.desired.target: _row(changes_for(one, specs, heal=False)) for one in sights}
    return tuple(rows.values())


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
