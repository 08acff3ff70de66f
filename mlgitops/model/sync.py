"""Who moved? The class of a target by what git wants, what we applied, and what is live.

The table of cases is in docs/reconcile.md.
"""

from __future__ import annotations

from enum import StrEnum

from mlgitops.model.digest import short
from mlgitops.model.spec import Pin
from mlgitops.model.state import NO_FILES, NO_RECORD, Applied, Desired, Observed, Record


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
    UNPROVEN = "unproven"
    UNMANAGED = "unmanaged"
    UNKNOWN = "unknown"

    @property
    def is_drift(self) -> bool:
        """Whether the registry was changed behind git's back, or git behind the gates'."""
        return self not in (Sync.SYNCED, Sync.PENDING, Sync.UNMANAGED, Sync.UNKNOWN)


def classify(desired: Desired, observed: Observed) -> tuple[Sync, str]:
    """The class of a target, and why, in a few words."""
    if desired.release is None:
        said = _live(observed.alias)
        return Sync.UNMANAGED, f"there is no Release file, so nothing is written; {said}"
    pin, record = desired.pin, observed.record_of(desired.project)
    if record not in (None, NO_RECORD) and record.project != desired.project:
        reason = (
            f"project {record.project!r} releases this model here, so {desired.project!r} may not"
        )
        return Sync.CONFLICT, reason
    trouble = _version_trouble(pin, observed) if pin else None
    if trouble:
        return trouble
    if record is None:
        said = _live(observed.alias)
        return Sync.RECORD_TAMPERED, f"the record is not one of ours, and {said}"
    sync, reason = _classify_moves(desired, record, observed)
    if _is_forged(record, pin, observed):
        sync = Sync.RECORD_TAMPERED
        reason = "the record says of its version what the registry denies"
    if sync is not Sync.SYNCED and record.commit and not observed.is_past:
        commit = short(record.commit)
        reason = f"commit {commit} was applied last, and git here does not contain it: pull first"
        return Sync.CONFLICT, reason
    return sync, reason


def _classify_moves(desired: Desired, record: Record, observed: Observed) -> tuple[Sync, str]:
    """The class by where aliases point, with a record that is ours and sound."""
    if desired.pin is None:
        return _classify_retired(desired, record, observed.alias)
    if observed.alias == desired.pin.version:
        return _classify_live(desired, desired.pin, record)
    return _classify_apart(desired, desired.pin, record, observed)


def _is_forged(record: Record, pin: Pin | None, observed: Observed) -> bool:
    """Whether the record names other content than its version was registered with.

    A record of the pinned version is compared with the pin instead.
    """
    applied, versions = record.applied, observed.versions or {}
    version = versions.get(applied.version) if applied else None
    if applied is None or version is None or (pin and pin.version == applied.version):
        return False
    is_candidate = short(version.candidate or "") == short(applied.candidate)
    return not is_candidate or version.manifest != applied.manifest


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


def _classify_live(desired: Desired, pin: Pin, record: Record) -> tuple[Sync, str]:
    """The alias is where git wants it: is the record, too?"""
    version, applied = f"version {pin.version} is live", record.applied
    if applied is not None and applied.version == pin.version and not applied.is_of(pin):
        return Sync.RECORD_TAMPERED, f"{version}, its record names other content"
    if applied is not None and applied.alias != desired.alias:
        return Sync.PENDING, _renamed(desired, applied)
    if applied is not None and applied.is_of(pin) and not record.intents:
        return Sync.SYNCED, version
    return Sync.RECORD_MISSING, f"{version}, and its record was not written or is gone"


def _classify_apart(
    desired: Desired, pin: Pin, record: Record, observed: Observed
) -> tuple[Sync, str]:
    """The alias is not where git wants it: who moved?"""
    live, applied = observed.alias, record.applied
    is_renamed = applied is not None and applied.alias != desired.alias
    if record.explains(desired.alias, live):
        if applied is not None and is_renamed:
            return Sync.PENDING, _renamed(desired, applied)
        return Sync.PENDING, f"git wants version {pin.version}, {_live(live)}"
    if applied is None or is_renamed:
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


def _classify_retired(desired: Desired, record: Record, live: int | None) -> tuple[Sync, str]:
    applied = record.applied
    if live is None and record.is_idle:
        return Sync.SYNCED, "retired, and none is live"
    if live is None or record.explains(desired.alias, live):
        return Sync.PENDING, f"git retired the model, {_live(live)}"
    if applied is None:
        return Sync.ALIAS_MOVED, f"retired, but somebody made version {live} live"
    last = f"version {applied.version} was applied last"
    return Sync.CONFLICT, f"git retired the model, {_live(live)}, {last}"


def _renamed(desired: Desired, applied: Applied) -> str:
    return f"git names the alias {desired.alias!r}, applied last was {applied.alias!r}"


def _live(version: int | None) -> str:
    return "none is live" if version is None else f"version {version} is live"
