"""Withholds what nobody proved: changes towards a Release without its evidence.

Only a target that something would be written for is looked at, so that a plan
over a thousand unchanged releases proves none of them.
"""

from __future__ import annotations

from dataclasses import replace

from mlgitops.model.errors import SpecError
from mlgitops.model.plan import Plan, TargetPlan
from mlgitops.model.spec import Release, Specs
from mlgitops.model.sync import Sync
from mlgitops.spec.proof import Gap, all_gaps, way_back

_HINT = (
    "bring its evidence back, or take the release back with `git revert`; `mlgitops promote` "
    "writes both, `mlgitops keys sign` a signature that lacks, and `mlgitops check` shows the place"
)


def proven(target_plan: TargetPlan, specs: Specs) -> TargetPlan:
    """*target_plan*, or without its changes when the Release that they are for is not proven.

    What retires a model needs no proof.
    """
    target = target_plan.target
    release = specs.releases.get((target.environment, target.model))
    if release is None or not target_plan.changes:
        return target_plan
    gap = _first_gap(release, specs)
    if gap is None:
        return target_plan
    reason = f"{target_plan.reason}; {gap.code} {gap.message}"
    return replace(target_plan, sync=Sync.UNPROVEN, reason=reason, changes=())


def refuse_unproven(release: Release, specs: Specs, *, otherwise: str | None = None) -> None:
    """Nobody is judged against a release that is not proven, and none is brought back.

    *otherwise* is what to do where nobody can mend it; by default the release is taken back.

    Raises:
        SpecError: *release* is not; says what it lacks, and what to do about that.
    """
    gap = _first_gap(release, specs)
    if gap is not None:
        version = f"v{release.desired.version}" if release.desired else "nothing"
        target = f"{release.environment}/{release.model}"
        message = f"the release of {version} as {target} is not proven: {gap.message}"
        raise SpecError(message, hint=gap.advice(otherwise or way_back(release)))


def problem_of(planned: Plan) -> SpecError | None:
    """Which targets reconcile would leave as they are, since nobody proved their releases."""
    unproven = [target for target in planned.targets if target.sync is Sync.UNPROVEN]
    if not unproven:
        return None
    lines = "\n".join(f"  {target.target}: {target.reason}" for target in unproven)
    of = f"{len(unproven)} of {len(planned.targets)}"
    return SpecError(f"{of} targets have a release that is not proven\n{lines}", hint=_HINT)


def _first_gap(release: Release, specs: Specs) -> Gap | None:
    return next(iter(all_gaps(release, specs)), None)
