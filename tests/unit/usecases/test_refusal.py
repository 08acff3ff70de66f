from __future__ import annotations

from dataclasses import replace

import pytest

from mlgitops.model.errors import GateFailed, Inconclusive, MlgitopsError
from mlgitops.model.policy import Level
from mlgitops.model.verdict import ConsideredWaiver, Decision, GateResult, RuleResult, Verdict
from mlgitops.usecases.refusal import refuse_unless_open
from tests.fakes.decisions import gate, of_gates

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
    return of_gates(
        verdict, *gates, environment="prod", candidate="sha256:" + "a" * 64, evidence="sha256:e"
    )


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
        f"candidate aaaaaaaaaaaa is not fit for prod: {verdict}\n"
        f"  min-metric ({verdict}): roc_auc is 0.5"
    )
    assert caught.value.hint == "min-metric: retrain"


def test_a_decision_without_gates_stops_too() -> None:
    with pytest.raises(GateFailed, match="so nothing was judged") as caught:
        refuse_unless_open(
            of_gates(Verdict.ERROR, environment="prod", candidate="sha256:a", evidence="sha256:e")
        )

    assert caught.value.hint == "Bind a soft or hard policy in mlops/environments/prod.yaml"


def test_remediations_read_as_sentences() -> None:
    found = decision(Verdict.FAIL, "hard", "Retrain.", "Mend the data.", "Retrain.")

    with pytest.raises(GateFailed) as caught:
        refuse_unless_open(found)

    assert caught.value.hint == "min-metric: Retrain. Mend the data."


def test_reasons_are_in_the_order_of_urgency_and_say_their_verdict() -> None:
    told = [Verdict.INCONCLUSIVE, Verdict.FAIL, Verdict.ERROR]
    gates = [gate(verdict, policy=f"is-{verdict}") for verdict in told]
    mixed = (
        RuleResult("a", Verdict.INCONCLUSIVE, "a", ""),
        RuleResult("b", Verdict.FAIL, "b", ""),
    )
    gates.append(gate(Verdict.FAIL, policy="mixed", rules=mixed))

    with pytest.raises(GateFailed) as caught:
        refuse_unless_open(of_gates(Verdict.ERROR, *gates))

    assert caught.value.message.splitlines()[1:] == [
        "  is-error (error): b",
        "  is-fail (fail): b",
        "  mixed (fail): b",
        "  mixed (inconclusive): a",
        "  is-inconclusive (inconclusive): b",
    ]


def test_gates_of_one_policy_are_told_apart() -> None:
    gates = [
        gate(Verdict.FAIL, policy="robust", parameters={"metric": "f1", "perturbation": name})
        for name in ("noise", "gaps")
    ]

    with pytest.raises(GateFailed) as caught:
        refuse_unless_open(of_gates(Verdict.FAIL, *gates))

    assert "  robust (perturbation noise) (fail): b" in caught.value.message
    assert caught.value.hint == ("robust (perturbation noise), robust (perturbation gaps): fix b")


def test_a_hint_has_five_remedies_a_line_for_each_and_counts_the_others() -> None:
    gates = [
        gate(Verdict.FAIL, policy=f"p{n}", rules=(RuleResult("r", Verdict.FAIL, "r", f"do {n}"),))
        for n in range(7)
    ]

    with pytest.raises(GateFailed) as caught:
        refuse_unless_open(of_gates(Verdict.FAIL, *gates), rest="read on")

    assert (caught.value.hint or "").split("\n") == [
        "what to do:",
        *(f"  p{n}: do {n}" for n in range(5)),
        "  and 2 more: read on",
    ]


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


def test_a_waiver_that_does_not_count_is_told_once_with_the_reason() -> None:
    why_not = "it is for candidate 0123456789ab"
    waiver = ConsideredWaiver("w", "min-metric", (), "2027-01-01", holds=False, why_not=why_not)
    refused = decision(Verdict.FAIL, "soft")
    refused = replace(refused, gates=(*refused.gates, refused.gates[0]), waivers=(waiver,))
    with pytest.raises(GateFailed) as caught:
        refuse_unless_open(refused)

    assert caught.value.message.count(f"\n  The waiver w does not count: {why_not}.") == 1
