"""audit: every Release looked at anew, by each check of a list; nothing is written.

What `plan` and `reconcile` look at only for targets that change, this looks at for
all. A further proof of Releases is a further check of `checks_for`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from mlgitops.model import decision_log
from mlgitops.model.digest import short
from mlgitops.model.errors import SpecError, Unavailable
from mlgitops.model.spec import Pin, Release, Specs
from mlgitops.model.state import Target
from mlgitops.model.verdict import Verdict
from mlgitops.ports import ModelRegistry
from mlgitops.spec.proof import gaps, is_signed, signature_gap, signer
from mlgitops.usecases.candidates import find
from mlgitops.usecases.decisions import released


class Standing(StrEnum):
    """What a check says of a Release.

    `UNSIGNED` is one that need not be signed, nor was asked to be; of `UNVERIFIED` and
    `UNCHECKED` nobody asked, and of `UNKNOWN` nobody could tell. Of `NONE` there is
    nothing that could be looked at, as of a Release that nobody judged.
    """

    PROVEN = "proven"
    UNSIGNED = "unsigned"
    UNVERIFIED = "unverified"
    UNCHECKED = "unchecked"
    UNKNOWN = "unknown"
    NONE = "none"
    NOT_PROVEN = "not proven"


# All that a proof may consist of: whatever else a check says proves nothing.
_SUFFICIENT = frozenset({Standing.PROVEN, Standing.UNSIGNED})


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; *detail* says what is wrong, or who signed."""

    standing: Standing
    detail: str = ""

    @property
    def is_sufficient(self) -> bool:
        """Whether the check looked, and found what it has to."""
        return self.standing in _SUFFICIENT


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One Release, and what each check found, by the check's name, in their order."""

    target: Target
    pin: Pin
    findings: dict[str, Finding]

    @property
    def is_proven(self) -> bool:
        """Whether every check looked, and found what it has to."""
        return all(one.is_sufficient for one in self.findings.values())

    @property
    def is_refuted(self) -> bool:
        """Whether a check failed; a row that is neither was not looked at by every check."""
        return any(one.standing is Standing.NOT_PROVEN for one in self.findings.values())

    @property
    def is_known(self) -> bool:
        """Whether every check could tell, or was not asked to."""
        return all(one.standing is not Standing.UNKNOWN for one in self.findings.values())


# Takes a Release that pins something, and the pin.
Check: TypeAlias = Callable[[Release, Pin], Finding]


def audit(specs: Specs, checks: dict[str, Check]) -> tuple[AuditRow, ...]:
    """A row for each Release that wants something live, by the chain and then by model."""
    order = {environment.name: place for place, environment in enumerate(specs.chain)}
    releases = sorted(specs.releases.values(), key=lambda one: (order[one.environment], one.model))
    return tuple(
        AuditRow(
            Target(release.environment, release.model),
            release.desired,
            {name: check(release, release.desired) for name, check in checks.items()},
        )
        for release in releases
        if release.desired is not None
    )


def checks_for(specs: Specs, registry: ModelRegistry | None, *, verify: bool) -> dict[str, Check]:
    """The checks of an audit, by the name of their column.

    Without *registry* no bytes are looked at. With *verify* every Release has to be
    signed, as where the project demands it; else no signature is verified.
    """
    return {
        "evidence": lambda release, _: _evidence(release, specs),
        "signature": lambda release, _: _signature(release, specs, verify=verify),
        "bytes": lambda release, pin: _bytes(release, pin, registry),
        "decisions": lambda release, pin: _decisions(release, pin, specs),
    }


def _evidence(release: Release, specs: Specs) -> Finding:
    found = [f"{gap.code} {gap.message}" for gap in gaps(release, specs.evidence)]
    return Finding(Standing.NOT_PROVEN, "; ".join(found)) if found else Finding(Standing.PROVEN)


def _signature(release: Release, specs: Specs, *, verify: bool) -> Finding:
    if next(gaps(release, specs.evidence), None) is not None:
        return Finding(Standing.NOT_PROVEN, "there is no sound evidence for it to be of")
    is_there = is_signed(release, specs)
    is_required = verify or specs.project.signing.is_required
    if not is_there and not is_required:
        return Finding(Standing.UNSIGNED)
    if is_there and not is_required:
        return Finding(Standing.UNVERIFIED)
    gap = signature_gap(release, specs, is_required=is_required)
    if gap is not None:
        return Finding(Standing.NOT_PROVEN, f"{gap.code} {gap.message}")
    key = signer(release, specs)
    return Finding(Standing.PROVEN, f"by {key.shown}" if key else "")


def _bytes(release: Release, pin: Pin, registry: ModelRegistry | None) -> Finding:
    if registry is None:
        return Finding(Standing.UNCHECKED)
    name = f"v{pin.version}"
    try:
        if find(registry.versions(release.model), pin) is None:
            detail = f"the registry does not have {name} as it was released"
            return Finding(Standing.NOT_PROVEN, detail)
        stored = registry.manifest(release.model, pin.version)
    except Unavailable as error:
        return Finding(Standing.UNKNOWN, error.message)
    except SpecError as error:
        return Finding(Standing.NOT_PROVEN, error.message)
    if stored is None or stored.digest != pin.manifest:
        found = short(stored.digest) if stored else "gone, or links"
        detail = f"the files of {name} are {found}, git pins {short(pin.manifest)}"
        return Finding(Standing.NOT_PROVEN, detail)
    return Finding(Standing.PROVEN)


def _decisions(release: Release, pin: Pin, specs: Specs) -> Finding:
    """Whether the gates were open, as the log of decisions that was merged says.

    Of the decisions that passed the last is about what is released, or after a rollback
    an earlier one.
    """
    content = specs.evidence(decision_log.path(release.environment, release.model))
    if content is None:
        return Finding(Standing.NONE, "no decision was recorded with it")
    try:
        found = released(content, release.environment, release.model)
    except SpecError as error:
        return Finding(Standing.NOT_PROVEN, error.message)
    passed = [one.decision for one in found if one.decision.verdict is Verdict.PASS]
    wanted = [decision.evidence for decision in passed]
    if pin.evidence not in wanted:
        return Finding(Standing.NOT_PROVEN, "no decision that passed is about its evidence")
    return Finding(Standing.PROVEN, "" if wanted[-1] == pin.evidence else "an earlier one")
