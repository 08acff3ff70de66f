"""Which waivers hold, and which gates they open: the one place that decides it.

A waiver opens a soft gate that failed or is inconclusive. It never opens an
error, since nobody has seen what it would let through, nor a hard gate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from mlgitops.model.digest import SHORT_DIGITS
from mlgitops.model.policy import Waiver
from mlgitops.model.verdict import ConsideredWaiver, GateResult, Verdict

_WAIVABLE = frozenset({Verdict.FAIL, Verdict.INCONCLUSIVE})


def considered(
    waivers: Iterable[Waiver], *, model: str, candidate: str, today: date
) -> tuple[ConsideredWaiver, ...]:
    """Those for *candidate*, by name, and whether each holds *today*; its last day is included."""
    return tuple(
        ConsideredWaiver(
            name=waiver.name,
            policy=waiver.policy,
            rules=waiver.rules,
            expires=waiver.expires.isoformat(),
            holds=today <= waiver.expires,
        )
        for waiver in sorted(waivers, key=lambda waiver: waiver.name)
        if waiver.model == model and _names(waiver, candidate)
    )


def waive(gate: GateResult, waivers: Sequence[ConsideredWaiver]) -> GateResult:
    """*gate*, opened by those of *waivers* that hold, or as it was.

    Every rule that did not pass has to be waived: by the first waiver that does so
    alone, else by several together. The verdict stays as it is, so that what was
    waived remains visible.
    """
    if not is_waivable(gate):
        return gate
    shut = {rule.rule for rule in gate.rules if rule.verdict is not Verdict.PASS}
    fitting = [one for one in waivers if one.holds and one.policy == gate.policy]
    for waiver in fitting:
        if not waiver.rules or (shut and shut <= set(waiver.rules)):
            return replace(gate, waived_by=waiver.name)
    useful = [one for one in fitting if shut & set(one.rules)]
    if shut and shut <= {rule for one in useful for rule in one.rules}:
        return replace(gate, waived_by=", ".join(one.name for one in useful))
    return gate


def is_waivable(gate: GateResult) -> bool:
    """Whether a waiver could open *gate*, or did."""
    return gate.level == "soft" and gate.applies and gate.verdict in _WAIVABLE


def _names(waiver: Waiver, candidate: str) -> bool:
    """Whether the waiver is for *candidate*, which it may name by its first digits."""
    digits = waiver.candidate.removeprefix("sha256:")
    return len(digits) >= SHORT_DIGITS and candidate.removeprefix("sha256:").startswith(digits)
