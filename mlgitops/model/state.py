"""The three states of a release target: desired in git, applied by us, live in the registry.

`mlgitops.model.plan` compares them; docs/reconcile.md has the table.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from mlgitops.model.digest import Manifest, canonical_json, digest
from mlgitops.model.registry import ModelVersion
from mlgitops.model.spec import DriftMode, Pin, Release

RECORD_PREFIX = "mlgitops.applied."
NO_FILES = Manifest(()).digest
_RECORD_FORMAT = 2


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
    """The last pin that we made live, as which alias, and with which `Stamp`."""

    alias: str
    version: int
    candidate: str
    manifest: str
    commit: str
    at: datetime
    run: str

    @classmethod
    def of(cls, pin: Pin, alias: str, stamp: Stamp) -> Applied:
        """What is applied once *pin* is live as *alias*."""
        content = (pin.version, pin.candidate, pin.manifest)
        return cls(alias, *content, stamp.commit, stamp.at, stamp.run)

    def is_of(self, pin: Pin) -> bool:
        """Whether *pin* is what was applied."""
        mine = (self.version, self.candidate, self.manifest)
        return mine == (pin.version, pin.candidate, pin.manifest)


@dataclass(frozen=True, slots=True)
class Intent:
    """A move of an alias that was begun, from version to version; None is no alias."""

    alias: str
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Record:
    """What a project knows that it did to a target, kept as a tag of the registered model.

    *commit* is the newest that was brought here, or begun to be; *applied* None says
    that it retired the model. *intents* are written before aliases are moved and
    cleared after, so that a run that was killed between is told from a hand that
    moved them.
    """

    project: str
    commit: str
    applied: Applied | None
    intents: tuple[Intent, ...] = ()

    @classmethod
    def decode(cls, text: str) -> Record:
        """Read what `encode` wrote.

        Raises:
            ValueError: *text* is anything else.
        """
        try:
            document = json.loads(text)
            record = cls(
                _text(document["project"]),
                _text(document["commit"]),
                _applied(document["applied"]),
                tuple(_intent(fields) for fields in document["intents"]),
            )
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError("a record of another shape") from error
        # Also refuses another format, further fields, and another way of writing it.
        if record.encode() != text:
            raise ValueError("a record that we did not write")
        return record

    def encode(self) -> str:
        """The tag's text: canonical JSON."""
        applied = self.applied and asdict(self.applied) | {"at": self.applied.at.isoformat()}
        document = {
            "v": _RECORD_FORMAT,
            "project": self.project,
            "commit": self.commit,
            "applied": applied,
            "intents": [asdict(intent) for intent in self.intents],
        }
        return canonical_json(document).decode()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is live by it: none was ever, or the model was retired."""
        return self.applied is None and not self.intents

    @property
    def aliases(self) -> frozenset[str]:
        """The aliases that it says were set, moved or removed."""
        ours = {intent.alias for intent in self.intents}
        return frozenset(ours | {self.applied.alias} if self.applied else ours)

    def explains(self, alias: str, version: int | None) -> bool:
        """Whether it is our own doing that *alias* points to *version*; None is no alias."""
        applied = self.applied if self.applied and self.applied.alias == alias else None
        states = {applied.version if applied else None}
        for intent in self.intents:
            if intent.alias == alias:
                states |= {intent.before, intent.after}
        return version in states

    def noting(self, project: str, commit: str, intents: Iterable[Intent]) -> Record:
        """The same with *intents* that *project* has for *commit*, each alias's last."""
        noted = {intent.alias: intent for intent in (*self.intents, *intents)}
        return Record(project, commit, self.applied, tuple(noted.values()))


NO_RECORD = Record("", "", None)


@dataclass(frozen=True, slots=True)
class Desired:
    """One target as git has it; *release* None: there is no Release file.

    *taken* are the aliases of all environments: none of them was left behind here.
    """

    project: str
    target: Target
    alias: str
    drift: DriftMode
    release: Release | None
    taken: frozenset[str] = frozenset()

    @property
    def pin(self) -> Pin | None:
        """The version that git wants live; None when it wants none or says nothing."""
        return self.release.desired if self.release else None


@dataclass(frozen=True, slots=True)
class Observed:
    """One target as the registry has it.

    *alias* is the live version; *record* the text of our tag. *others* are aliases
    of the record that the environment does not name any more, and where they point.
    *is_past* says that what git wants contains the record's commit; False where
    that was not asked. *versions* are the model's, by number; None where they were
    not read, which is allowed only while the alias is where git wants it.
    *manifest* is the digest of the bytes that the desired version has now
    (`NO_FILES` when they are gone); None when not verified.
    """

    alias: int | None
    record: str | None
    others: Mapping[str, int] = field(default_factory=dict)
    is_past: bool = False
    versions: Mapping[int, ModelVersion] | None = None
    manifest: str | None = None

    @property
    def known(self) -> Record | None:
        """The record; `NO_RECORD` where there is none, None for one that cannot be read."""
        if self.record is None:
            return NO_RECORD
        try:
            return Record.decode(self.record)
        except ValueError:
            return None

    def record_of(self, project: str) -> Record | None:
        """As `known`, but of another project only a record by which something is live."""
        record = self.known
        if record is not None and record.is_idle and record.project != project:
            return NO_RECORD
        return record

    @property
    def digest(self) -> str:
        """Name of what a change of this target would overwrite."""
        others = dict(sorted(self.others.items()))
        return digest({"alias": self.alias, "others": others, "record": self.record})


def _applied(fields: Any) -> Applied | None:
    if fields is None:
        return None
    texts = {key: _text(value) for key, value in fields.items() if key != "version"}
    version = _number(fields["version"])
    at = datetime.fromisoformat(texts.pop("at"))
    if at.tzinfo is None:
        raise ValueError("a record whose time has no zone")
    return Applied(version=version, at=at, **texts)


def _intent(fields: Any) -> Intent:
    before, after = fields["before"], fields["after"]
    return Intent(
        _text(fields["alias"]),
        None if before is None else _number(before),
        None if after is None else _number(after),
    )


def _number(value: Any) -> int:
    if type(value) is not int:
        raise TypeError("a record with values of other types")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a record with values of other types")
    return value
