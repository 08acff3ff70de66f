"""Turns a decision that keeps a gate shut into the error that says why."""

from __future__ import annotations

from collections.abc import Iterator

from mlgitops.model.digest import short
from mlgitops.model.errors import GateFailed, Inconclusive
from mlgitops.model.verdict import Decision, RuleResult, Verdict


def refuse_unless_open(decision: Decision) -> None:
    """Return only if *decision* lets the candidate go on.

    Raises:
        GateFailed: a gate failed, or could not be evaluated.
        Inconclusive: a gate could not decide.
    """
    if decision.verdict is Verdict.PASS:
        return
    stop = Inconclusive if decision.verdict is Verdict.INCONCLUSIVE else GateFailed
    blocking = list(_blocking(decision))
    reasons = "".join(f"\n  {policy}: {rule.message}" for policy, rule in blocking)
    steps = dict.fromkeys(rule.remediation for _, rule in blocking if rule.remediation)
    raise stop(
        f"candidate {short(decision.candidate)} is not fit for {decision.environment}: "
        f"{decision.verdict}{reasons}",
        hint="; ".join(steps) or None,
    )


def _blocking(decision: Decision) -> Iterator[tuple[str, RuleResult]]:
    for gate in decision.gates:
        if gate.is_blocking:
            for rule in gate.rules:
                if rule.verdict is not Verdict.PASS:
                    yield gate.policy, rule
