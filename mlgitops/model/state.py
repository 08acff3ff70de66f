"""The three states of a release target: desired in git, applied by us, live in the registry.

`mlgitops.model.plan` compares them; docs/reconcile.md has the table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from mlgitops.model.digest import Manifest, canonical_json, digest
from mlgitops.model.registry import ModelVersion
from mlgitops.model.spec import DriftMode, Pin, Release

RECORD_PREFIX = "mlgitops.applied."
NO_FILES = Manifest(()).digest
_RECORD_FORMAT = 1


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """One model in one environment: what a Release file steers."""

    environment: str
    model: str

    @property
    def record_tag(self) -> str:
        """Tag of the registered model that holds this target's `Record`."""
        return RECORD_PREFIX + self.environment

    def __str__(self) -> str:
        return f"{self.environment}/{self.model}"


@dataclass(frozen=True, slots=True)
class Stamp:
    """The commit that is applied, when (UTC), and the run or person that applies it."""

    commit: str
    at: datetime
    run: str


@dataclass(frozen=True, slots=True)
class Applied:
    """The last pin that we made live, and with which `Stamp`."""

    version: int
    candidate: str
    manifest: str
    commit: str
    at: datetime
    run: str

    @classmethod
    def of(cls, pin: Pin, stamp: Stamp) -> Applied:
        """What is applied once *pin* is live."""
        return cls(pin.version, pin.candidate, pin.manifest, stamp.commit, stamp.at, stamp.run)

    @classmethod
    def decode(cls, text: str) -> Applied:
        """What the `Record` in *text* says was applied last.

        Raises:
            ValueError: *text* is no record of ours, or nothing was applied yet.
        """
        applied = Record.decode(text).applied
        if applied is None:
            raise ValueError("nothing was applied yet")
        return applied

    def is_of(self, pin: Pin) -> bool:
        """Whether *pin* is what was applied."""
        mine = (self.version, self.candidate, self.manifest)
        return mine == (pin.version, pin.candidate, pin.manifest)


@dataclass(frozen=True, slots=True)
class Intent:
    """A move of the alias that was begun, from version to version; None is no alias."""

    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Record:
    """What we know that we did to a target, kept as a tag of the registered model.

    *intent* is written before an alias is moved and cleared after, so that a run
    that was killed between the two is told from a hand that moved the alias.
    """

    applied: Applied | None
    intent: Intent | None = None

    @classmethod
    def decode(cls, text: str) -> Record:
        """Read what `encode` wrote.

        Raises:
            ValueError: *text* is anything else.
        """
        try:
            document = json.loads(text)
            record = cls(_applied(document["applied"]), _intent(document["intent"]))
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError("a record of another shape") from error
        # Also refuses another format, further fields, and another way of writing it.
        if record.encode() != text:
            raise ValueError("a record that we did not write")
        return record

    def encode(self) -> str:
        """The tag's text: canonical JSON."""
        applied = self.applied and asdict(self.applied) | {"at": self.applied.at.isoformat()}
        intent = self.intent and asdict(self.intent)
        document = {"v": _RECORD_FORMAT, "applied": applied, "intent": intent}
        return canonical_json(document).decode()

    @property
    def explained(self) -> set[int | None]:
        """The states of the alias that are our own doing; None is no alias."""
        states = {self.applied.version if self.applied else None}
        return states | {self.intent.before, self.intent.after} if self.intent else states


@dataclass(frozen=True, slots=True)
class Desired:
    """One target as git has it; *release* None: there is no Release file."""

    target: Target
    alias: str
    drift: DriftMode
    release: Release | None

    @property
    def pin(self) -> Pin | None:
        """The version that git wants live; None when it wants none or says nothing."""
        return self.release.desired if self.release else None


@dataclass(frozen=True, slots=True)
class Observed:
    """One target as the registry has it.

    *alias* is the live version; *record* the text of our tag. *versions* are the
    model's, by number; None where they were not read, which is allowed only while
    the alias is where git wants it. *manifest* is the digest of the bytes that the
    desired version has now (`NO_FILES` when they are gone); None when not verified.
    """

    alias: int | None
    record: str | None
    versions: Mapping[int, ModelVersion] | None = None
    manifest: str | None = None

    @property
    def known(self) -> Record | None:
        """The record; an empty one where there is none, None for one that is not ours."""
        if self.record is None:
            return Record(None)
        try:
            return Record.decode(self.record)
        except ValueError:
            return None

    @property
    def digest(self) -> str:
        """Name of what a change of this target would overwrite."""
        return digest({"alias": self.alias, "record": self.record})


def _applied(fields: Any) -> Applied | None:
    if fields is None:
        return None
    version, texts = fields["version"], {k: v for k, v in fields.items() if k != "version"}
    if type(version) is not int or not all(isinstance(value, str) for value in texts.values()):
        raise ValueError("a record with values of other types")
    at = datetime.fromisoformat(texts.pop("at"))
    if at.tzinfo is None:
        raise ValueError("a record whose time has no zone")
    return Applied(version=version, at=at, **texts)


def _intent(fields: Any) -> Intent | None:
    if fields is None:
        return None
    intent = Intent(**fields)
    if not all(v is None or type(v) is int for v in (intent.before, intent.after)):
        raise ValueError("a record with values of other types")
    return intent
