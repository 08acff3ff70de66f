"""audit: every Release looked at anew, by each check of a list; nothing is written.

What `plan` and `reconcile` look at only for targets that change, this looks at for
all. A further proof of Releases is a further check of `checks_for`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from mlgitops.model.digest import short
from mlgitops.model.errors import SpecError, Unavailable
from mlgitops.model.spec import Pin, Release, Specs
from mlgitops.model.state import Target
from mlgitops.ports import ModelRegistry
from mlgitops.spec.proof import gaps, is_signed, signature_gap, signer
from mlgitops.usecases.candidates import find


class Standing(StrEnum):
    """What a check says of a Release.

    `UNSIGNED` is one that need not be signed; of `UNVERIFIED` and `UNCHECKED` nobody
    asked, and of `UNKNOWN` nobody could tell.
    """

    PROVEN = "proven"
    UNSIGNED = "unsigned"
    UNVERIFIED = "unverified"
    UNCHECKED = "unchecked"
    UNKNOWN = "unknown"
    NOT_PROVEN = "not proven"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; *detail* says what is wrong, or who signed."""

    standing: Standing
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One Release, and what each check found, by the check's name, in their order."""

    target: Target
    pin: Pin
    findings: dict[str, Finding]

    @property
    def is_proven(self) -> bool:
        """Whether no check failed; one that could not look does not make it so."""
        return all(one.standing is not Standing.NOT_PROVEN for one in self.findings.values())

    @property
    def is_known(self) -> bool:
        """Whether every check could look."""
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
    signed, whatever the project demands.
    """
    return {
        "evidence": lambda release, _: _evidence(release, specs),
        "signature": lambda release, _: _signature(release, specs, verify=verify),
        "bytes": lambda release, pin: _bytes(release, pin, registry),
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
    if is_there and not verify:
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
