"""From three states of a target to the changes that make the registry equal to git.

`diff` never plans to drop a version, and never touches an alias whose value it
cannot explain. The table of cases is in docs/reconcile.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mlgitops.model.digest import digest
from mlgitops.model.spec import Pin
from mlgitops.model.state import NO_RECORD, Applied, Desired, Observed, Record, Target
from mlgitops.model.sync import Sync, classify


class Verb(StrEnum):
    """What a change does."""

    SET_ALIAS = "set-alias"
    MOVE_ALIAS = "move-alias"
    DROP_ALIAS = "drop-alias"
    WRITE_RECORD = "write-record"


@dataclass(frozen=True, slots=True)
class Change:
    """One write; *name* is an alias or a tag, *before* and *after* are versions.

    *before* is None too for a record that cannot be read. A record whose *after* is
    None says that the model was retired.
    """

    verb: Verb
    name: str
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class TargetPlan:
    """One target's class, why, and its changes in the order to make them.

    *observed* is `Observed.digest`; empty for a target that could not be read.
    """

    target: Target
    sync: Sync
    reason: str
    desired: Pin | None
    live: int | None
    applied: Applied | None
    changes: tuple[Change, ...]
    observed: str

    @property
    def effects(self) -> list[Any]:
        """What would be true afterwards, and what would be overwritten, as JSON."""
        pin = [self.desired.candidate, self.desired.manifest] if self.desired else None
        named = [self.target.environment, self.target.model, pin, self.observed]
        return [[*named, change.name, change.before, change.after] for change in self.changes]


@dataclass(frozen=True, slots=True)
class Plan:
    """Every target at one *commit*, in the order of the chain, then by model."""

    commit: str
    targets: tuple[TargetPlan, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes of all targets."""
        return tuple(change for target in self.targets for change in target.changes)

    @property
    def digest(self) -> str:
        """Name of the plan's effects; two that begin and end alike are one, at any commit."""
        return digest([effect for target in self.targets for effect in target.effects])


def diff(desired: Desired, observed: Observed | None, *, heal: bool = False) -> TargetPlan:
    """Classify one target and plan its changes.

    Drift is changed back only in an `enforce` environment or with *heal*; a
    conflict never. *observed* None means that the registry could not be read.
    """
    if observed is None:
        reason = "the registry did not answer"
        return TargetPlan(
            desired.target, Sync.UNKNOWN, reason, desired.pin, None, None, (), observed=""
        )
    sync, reason = classify(desired, observed)
    record = observed.known
    return TargetPlan(
        target=desired.target,
        sync=sync,
        reason=reason,
        desired=desired.pin,
        live=observed.alias,
        applied=record.applied if record and record.project == desired.project else None,
        changes=_changes(desired, observed, sync, git_wins=heal or desired.drift == "enforce"),
        observed=observed.digest,
    )


def _changes(
    desired: Desired, observed: Observed, sync: Sync, *, git_wins: bool
) -> tuple[Change, ...]:
    pin, live = desired.pin, observed.alias
    is_live = pin is not None and live == pin.version
    is_repair = is_live and sync in (Sync.RECORD_MISSING, Sync.RECORD_TAMPERED)
    is_healed = (
        git_wins
        and pin is not None
        and sync in (Sync.ALIAS_MOVED, Sync.ALIAS_MISSING, Sync.RECORD_TAMPERED)
    )
    if not (sync is Sync.PENDING or is_repair or is_healed):
        return ()
    after = pin.version if pin else None
    record = observed.record_of(desired.project) or NO_RECORD
    before = record.applied.version if record.applied else None
    return (
        *_alias_changes(desired, observed, record),
        # Last: it must say which aliases were ours until they are as git wants them.
        Change(Verb.WRITE_RECORD, desired.target.record_tag, before, after),
    )


def _alias_changes(desired: Desired, observed: Observed, record: Record) -> tuple[Change, ...]:
    """The environment's alias, then those it had before, where they are still as we left them."""
    live, after = observed.alias, desired.pin.version if desired.pin else None
    changes = []
    if live != after:
        verb = Verb.SET_ALIAS if live is None else Verb.MOVE_ALIAS
        verb = Verb.DROP_ALIAS if after is None else verb
        changes.append(Change(verb, desired.alias, live, after))
    for alias, version in sorted(observed.others.items()):
        if record.explains(alias, version):
            changes.append(Change(Verb.DROP_ALIAS, alias, version, None))
    return tuple(changes)
