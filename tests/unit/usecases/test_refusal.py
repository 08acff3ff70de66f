from __future__ import annotations

import pytest

from mlgitops.model.errors import GateFailed, Inconclusive, MlgitopsError
from mlgitops.model.verdict import Decision, GateResult, RuleResult, Verdict
from mlgitops.usecases.refusal import refuse_unless_open

PASSED = RuleResult("kept", Verdict.PASS, "fine", "nothing")


def decision(verdict: Verdict) -> Decision:
    rule = RuleResult("broken", verdict, "roc_auc is 0.5", "retrain")
    gates = (
        GateResult("min-metric", {}, "hard", applies=True, verdict=verdict, rules=(PASSED, rule)),
        GateResult("other", {}, "advisory", applies=True, verdict=verdict, rules=(rule,)),
    )
    return Decision("prod", "sha256:" + "a" * 64, "sha256:e", verdict, gates)


def test_a_pass_goes_on() -> None:
    refuse_unless_open(decision(Verdict.PASS))


@pytest.mark.parametrize(
    ("verdict", "error"),
    [
        (Verdict.FAIL, GateFailed),
        (Verdict.ERROR, GateFailed),
        (Verdict.INCONCLUSIVE, Inconclusive),
    ],
)
def test_everything_else_stops_with_the_blocking_rules(
    verdict: Verdict, error: type[MlgitopsError]
) -> None:
    with pytest.raises(error) as caught:
        refuse_unless_open(decision(verdict))

    assert caught.value.message == (
        f"candidate aaaaaaaaaaaa is not fit for prod: {verdict}\n  min-metric: roc_auc is 0.5"
    )
    assert caught.value.hint == "retrain"


def test_a_decision_without_gates_stops_too() -> None:
    with pytest.raises(GateFailed):
        refuse_unless_open(Decision("prod", "sha256:a", "sha256:e", Verdict.ERROR, ()))
