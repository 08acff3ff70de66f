from __future__ import annotations

import pytest

from mlgitops.model.errors import GateFailed, Inconclusive, MlgitopsError
from mlgitops.model.spec import Level
from mlgitops.model.verdict import Decision, GateResult, RuleResult, Verdict
from mlgitops.usecases.refusal import refuse_unless_open

PASSED = RuleResult("kept", Verdict.PASS, "fine", "nothing")


def decision(verdict: Verdict, level: Level = "hard", *steps: str) -> Decision:
    rule, *more = (
        RuleResult("broken", verdict, "roc_auc is 0.5", step) for step in steps or ("retrain",)
    )
    gates = (
        GateResult(
            "min-metric", {}, level, applies=True, verdict=verdict, rules=(PASSED, rule, *more)
        ),
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
    with pytest.raises(GateFailed, match="so nothing was judged") as caught:
        refuse_unless_open(Decision("prod", "sha256:a", "sha256:e", Verdict.ERROR, ()))

    assert caught.value.hint == "Bind a soft or hard policy in mlops/environments/prod.yaml"


def test_remediations_read_as_sentences() -> None:
    found = decision(Verdict.FAIL, "hard", "Retrain.", "Mend the data.", "Retrain.")

    with pytest.raises(GateFailed) as caught:
        refuse_unless_open(found)

    assert caught.value.hint == "Retrain. Mend the data"


@pytest.mark.parametrize(
    ("verdict", "level", "branch", "is_told"),
    [
        (Verdict.FAIL, "soft", "main", True),
        (Verdict.INCONCLUSIVE, "soft", "main", True),
        (Verdict.FAIL, "soft", None, False),
        (Verdict.ERROR, "soft", "main", False),
        (Verdict.FAIL, "hard", "main", False),
    ],
)
def test_where_a_waiver_counts_is_told_where_one_could_help(
    verdict: Verdict, level: Level, branch: str | None, is_told: bool
) -> None:
    with pytest.raises((GateFailed, Inconclusive)) as caught:
        refuse_unless_open(decision(verdict, level), branch=branch)

    assert ("A waiver counts once it is on main" in (caught.value.hint or "")) == is_told
