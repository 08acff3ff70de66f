"""Which waivers hold, and which gates they open: the one place that decides it.

A waiver opens a soft gate that failed or is inconclusive. It never opens an
error, since nobody has seen what it would let through, nor a hard gate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from mlgitops.model.digest import SHORT_DIGITS
from mlgitops.model.spec import Waiver
from mlgitops.model.verdict import GateResult, Verdict

_WAIVABLE = frozenset({Verdict.FAIL, Verdict.INCONCLUSIVE})


def effective(
    waivers: Iterable[Waiver], *, model: str, candidate: str, today: date
) -> tuple[Waiver, ...]:
    """Those that hold for *candidate* on *today*, by name; the last day is included."""
    return tuple(
        waiver
        for waiver in sorted(waivers, key=lambda waiver: waiver.name)
        if waiver.model == model and today <= waiver.expires and _names(waiver, candidate)
    )


def waive(gate: GateResult, waivers: Sequence[Waiver]) -> GateResult:
    """*gate*, opened by the first of the effective *waivers* that can.

    The verdict stays as it is, so that what was waived remains visible.
    """
    if not is_waivable(gate):
        return gate
    for waiver in waivers:
        if waiver.policy == gate.policy:
            return replace(gate, waived_by=waiver.name)
    return gate


def is_waivable(gate: GateResult) -> bool:
    """Whether a waiver could open *gate*, or did."""
    return gate.level == "soft" and gate.applies and gate.verdict in _WAIVABLE


def _names(waiver: Waiver, candidate: str) -> bool:
    """Whether the waiver is for *candidate*, which it may name by its first digits."""
    digits = waiver.candidate.removeprefix("sha256:")
    return len(digits) >= SHORT_DIGITS and candidate.removeprefix("sha256:").startswith(digits)
