from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlgitops.model.policy import Level, Policy, Rule, Variable, Waiver
from mlgitops.model.verdict import Answer, Context, Decision, Question, Verdict
from mlgitops.policies.binding import BoundPolicy
from mlgitops.policies.engine import (
    Case,
    Outcome,
    gate_result,
    judge,
    outcome,
    questions,
    rule_verdict,
    worst,
)

TODAY = date(2026, 11, 2)
CONTEXT = Context(now="2026-11-02T23:59:59Z", stage="gate", environment="staging")
PASS, FAIL, INCONCLUSIVE, ERROR = (
    Verdict.PASS,
    Verdict.FAIL,
    Verdict.INCONCLUSIVE,
    Verdict.ERROR,
)
YES, NO = Answer("value", value=True), Answer("value", value=False)
BROKEN = Answer("error", None, "no such key")
ODD = [
    BROKEN,
    Answer("error", value=True),
    *(Answer("value", value) for value in (None, 1, 1.0, "true", [True], {}, "")),
]


def rule(name: str = "only", fails: str | None = "f", message: str = "said") -> Rule:
    return Rule(name, "p", fails, message, "do this")


def bound(*rules: Rule, when: str | None = None, level: Level = "soft") -> BoundPolicy:
    return BoundPolicy(Policy("own", "Why.", (), when, rules), {"min": 1}, level)


@pytest.fixture
def decide(evidence: Any) -> Any:
    def run(given: list[BoundPolicy], *answers: Answer, waivers: Any = ()) -> Decision:
        return judge(given, answers, Case(evidence, "sha256:e", CONTEXT, tuple(waivers), "CEL"))

    return run


def test_questions_are_every_expression_with_its_parameters():
    asked = questions(
        [bound(rule(message="{a} {b:.1f}"), rule(fails=None), when="w"), bound(rule())]
    )

    expected = ["w", "p", "f", "a", "b", "p", "p", "f"]
    assert [question.expression for question in asked] == expected
    assert asked[0] == Question("w", {"min": 1})


def test_questions_have_the_variables_of_their_policy():
    one = bound(rule())
    variables = (Variable("a", "1.0"),)

    asked = questions([replace(one, policy=replace(one.policy, variables=variables)), one])

    assert [question.variables for question in asked] == [variables] * 2 + [()] * 2


@pytest.mark.parametrize(
    ("passes", "fails", "verdict"),
    [(YES, NO, PASS), (YES, YES, ERROR), (NO, YES, FAIL), (NO, NO, INCONCLUSIVE)]
    + [(odd, NO, ERROR) for odd in ODD]
    + [(odd, YES, ERROR) for odd in ODD]
    + [(YES, odd, ERROR) for odd in ODD]
    + [(NO, odd, ERROR) for odd in ODD],
)
def test_a_rule_with_two_expressions(passes, fails, verdict, decide):
    decision = decide([bound(rule())], passes, fails)

    assert decision.gates[0].rules[0].verdict is verdict
    assert decision.gates[0].verdict is verdict
    assert decision.verdict is verdict


@pytest.mark.parametrize(
    ("passes", "verdict"), [(YES, PASS), (NO, FAIL)] + [(odd, ERROR) for odd in ODD]
)
def test_a_rule_that_does_not_say_when_it_fails_fails_unless_it_passes(passes, verdict, decide):
    assert decide([bound(rule(fails=None))], passes).verdict is verdict


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ((YES, NO, YES, NO), PASS),
        ((YES, NO, NO, NO), INCONCLUSIVE),
        ((NO, NO, NO, YES), FAIL),
        ((NO, YES, BROKEN, NO), ERROR),
    ],
)
def test_a_policy_is_the_worst_of_its_rules(answers, verdict, decide):
    decision = decide([bound(rule("a"), rule("b"))], *answers)

    assert decision.gates[0].verdict is verdict
    assert [one.rule for one in decision.gates[0].rules] == ["a", "b"]


def test_a_policy_without_rules_is_an_error(decide):
    decision = decide([bound()])

    assert decision.verdict is ERROR
    assert decision.gates[0].rules[0].message == "the policy has no rule"


def test_a_policy_that_does_not_apply_blocks_nothing_and_has_not_passed(decide):
    decision = decide([bound(rule(), when="w"), bound(rule())], NO, BROKEN, NO, YES, NO)

    assert not decision.gates[0].applies
    assert decision.gates[0].verdict is INCONCLUSIVE
    assert decision.gates[0].rules == ()
    assert decision.verdict is PASS


@pytest.mark.parametrize("odd", ODD)
def test_a_condition_that_cannot_be_told_applies_and_is_an_error(odd, decide):
    decision = decide([bound(rule(), when="w")], odd, YES, NO)

    assert decision.gates[0].applies
    assert decision.verdict is ERROR
    assert decision.gates[0].rules[0].rule == "when"


@pytest.mark.parametrize("level", ["audit", "advisory"])
def test_a_level_that_only_tells_never_blocks(level, decide):
    assert decide([bound(rule(), level=level), bound(rule())], BROKEN, NO, YES, NO).verdict is PASS


@pytest.mark.parametrize("level", ["audit", "advisory"])
def test_nothing_judged_is_an_error(level, decide):
    assert decide([]).verdict is ERROR
    assert decide([bound(rule(), level=level)], YES, NO).verdict is ERROR
    assert decide([bound(rule(), when="w")], NO, YES, NO).verdict is ERROR


def test_that_all_rows_were_used_is_no_judgement_of_the_model(decide):
    not_sampled = BoundPolicy(Policy("not-sampled", "Why.", (), None, (rule(),)), {}, "hard")

    assert decide([not_sampled, bound(rule(), level="audit")], YES, NO, YES, NO).verdict is ERROR
    assert decide([not_sampled, bound(rule())], YES, NO, YES, NO).verdict is PASS
    assert decide([not_sampled, bound(rule())], NO, YES, YES, NO).verdict is FAIL


def test_the_decision_is_the_worst_that_blocks(decide):
    three = [bound(rule()), bound(rule(), level="hard"), bound(rule(), level="audit")]

    assert decide(three, NO, NO, NO, YES, BROKEN, NO).verdict is FAIL
    assert decide(three, NO, NO, YES, NO, NO, YES).verdict is INCONCLUSIVE


def test_the_decision_names_what_it_is_about(decide, evidence):
    decision = decide([bound(rule())], YES, NO)

    assert decision.environment == "staging"
    assert decision.candidate == evidence["subject"]["candidate"]
    assert decision.evidence == "sha256:e"


def test_a_message_shows_values_and_never_changes_a_verdict(decide):
    said = bound(rule(message="{a:.2f} of {b}"))

    decision = decide([said], YES, NO, Answer("value", 0.5), BROKEN)
    assert decision.verdict is PASS
    assert decision.gates[0].rules[0].message == "0.50 of ?"
    assert decision.gates[0].rules[0].remediation == "do this"


@pytest.mark.parametrize(
    ("odd", "why"),
    [(BROKEN, "no such key"), (Answer("value", 1), "the result is neither true nor false")],
)
def test_an_error_says_why(odd, why, decide):
    decision = decide([bound(rule())], odd, NO)

    assert decision.gates[0].rules[0].message == f"said (not judged: {why})"


@pytest.mark.parametrize("answers", [(BROKEN, NO), (YES, BROKEN), (Answer("value", 1), NO)])
def test_an_error_says_how_to_mend_the_rule_not_the_model(answers, decide):
    remediation = decide([bound(rule())], *answers).gates[0].rules[0].remediation

    assert "do this" not in remediation
    assert "mend the rule" in remediation
    assert "`mlgitops check`" in remediation


@pytest.mark.parametrize("answers", [(), (YES,), (YES, NO, YES)])
def test_answers_must_match_the_questions(answers, decide):
    with pytest.raises(ValueError, match="2 questions have"):
        decide([bound(rule())], *answers)


def test_a_waived_gate_stays_failed_and_no_longer_blocks(decide, evidence):
    subject = evidence["subject"]
    waiver = Waiver("one", "own", subject["model"], subject["candidate"], "known", TODAY)

    waived = decide([bound(rule())], NO, YES, waivers=(waiver,))
    assert waived.verdict is PASS
    assert waived.gates[0].verdict is FAIL
    assert waived.gates[0].waived_by == "one"
    hard = decide([bound(rule(), level="hard")], NO, YES, waivers=(waiver,))
    assert hard.verdict is FAIL


@given(st.lists(st.sampled_from([YES, NO, *ODD]), min_size=6, max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_pass_needs_true_in_every_rule_of_every_gate_and_no_failure(decide, answers):
    decision = decide([bound(rule("a"), rule("b")), bound(rule("c"), level="hard")], *answers)

    booleans = all(any(answer is known for known in (YES, NO)) for answer in answers)
    all_true = all(answer is YES for answer in answers[::2])
    none_fails = not any(answer is YES for answer in answers[1::2])
    assert (decision.verdict is PASS) == (booleans and all_true and none_fails)


@pytest.mark.parametrize("passes", [YES, NO, *ODD])
@pytest.mark.parametrize("fails", [None, YES, NO, *ODD])
def test_a_rule_by_itself_comes_to_what_its_policy_does(passes, fails):
    one = bound(rule(fails=None if fails is None else "f"))
    answers = [passes] if fails is None else [passes, fails]

    gate = gate_result(one, answers)

    assert gate.verdict is gate.rules[0].verdict is rule_verdict(passes, fails)


def test_the_worst_decides():
    assert worst([PASS, FAIL, INCONCLUSIVE]) is FAIL
    assert worst([ERROR, FAIL]) is ERROR
    with pytest.raises(ValueError, match="empty"):
        worst([])


@pytest.mark.parametrize(
    ("when", "rules", "found"),
    [
        (None, [("a", YES, None), ("a", NO, None)], Outcome(True, Verdict.FAIL, (("a", Verdict.PASS), ("a", Verdict.FAIL)))),
        (YES, [("a", NO, NO)], Outcome(True, Verdict.INCONCLUSIVE, (("a", Verdict.INCONCLUSIVE),))),
        (NO, [("a", BROKEN, None)], Outcome(False, Verdict.INCONCLUSIVE, ())),
        (BROKEN, [("a", YES, NO)], Outcome(True, Verdict.ERROR, (("when", Verdict.ERROR), ("a", Verdict.PASS)))),
        (None, [], Outcome(True, Verdict.ERROR, (("rules", Verdict.ERROR),))),
    ],
)  # fmt: skip
def test_what_the_answers_to_a_policy_come_to(when, rules, found):
    assert outcome(when, rules) == found
