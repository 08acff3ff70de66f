"""Gates, and decisions of given gates, when and by what does not matter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mlgitops.model.verdict import Context, Decision, GateResult, RuleResult, Verdict

KNOWN = Context(now="1970-01-01T00:00:00Z", stage="test", environment="")


def gate(verdict: Verdict, **fields: Any) -> GateResult:
    """A soft gate of one rule that passed and one that came to *verdict*."""
    rules = (
        RuleResult("a", Verdict.PASS, "a is fine", "-"),
        RuleResult("b", verdict, "b", "fix b"),
    )
    made = GateResult("policy", {}, "soft", True, verdict, rules)
    return replace(made, **fields)


def of_gates(
    verdict: Verdict,
    *gates: GateResult,
    environment: str = "production",
    candidate: str = "sha256:c",
    evidence: str = "sha256:e",
) -> Decision:
    """What *gates* came to, as if judged in 1970."""
    return Decision(environment, candidate, evidence, verdict, gates, "", KNOWN.copy(), (), "")
