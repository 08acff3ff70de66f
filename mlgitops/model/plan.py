"""From three states of a target to the changes that make the registry equal to git.

`diff` never plans to drop a version, and never touches an alias whose value it
cannot explain. The table of cases is in docs/reconcile.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mlgitops.model.digest import digest, short
from mlgitops.model.spec import Pin
from mlgitops.model.state import NO_FILES, Applied, Desired, Observed, Record, Target


class Sync(StrEnum):
    """How a target's three states relate; docs/reconcile.md says what to do about each."""

    SYNCED = "synced"
    PENDING = "pending"
    ALIAS_MOVED = "alias-moved"
    ALIAS_MISSING = "alias-missing"
    RECORD_TAMPERED = "record-tampered"
    RECORD_MISSING = "record-missing"
    VERSION_MISSING = "version-missing"
    ARTIFACT_CHANGED = "artifact-changed"
    CONFLICT = "conflict"
    UNMANAGED = "unmanaged"
    UNKNOWN = "unknown"

    @property
    def is_drift(self) -> bool:
        """Whether somebody or something changed the registry behind git's back."""
        return self not in (Sync.SYNCED, Sync.PENDING, Sync.UNMANAGED, Sync.UNKNOWN)


class Verb(StrEnum):
    """What a change does."""

    SET_ALIAS = "set-alias"
    MOVE_ALIAS = "move-alias"
    DROP_ALIAS = "drop-alias"
    WRITE_RECORD = "write-record"
    DROP_RECORD = "drop-record"


@dataclass(frozen=True, slots=True)
class Change:
    """One write; *name* is an alias or a tag, *before* and *after* are versions.

    *before* is None too for a record that cannot be read.
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
        """What would be true afterwards, as JSON: no states before, no times."""
        pin = [self.desired.candidate, self.desired.manifest] if self.desired else None
        return [
            [self.target.environment, self.target.model, change.name, change.after, pin]
            for change in self.changes
        ]


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
        """Name of the plan's effects; two plans that end alike are one."""
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
    sync, reason = _classify(desired, observed)
    return TargetPlan(
        target=desired.target,
        sync=sync,
        reason=reason,
        desired=desired.pin,
        live=observed.alias,
        applied=_recorded(observed),
        changes=_changes(desired, observed, sync, git_wins=heal or desired.drift == "enforce"),
        observed=observed.digest,
    )


def _classify(desired: Desired, observed: Observed) -> tuple[Sync, str]:
    if desired.release is None:
        return Sync.UNMANAGED, "there is no Release file, so nothing is written"
    pin, record, live = desired.pin, observed.known, observed.alias
    trouble = _version_trouble(pin, observed) if pin else None
    if trouble:
        return trouble
    if record is None:
        return Sync.RECORD_TAMPERED, f"the record is not one of ours, and {_live(live)}"
    if pin is None:
        return _classify_retired(record, live)
    if live == pin.version:
        return _classify_live(pin, record)
    return _classify_apart(pin, record, observed)


def _version_trouble(pin: Pin, observed: Observed) -> tuple[Sync, str] | None:
    """What is wrong with the version that git pins, if anything."""
    name = f"version {pin.version}"
    if observed.versions is not None:
        version = observed.versions.get(pin.version)
        if version is None:
            return Sync.VERSION_MISSING, f"{name} is not in the registry"
        if version.candidate is not None and short(version.candidate) != short(pin.candidate):
            found, wanted = short(version.candidate), short(pin.candidate)
            return Sync.ARTIFACT_CHANGED, f"{name} holds candidate {found}, git pins {wanted}"
        if version.manifest is not None and version.manifest != pin.manifest:
            found, wanted = short(version.manifest), short(pin.manifest)
            return Sync.ARTIFACT_CHANGED, f"{name} was registered as {found}, git pins {wanted}"
    if observed.manifest == NO_FILES:
        return Sync.ARTIFACT_CHANGED, f"the files of {name} are gone, or links"
    if observed.manifest is not None and observed.manifest != pin.manifest:
        found, wanted = short(observed.manifest), short(pin.manifest)
        return Sync.ARTIFACT_CHANGED, f"the files of {name} are now {found}, git pins {wanted}"
    return None


def _classify_live(pin: Pin, record: Record) -> tuple[Sync, str]:
    """The alias is where git wants it: is the record, too?"""
    version, applied = f"version {pin.version} is live", record.applied
    if applied is not None and applied.is_of(pin) and record.intent is None:
        return Sync.SYNCED, version
    if applied is not None and applied.version == pin.version and not applied.is_of(pin):
        return Sync.RECORD_TAMPERED, f"{version}, its record names other content"
    return Sync.RECORD_MISSING, f"{version}, and its record was not written or is gone"


def _classify_apart(pin: Pin, record: Record, observed: Observed) -> tuple[Sync, str]:
    """The alias is not where git wants it: who moved?"""
    live, applied = observed.alias, record.applied
    if live in record.explained:
        return Sync.PENDING, f"git wants version {pin.version}, {_live(live)}"
    if applied is None:
        return Sync.CONFLICT, f"git wants version {pin.version}, {_live(live)}, not by us"
    if applied.is_of(pin):
        if live is None:
            return Sync.ALIAS_MISSING, f"the alias of version {pin.version} was removed by hand"
        return Sync.ALIAS_MOVED, f"moved by hand from version {pin.version} to {live}"
    # The registry takes an alias away with its version: then nobody chose that none is live.
    if live is None and observed.versions is not None and applied.version not in observed.versions:
        return Sync.PENDING, f"git wants version {pin.version}, the one applied last is gone"
    last = f"version {applied.version} was applied last"
    return Sync.CONFLICT, f"git wants version {pin.version}, {_live(live)}, {last}"


def _classify_retired(record: Record, live: int | None) -> tuple[Sync, str]:
    applied = record.applied
    if live is None and applied is None and record.intent is None:
        return Sync.SYNCED, "retired, and none is live"
    if live is None or live in record.explained:
        return Sync.PENDING, f"git retired the model, {_live(live)}"
    if applied is None:
        return Sync.ALIAS_MOVED, f"retired, but somebody made version {live} live"
    last = f"version {applied.version} was applied last"
    return Sync.CONFLICT, f"git retired the model, {_live(live)}, {last}"


def _live(version: int | None) -> str:
    return "none is live" if version is None else f"version {version} is live"


def _changes(
    desired: Desired, observed: Observed, sync: Sync, *, git_wins: bool
) -> tuple[Change, ...]:
    pin, live = desired.pin, observed.alias
    if pin is None:
        return _retirement(desired, observed) if sync is Sync.PENDING else ()
    is_repair = live == pin.version and sync in (Sync.RECORD_MISSING, Sync.RECORD_TAMPERED)
    is_healed = git_wins and sync in (Sync.ALIAS_MOVED, Sync.ALIAS_MISSING, Sync.RECORD_TAMPERED)
    if not (sync is Sync.PENDING or is_repair or is_healed):
        return ()
    changes = []
    if live != pin.version:
        verb = Verb.SET_ALIAS if live is None else Verb.MOVE_ALIAS
        changes.append(Change(verb, desired.alias, live, pin.version))
    changes.append(_record_change(Verb.WRITE_RECORD, desired, observed, pin.version))
    return tuple(changes)


def _retirement(desired: Desired, observed: Observed) -> tuple[Change, ...]:
    changes = []
    if observed.alias is not None:
        # The alias first: the record must say that it was ours until it is gone.
        changes.append(Change(Verb.DROP_ALIAS, desired.alias, observed.alias, None))
    changes.append(_record_change(Verb.DROP_RECORD, desired, observed, None))
    return tuple(changes)


def _record_change(verb: Verb, desired: Desired, observed: Observed, after: int | None) -> Change:
    recorded = _recorded(observed)
    return Change(verb, desired.target.record_tag, recorded.version if recorded else None, after)


def _recorded(observed: Observed) -> Applied | None:
    return observed.known.applied if observed.known else None
