"""Turns a decision that keeps a gate shut into the error that says why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mlgitops.model.digest import short
from mlgitops.model.errors import GateFailed, Inconclusive
from mlgitops.model.verdict import Decision, Verdict

if TYPE_CHECKING:
    from mlgitops.reports.stops import Stop

_NOTHING_JUDGED = "\n  no soft or hard gate applies, so nothing was judged"


def refuse_unless_open(
    decision: Decision, *, branch: str | None = None, rest: str = "see the report"
) -> None:
    """Return only if *decision* lets the candidate go on.

    *branch* is where the waivers were read from, if not from the work tree. *rest* says
    where the remedies stand that are too many for a hint.

    Raises:
        GateFailed: a gate failed, or could not be evaluated.
        Inconclusive: a gate could not decide.
    """
    if decision.verdict is Verdict.PASS:
        return
    # Here, not at the top: a run with nothing to do passes, and needs none of it.
    from mlgitops.reports.stops import stops

    stop = Inconclusive if decision.verdict is Verdict.INCONCLUSIVE else GateFailed
    blocking = stops(decision)
    raise stop(
        f"candidate {short(decision.candidate)} is not fit for {decision.environment}: "
        f"{decision.verdict}{_reasons(decision, blocking) if blocking else _NOTHING_JUDGED}",
        hint=_hint(list(_steps(decision, blocking, branch, rest))),
    )


def _reasons(decision: Decision, blocking: Sequence[Stop]) -> str:
    """A line for each rule that did not pass, marked with its verdict, the most urgent first.

    Then one for each waiver that could be taken for one that opens such a gate.
    """
    from mlgitops.reports.stops import URGENCY
    from mlgitops.reports.verdicts import unhelpful

    missed = [(stop.name, rule) for stop in blocking for rule in stop.missed]
    missed.sort(key=lambda one: URGENCY.index(one[1].verdict))
    lines = [f"\n  {name} ({rule.verdict}): {rule.message}" for name, rule in missed]
    said = (one for stop in blocking for one in unhelpful(stop.gate, decision.waivers))
    return "".join((*lines, *(f"\n  {one}" for one in dict.fromkeys(said))))


def _steps(
    decision: Decision, blocking: Sequence[Stop], branch: str | None, rest: str
) -> Iterator[str]:
    from mlgitops.policies.waivers import is_waivable
    from mlgitops.reports.stops import MOST_REMEDIES, remedies

    if not blocking:
        yield f"Bind a soft or hard policy in mlops/environments/{decision.environment}.yaml"
    every = remedies(blocking)
    yield from every[:MOST_REMEDIES]
    if len(every) > MOST_REMEDIES:
        yield f"and {len(every) - MOST_REMEDIES} more: {rest}"
    if branch and any(is_waivable(stop.gate) for stop in blocking):
        yield f"A waiver counts once it is on {branch}"


def _hint(steps: Sequence[str]) -> str | None:
    """One step is the hint; several stand below it, a line for each."""
    if len(steps) > 1:
        return "".join(["what to do:", *(f"\n  {step}" for step in steps)])
    return steps[0] if steps else None
