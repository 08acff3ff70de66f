"""reconcile: make the registry equal to git, one target at a time.

For each target: hash the pinned files, look again, note the intent, move the
alias, read it back, write the record, read it back. A run that is killed at any
point is finished by the next one, and a run with nothing to do writes nothing.

The registry has no compare-and-set, so there must be one writer at a time, e.g.
a workflow's `concurrency` group; looking again just before the write only makes
the window small.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from mlgitops.model.advice import advice
from mlgitops.model.errors import (
    ChangesPending,
    MissingExtra,
    MlgitopsError,
    PlanIsStale,
    SpecError,
    Unavailable,
)
from mlgitops.model.plan import Change, Plan, TargetPlan, Verb, diff
from mlgitops.model.registry import RegisteredModel
from mlgitops.model.spec import Specs
from mlgitops.model.state import (
    NO_RECORD,
    Applied,
    Desired,
    Intent,
    Observed,
    Record,
    Stamp,
    Target,
)
from mlgitops.model.sync import Sync
from mlgitops.ports import ModelRegistry
from mlgitops.usecases.plan import (
    ReleaseNeighbours,
    Sight,
    changes_for,
    looked_up,
    observe,
    sighted,
    verified,
)

_ALGORITHM = "sha256:"
_DIGITS = re.compile("[0-9a-f]{12,64}")
_GRAVITY: tuple[type[MlgitopsError], ...] = (
    SpecError,
    MissingExtra,
    PlanIsStale,
    Unavailable,
    ChangesPending,
)


class Status(StrEnum):
    """What became of a target: `LEFT` is not as git wants it, and was not touched."""

    UNCHANGED = "unchanged"
    APPLIED = "applied"
    LEFT = "left"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class TargetResult:
    """One target's outcome; *error* says why it failed.

    *made* counts the aliases and the record that were surely written, which is some
    of *plan*'s changes where it failed in between.
    """

    plan: TargetPlan
    status: Status
    error: MlgitopsError | None = None
    made: int = 0


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
        kind = min((_kind(result) for result in open_), key=_gravity)
        stop = MissingExtra.saying if kind is MissingExtra else kind
        lines = "\n".join(f"  {r.plan.target}: {_said(r)}" for r in open_)
        return stop(
            f"{len(open_)} of {len(self.results)} targets are not as git wants them\n{lines}",
            hint=_hint(open_),
        )


def reconcile(
    specs: Specs,
    neighbours: ReleaseNeighbours,
    stamp: Stamp,
    *,
    heal: bool = False,
    expected: str | None = None,
    only: Collection[Target] | None = None,
) -> Outcome:
    """Bring every target, or those of *only*, to what *specs* at *stamp.commit* want.

    Idempotent. One target's failure does not stop the others. With *expected*,
    the digest of a reviewed plan or its first 12 hex digits, nothing else than that
    plan is carried out.

    Raises:
        PlanIsStale: the plan would now be another than *expected*.
        Unavailable: the registry did not answer at all; nothing is written.
        SpecError: *expected* is no digest, or the clone is shallow, and what was applied
            last is not in it.
    """
    sights = [
        sight
        for sight in observe(specs, stamp.commit, neighbours)
        if only is None or sight.desired.target in only
    ]
    now = Plan(stamp.commit, tuple(changes_for(sight, specs, heal=heal) for sight in sights))
    if expected is not None:
        _refuse_another(now, expected)
    order = sorted(range(len(sights)), key=lambda index: _takes_away(now.targets[index]))
    registry = neighbours.registry
    results = {index: _bring(sights[index], specs, registry, stamp, heal=heal) for index in order}
    return Outcome(tuple(results[index] for index in range(len(sights))))


def _refuse_another(now: Plan, expected: str) -> None:
    digits = expected.removeprefix(_ALGORITHM)
    if not _DIGITS.fullmatch(digits):
        raise SpecError(
            f"{expected!r} is not the digest of a plan",
            hint="expected are 12 to 64 hex digits, as `mlgitops plan` shows them",
        )
    if not now.digest.removeprefix(_ALGORITHM).startswith(digits):
        raise PlanIsStale(
            "the plan, or what it would overwrite, changed since it was reviewed",
            hint="run `mlgitops plan` and review it again",
        )


def _bring(
    sight: Sight, specs: Specs, registry: ModelRegistry, stamp: Stamp, *, heal: bool
) -> TargetResult:
    target_plan = diff(sight.desired, sight.observed, heal=heal)
    writer = _Writer(registry, sight.desired)
    try:
        look = looked_up if heal else verified
        sight = replace(sight, observed=look(sight, registry))
        target_plan = changes_for(sight, specs, heal=heal)
        if not target_plan.changes:
            is_done = target_plan.sync in (Sync.SYNCED, Sync.UNMANAGED)
            return TargetResult(target_plan, Status.UNCHANGED if is_done else Status.LEFT)
        _carry_out(target_plan, writer, stamp)
    except MlgitopsError as error:
        return TargetResult(target_plan, Status.FAILED, error, len(writer.written))
    return TargetResult(target_plan, Status.APPLIED, made=len(writer.written))


def _carry_out(target_plan: TargetPlan, writer: _Writer, stamp: Stamp) -> None:
    observed = writer.observe()
    if observed.digest != target_plan.observed:
        raise PlanIsStale(
            f"{target_plan.target} changed while it was reconciled",
            hint="is there a second writer? run `mlgitops reconcile` again",
        )
    project, pin = writer.desired.project, target_plan.desired
    moves = [change for change in target_plan.changes if change.verb is not Verb.WRITE_RECORD]
    if moves:
        # Noted first: if we are killed now, the next run knows that it was us.
        known = observed.record_of(project) or NO_RECORD
        intents = [Intent(change.name, change.before, change.after) for change in moves]
        writer.write_record(known.noting(project, stamp.commit, intents))
    for change in moves:
        writer.move_alias(change)
    applied = Applied.of(pin, writer.desired.alias, stamp) if pin else None
    writer.write_record(Record(project, stamp.commit, applied))


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes to one target; every write is read back before the next.

    *written* are the names of the aliases and the record that were surely written.
    """

    registry: ModelRegistry
    desired: Desired
    written: set[str] = field(default_factory=set)

    def observe(self) -> Observed:
        return sighted(self.desired, self._read())

    def move_alias(self, change: Change) -> None:
        model, alias, version = self.desired.target.model, change.name, change.after
        if version is None:
            self._write(
                alias,
                lambda: self.registry.delete_alias(model, alias),
                lambda found: alias not in found.aliases,
            )
        else:
            self._write(
                alias,
                lambda: self.registry.set_alias(model, alias, version),
                lambda found: found.aliases.get(alias) == version,
            )

    def write_record(self, record: Record) -> None:
        target, text = self.desired.target, record.encode()
        self._write(
            target.record_tag,
            lambda: self.registry.set_tag(target.model, target.record_tag, text),
            lambda found: found.tags.get(target.record_tag) == text,
        )

    def _write(
        self, name: str, write: Callable[[], None], is_done: Callable[[RegisteredModel], bool]
    ) -> None:
        """Write once, never again blindly: what is read back settles a lost answer."""
        lost: Unavailable | None = None
        try:
            write()
        except Unavailable as error:
            lost = error
        else:
            self.written.add(name)
        found = self._read()
        if found is not None and is_done(found):
            self.written.add(name)
            return
        raise lost or PlanIsStale(
            f"{self.desired.target} is not as it was just written",
            hint="is there a second writer? run `mlgitops reconcile` again",
        )

    def _read(self) -> RegisteredModel | None:
        model = self.desired.target.model
        return self.registry.observe([model]).get(model)


def _takes_away(target_plan: TargetPlan) -> bool:
    return any(change.verb is Verb.DROP_ALIAS for change in target_plan.changes)


def _gravity(kind: type[MlgitopsError]) -> int:
    """Lowest for the gravest, which is whatever nobody thought of."""
    return _GRAVITY.index(kind) if kind in _GRAVITY else -1


def _kind(result: TargetResult) -> type[MlgitopsError]:
    if result.error is not None:
        return type(result.error)
    if result.plan.sync is Sync.UNPROVEN:
        return SpecError
    return PlanIsStale if result.plan.sync is Sync.CONFLICT else ChangesPending


def _hint(results: Sequence[TargetResult]) -> str | None:
    """What to do about targets that were left alone, and about what failed."""
    left = [result.plan.sync for result in results if result.error is None]
    hints = [result.error.hint for result in results if result.error and result.error.hint]
    return ". ".join(filter(None, (advice(left), *dict.fromkeys(hints)))) or None


def _said(result: TargetResult) -> str:
    if result.error is not None:
        return result.error.message
    return f"{result.plan.sync}: {result.plan.reason}"
