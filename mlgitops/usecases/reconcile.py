"""reconcile: make the registry equal to git, one target at a time.

For each target: hash the pinned files, look again, note the intent, move the
alias, read it back, write the record, read it back. A run that is killed at any
point is finished by the next one, and a run with nothing to do writes nothing.

The registry has no compare-and-set, so there must be one writer at a time, e.g.
a workflow's `concurrency` group; looking again just before the write only makes
the window small.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum

from mlgitops.model.errors import (
    ChangesPending,
    MlgitopsError,
    PlanIsStale,
    SpecError,
    Unavailable,
)
from mlgitops.model.plan import Change, Plan, Sync, TargetPlan, Verb, diff
from mlgitops.model.spec import Specs
from mlgitops.model.state import Applied, Intent, Observed, Record, Stamp, Target
from mlgitops.ports import ModelRegistry
from mlgitops.usecases.plan import Sight, observe, verified

_GRAVITY: tuple[type[MlgitopsError], ...] = (SpecError, PlanIsStale, Unavailable, ChangesPending)
_ALIAS_VERBS = (Verb.SET_ALIAS, Verb.MOVE_ALIAS, Verb.DROP_ALIAS)


class Status(StrEnum):
    """What became of a target: `LEFT` is not as git wants it, and was not touched."""

    UNCHANGED = "unchanged"
    APPLIED = "applied"
    LEFT = "left"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class TargetResult:
    """One target's outcome; *error* says why it failed."""

    plan: TargetPlan
    status: Status
    error: MlgitopsError | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a reconcile did, in the order of the plan."""

    results: tuple[TargetResult, ...]

    @property
    def problem(self) -> MlgitopsError | None:
        """What to stop with, or None when everything is as git wants it.

        Among several the gravest: what a person must mend, then what is stale or
        in conflict, then what did not answer, then drift that was left alone.
        """
        open_ = [r for r in self.results if r.status in (Status.LEFT, Status.FAILED)]
        if not open_:
            return None
        kind = min((_kind(result) for result in open_), key=_GRAVITY.index)
        lines = "\n".join(f"  {r.plan.target}: {_said(r)}" for r in open_)
        return kind(
            f"{len(open_)} of {len(self.results)} targets are not as git wants them\n{lines}",
            hint="docs/reconcile.md says what to do about each class",
        )


def reconcile(
    specs: Specs,
    registry: ModelRegistry,
    stamp: Stamp,
    *,
    heal: bool = False,
    expected: str | None = None,
    only: Collection[Target] | None = None,
) -> Outcome:
    """Bring every target, or those of *only*, to what *specs* at *stamp.commit* want.

    Idempotent. One target's failure does not stop the others. With *expected*,
    the digest of a reviewed plan, nothing else than that plan is carried out.

    Raises:
        PlanIsStale: the plan would now be another than *expected*.
        Unavailable: the registry did not answer at all; nothing is written.
    """
    sights = [
        sight for sight in observe(specs, registry) if only is None or sight.desired.target in only
    ]
    now = Plan(
        stamp.commit, tuple(diff(sight.desired, sight.observed, heal=heal) for sight in sights)
    )
    if expected is not None and now.digest != expected:
        raise PlanIsStale(
            "the plan changed since it was reviewed", hint="run `mlgitops plan` and review it again"
        )
    order = sorted(range(len(sights)), key=lambda index: _takes_away(now.targets[index]))
    results = {index: _bring(sights[index], registry, stamp, heal=heal) for index in order}
    return Outcome(tuple(results[index] for index in range(len(sights))))


def _bring(sight: Sight, registry: ModelRegistry, stamp: Stamp, *, heal: bool) -> TargetResult:
    target_plan = diff(sight.desired, sight.observed, heal=heal)
    try:
        target_plan = diff(sight.desired, verified(sight, registry), heal=heal)
        if not target_plan.changes:
            is_done = target_plan.sync in (Sync.SYNCED, Sync.UNMANAGED)
            return TargetResult(target_plan, Status.UNCHANGED if is_done else Status.LEFT)
        _carry_out(target_plan, _Writer(registry, sight), stamp)
    except MlgitopsError as error:
        return TargetResult(target_plan, Status.FAILED, error)
    return TargetResult(target_plan, Status.APPLIED)


def _carry_out(target_plan: TargetPlan, writer: _Writer, stamp: Stamp) -> None:
    if writer.observe().digest != target_plan.observed:
        raise PlanIsStale(
            f"{target_plan.target} changed while it was reconciled",
            hint="is there a second writer? run `mlgitops reconcile` again",
        )
    for change in target_plan.changes:
        if change.verb in _ALIAS_VERBS:
            # Noted first: if we are killed now, the next run knows that it was us.
            writer.write_record(Record(target_plan.applied, Intent(change.before, change.after)))
            writer.move_alias(change)
        elif change.verb is Verb.WRITE_RECORD and target_plan.desired is not None:
            writer.write_record(Record(Applied.of(target_plan.desired, stamp)))
        else:
            writer.write_record(None)


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes to one target; every write is read back before the next."""

    registry: ModelRegistry
    sight: Sight

    @property
    def target(self) -> Target:
        return self.sight.desired.target

    def observe(self) -> Observed:
        model = self.registry.observe([self.target.model]).get(self.target.model)
        return Observed(
            alias=model.aliases.get(self.sight.desired.alias) if model else None,
            record=model.tags.get(self.target.record_tag) if model else None,
        )

    def move_alias(self, change: Change) -> None:
        model, alias, version = self.target.model, change.name, change.after
        if version is None:
            self._write(
                lambda: self.registry.delete_alias(model, alias),
                lambda observed: observed.alias is None,
            )
        else:
            self._write(
                lambda: self.registry.set_alias(model, alias, version),
                lambda observed: observed.alias == version,
            )

    def write_record(self, record: Record | None) -> None:
        model, tag = self.target.model, self.target.record_tag
        text = record.encode() if record else None
        if text is None:
            self._write(
                lambda: self.registry.delete_tag(model, tag),
                lambda observed: observed.record is None,
            )
        else:
            self._write(
                lambda: self.registry.set_tag(model, tag, text),
                lambda observed: observed.record == text,
            )

    def _write(self, write: Callable[[], None], is_done: Callable[[Observed], bool]) -> None:
        """Write once, never again blindly: what is read back settles a lost answer."""
        lost: Unavailable | None = None
        try:
            write()
        except Unavailable as error:
            lost = error
        if is_done(self.observe()):
            return
        raise lost or PlanIsStale(
            f"{self.target} is not as it was just written",
            hint="is there a second writer? run `mlgitops reconcile` again",
        )


def _takes_away(target_plan: TargetPlan) -> bool:
    return any(change.verb is Verb.DROP_ALIAS for change in target_plan.changes)


def _kind(result: TargetResult) -> type[MlgitopsError]:
    for kind in _GRAVITY:
        if isinstance(result.error, kind):
            return kind
    return PlanIsStale if result.plan.sync is Sync.CONFLICT else ChangesPending


def _said(result: TargetResult) -> str:
    if result.error is not None:
        return result.error.message
    return f"{result.plan.sync}: {result.plan.reason}"
