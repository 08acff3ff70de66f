"""drift: find what somebody changed in the registry behind git's back, and heal it if asked."""

from __future__ import annotations

from dataclasses import dataclass

from mlgitops.model.plan import Plan, TargetPlan
from mlgitops.model.spec import Specs
from mlgitops.model.state import Stamp
from mlgitops.model.sync import Sync
from mlgitops.usecases.plan import ReleaseNeighbours, plan
from mlgitops.usecases.reconcile import Outcome, reconcile


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What was found, and what healing did; *outcome* None: nothing was healed."""

    plan: Plan
    outcome: Outcome | None

    @property
    def drifted(self) -> tuple[TargetPlan, ...]:
        """The targets that were not as we left them, in the order of the plan."""
        return tuple(target for target in self.plan.targets if target.sync.is_drift)

    @property
    def has_conflict(self) -> bool:
        """Whether git and the registry both moved, so that a person must choose."""
        return any(target.sync is Sync.CONFLICT for target in self.plan.targets)


def drift(
    specs: Specs, neighbours: ReleaseNeighbours, stamp: Stamp, *, heal: bool = False
) -> DriftReport:
    """Classify every target, looking up the version that git pins and hashing its files.

    With *heal* the drifted targets, and only they, are brought back to git; what
    healing cannot mend is in the outcome's `problem`. A move that git asks for
    is left to reconcile.

    Raises:
        Unavailable: the registry did not answer.
        SpecError: the clone is shallow, and what was applied last is not in it.
    """
    found = plan(specs, stamp.commit, neighbours, heal=heal, verify=True)
    drifted = {target.target for target in found.targets if target.sync.is_drift}
    if not heal or not drifted:
        return DriftReport(found, None)
    return DriftReport(found, reconcile(specs, neighbours, stamp, heal=True, only=drifted))
