"""Which waivers hold, and which gates they open: the one place that decides it.

A waiver opens a soft gate that failed or is inconclusive. It never opens an
error, since nobody has seen what it would let through, nor a hard gate. One that
does not open what is shut is told with the reason, and still opens nothing.
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
        _considered(waiver, holds=today <= waiver.expires)
        for waiver in _of_model(waivers, model)
        if _names(waiver, candidate)
    )


def told(
    waivers: Sequence[ConsideredWaiver],
    others: Iterable[ConsideredWaiver],
    gates: Sequence[GateResult],
) -> tuple[ConsideredWaiver, ...]:
    """*waivers*, by name, each with why a gate is shut in spite of it.

    Of *others*, which are for other candidates, those that would have opened one.
    """
    shut = [gate for gate in gates if gate.is_blocking]
    misplaced = [
        one for one in others if any(g.policy == one.policy and is_waivable(g) for g in shut)
    ]
    known = [replace(one, why_not=_why_not(one, shut)) for one in waivers]
    return tuple(sorted((*known, *misplaced), key=lambda one: one.name))


def elsewhere(
    waivers: Iterable[Waiver], *, model: str, candidate: str, today: date
) -> tuple[ConsideredWaiver, ...]:
    """Those that have not expired *today* and are for other candidates: they open nothing."""
    return tuple(
        replace(_considered(waiver, holds=False), why_not=f"it is for candidate {waiver.candidate}")
        for waiver in _of_model(waivers, model)
        if not _names(waiver, candidate) and today <= waiver.expires
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


def _why_not(waiver: ConsideredWaiver, shut: Sequence[GateResult]) -> str:
    """Why gates of its policy are among those that are *shut*; empty when none is."""
    reasons = (_why_shut(gate, waiver) for gate in shut if gate.policy == waiver.policy)
    return "; ".join(dict.fromkeys(reasons))


def _why_shut(gate: GateResult, waiver: ConsideredWaiver) -> str:
    if gate.level == "hard":
        return "a hard gate is never waived"
    if gate.verdict not in _WAIVABLE:
        return "an error is never waived"
    if not waiver.holds:
        return f"it expired on {waiver.expires}"
    missed = [rule.rule for rule in gate.rules if rule.verdict is not Verdict.PASS]
    others = [rule for rule in missed if rule not in waiver.rules]
    return f"it does not waive what did not pass: {', '.join(others)}"


def _considered(waiver: Waiver, *, holds: bool) -> ConsideredWaiver:
    return ConsideredWaiver(
        name=waiver.name,
        policy=waiver.policy,
        rules=waiver.rules,
        expires=waiver.expires.isoformat(),
        holds=holds,
        reason=waiver.reason,
    )


def _of_model(waivers: Iterable[Waiver], model: str) -> list[Waiver]:
    return sorted((one for one in waivers if one.model == model), key=lambda one: one.name)


def _names(waiver: Waiver, candidate: str) -> bool:
    """Whether the waiver is for *candidate*, which it may name by its first digits."""
    digits = waiver.candidate.removeprefix("sha256:")
    return len(digits) >= SHORT_DIGITS and candidate.removeprefix("sha256:").startswith(digits)
