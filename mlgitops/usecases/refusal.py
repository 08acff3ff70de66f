"""Turns a decision that keeps a gate shut into the error that says why."""

from __future__ import annotations

from collections.abc import Iterator

from mlgitops.model.digest import short
from mlgitops.model.errors import GateFailed, Inconclusive
from mlgitops.model.verdict import Decision, RuleResult, Verdict

_NOTHING_JUDGED = "\n  no soft or hard gate applies, so nothing was judged"


def refuse_unless_open(decision: Decision, *, branch: str | None = None) -> None:
    """Return only if *decision* lets the candidate go on.

    *branch* is where the waivers were read from, if not from the work tree.

    Raises:
        GateFailed: a gate failed, or could not be evaluated.
        Inconclusive: a gate could not decide.
    """
    if decision.verdict is Verdict.PASS:
        return
    stop = Inconclusive if decision.verdict is Verdict.INCONCLUSIVE else GateFailed
    blocking = list(_blocking(decision))
    reasons = "".join(f"\n  {policy}: {rule.message}" for policy, rule in blocking)
    steps = [rule.remediation for _, rule in blocking if rule.remediation]
    if not blocking:
        reasons = _NOTHING_JUDGED
        steps = [f"Bind a soft or hard policy in mlops/environments/{decision.environment}.yaml"]
    if branch and _is_waivable(decision):
        steps.append(f"A waiver counts once it is on {branch}")
    raise stop(
        f"candidate {short(decision.candidate)} is not fit for {decision.environment}: "
        f"{decision.verdict}{reasons}",
        hint=". ".join(step.removesuffix(".") for step in dict.fromkeys(steps)) or None,
    )


def _is_waivable(decision: Decision) -> bool:
    # Here, not at the top: a run with nothing to do passes, and needs none of it.
    from mlgitops.policies.waivers import is_waivable

    return any(gate.is_blocking and is_waivable(gate) for gate in decision.gates)


def _blocking(decision: Decision) -> Iterator[tuple[str, RuleResult]]:
    for gate in decision.gates:
        if gate.is_blocking:
            for rule in gate.rules:
                if rule.verdict is not Verdict.PASS:
                    yield gate.policy, rule
