from __future__ import annotations

from typing import Any

import pytest

from mlgitops.model.policy import Expected, Parameter, Policy, PolicyCase, PolicyTest, Rule
from mlgitops.model.verdict import Answer, Verdict
from mlgitops.policies import testing

EVIDENCE: dict[str, Any] = {
    "environment": "staging",
    "metrics": {"f1": {"low": 0.5, "n": 1}},
    "slices": [{"n": 3}, {"n": 4}],
    "dirty": False,
    "champion": None,
}
PASS, FAIL = Expected("pass"), Expected("fail")
YES, NO, BROKEN = Answer("value", True), Answer("value", False), Answer("error", None, "no")


def case(expected: Expected = PASS, **more: Any) -> PolicyCase:
    given = {"name": "one", "values": {}, "removed": (), "parameters": {}, "context": {}} | more
    return PolicyCase(expected=expected, **given)


def policy(*rules: str) -> Policy:
    return Policy(
        "own",
        "",
        (Parameter("min", "number", 0.5), Parameter("metric", "string", "$first-metric")),
        None,
        tuple(Rule(name, "p", "f", f"{name} said so", "") for name in rules or ("only",)),
    )


def tried(expected: Expected, *answers: Answer, rules: tuple[str, ...] = ()) -> testing.CaseResult:
    one = testing.trial(policy(*rules), PolicyTest("t", "own", {}, "", "", ()), case(expected), {})
    return testing.result(one, answers)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("metrics.f1.low", ("metrics", "f1", "low")),
        ("/metrics/a.b/low", ("metrics", "a.b", "low")),
        ("/a~1b/c~0d", ("a/b", "c~d")),
    ],
)
def test_a_path_is_dotted_or_a_json_pointer(path: str, found: tuple[str, ...]):
    assert testing.steps(path) == found


def test_values_are_set_and_made_and_left_out_and_the_evidence_stays_as_it_was():
    document, faults = testing.changed(
        EVIDENCE,
        case(
            values={"metrics.f1.low": 0.1, "data.rows": 5, "slices.0.n": 0, "slices.1": {"n": 9}},
            removed=("slices.1", "dirty"),
        ),
    )

    assert faults == []
    assert document["metrics"]["f1"] == {"low": 0.1, "n": 1}
    assert document["data"] == {"rows": 5}
    assert document["slices"] == [{"n": 0}, {"n": 9}]
    assert "dirty" not in document
    assert EVIDENCE["slices"] == [{"n": 3}, {"n": 4}]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"values": {"metrics.f1.low": 0.5}}, ("set", "metrics.f1.low")),
        ({"values": {"dirty": False}}, ("set", "dirty")),
        ({"values": {"champion.version": 3}}, ("set", "champion.version")),
        ({"values": {"slices.5.n": 3}}, ("set", "slices.5.n")),
        ({"values": {"slices.x": 3}}, ("set", "slices.x")),
        ({"removed": ("metrics.f2",)}, ("remove", 0)),
        ({"removed": ("dirty", "slices.2")}, ("remove", 1)),
    ],
)
def test_a_change_that_changes_nothing_is_a_fault(change: Any, place: Any):
    _, faults = testing.changed(EVIDENCE, case(**change))

    assert [found for found, _ in faults] == [place]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("slices.5.n", "there are 2 items in slices, and 5 is none of them"),
        ("slices.5", "there are 2 items in slices, and 5 is none of them"),
        ("slices.x", "no value can be set at slices.x"),
    ],
)
def test_an_item_behind_the_end_of_a_list_is_told_how_many_there_are(path: str, why: str):
    _, [(_, found)] = testing.changed(EVIDENCE, case(values={path: 3}))

    assert found == why


@pytest.mark.parametrize("values", [{"dirty": 0}, {"metrics.f1.n": True}, {"champion": False}])
def test_true_is_not_one(values: Any):
    assert testing.changed(EVIDENCE, case(values=values))[1] == []


def test_created_are_the_paths_that_were_not_there():
    one = case(values={"metrics.f1.low": 1, "metrics.f1.hgih": 1, "data": {}})

    assert testing.created(EVIDENCE, one) == ("metrics.f1.hgih", "data")


def test_a_trial_knows_the_time_that_the_test_says_and_the_context_of_the_case():
    test = PolicyTest("t", "own", {"min": 0.6}, "2026-11-21T00:00:00Z", "example", ())
    one = case(context={"stage": "promote", "soak_hours": 3}, parameters={"metric": "f1"})

    trial = testing.trial(policy(), test, one, EVIDENCE)

    assert trial.variables["context"] == {
        "now": "2026-11-21T00:00:00Z",
        "stage": "promote",
        "environment": "staging",
        "soak_hours": 3,
    }
    assert trial.bound.parameters == {"min": 0.6, "metric": "f1"}
    assert {question.expression for question in trial.questions} == {"p", "f"}


def test_a_metric_that_only_a_pipeline_knows_has_no_value_in_a_test():
    test = PolicyTest("t", "own", {}, "", "example", ())

    assert testing.parameters(policy(), test, case()) == {"min": 0.5}


@pytest.mark.parametrize(
    ("expected", "answers", "found"),
    [
        (PASS, (YES, NO), ()),
        (FAIL, (NO, YES), ()),
        (Expected("inconclusive"), (NO, NO), ()),
        (Expected("error"), (BROKEN, NO), ()),
        (FAIL, (YES, NO), ("fail was expected, pass was found",)),
        (Expected("not-applicable"), (YES, NO), ("not-applicable was expected, pass was found",)),
        (Expected("pass", message="only said"), (YES, NO), ()),
        (Expected("pass", message="other"), (YES, NO), ("no rule says 'other'",)),
    ],
)
def test_what_is_not_as_expected_is_said(expected: Expected, answers: Any, found: tuple[str, ...]):
    assert tried(expected, *answers).surprises == found


def test_rules_are_exactly_those_with_the_verdict():
    both, one = Expected("fail", ("a", "b")), Expected("fail", ("a",))

    assert tried(both, NO, YES, NO, YES, rules=("a", "b")).surprises == ()
    assert tried(one, NO, YES, YES, NO, rules=("a", "b")).surprises == ()
    assert tried(one, NO, YES, NO, YES, rules=("a", "b")).surprises == (
        "fail was expected of a, and is of a, b",
    )


def test_a_rule_is_covered_by_cases_as_expected_from_three_sides():
    passing, failing = tried(PASS, YES, NO), tried(FAIL, NO, YES)
    unsure, broken = tried(Expected("inconclusive"), NO, NO), tried(Expected("error"), BROKEN, NO)
    wrong = tried(PASS, BROKEN, NO)

    assert testing.uncovered(policy(), [passing, failing, broken]) == ()
    assert testing.uncovered(policy(), [passing, unsure]) == (("only", "missing"),)
    assert testing.uncovered(policy(), [wrong]) == (
        ("only", "pass"), ("only", "fail"), ("only", "missing"),
    )  # fmt: skip


def test_a_result_tells_its_verdict_in_the_words_of_a_test():
    assert tried(PASS, YES, NO).found == Verdict.PASS
