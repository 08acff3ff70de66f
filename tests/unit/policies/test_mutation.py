from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest

from mlgitops.adapters.cel_engine.engine import CelEngine
from mlgitops.model.policy import (
    Expected,
    Parameter,
    Policy,
    PolicyCase,
    PolicyTest,
    Rule,
    Variable,
)
from mlgitops.model.policy_report import Mutant
from mlgitops.policies import mutation, testing

EVIDENCE: dict[str, Any] = {"a": {"n": 5, "low": 0.5}, "xs": [{"n": 1}, {"n": 2}]}


def policy(passes: str, fails: str | None = None, when: str | None = None) -> Policy:
    rule = Rule("only", passes, fails, "said", "do")
    return Policy("own", "", (Parameter("min", "number", 0.4),), when, (rule,))


def texts(passes: str) -> set[str | None]:
    return {mutant.expression for mutant in mutation.mutants(policy(passes))}


def noticed(one: Policy, *cases: tuple[dict[str, Any], Any]) -> dict[str, bool]:
    """Each fault of *one*, and whether one of *cases*, values and verdicts, notices it."""
    faulty = mutation.mutants(one)
    found = dict.fromkeys((f"{mutant.part}: {mutant.fault}" for mutant in faulty), False)
    for values, expected in cases:
        case = PolicyCase("c", values, (), {}, {}, Expected(expected))
        document, _ = testing.changed(EVIDENCE, case)
        trial = testing.trial(one, PolicyTest("t", "own", {}, "", "", ()), case, document)
        engine = CelEngine()
        assert not testing.result(trial, engine.evaluate(document, trial.questions)).surprises
        answers = engine.evaluate(document, mutation.questions(trial, faulty))
        for mutant, killed in zip(faulty, mutation.killed(trial, faulty, answers), strict=True):
            found[f"{mutant.part}: {mutant.fault}"] |= killed
    return found


@pytest.mark.parametrize(
    ("expression", "turned"),
    [("a < b", {"a <= b", "a >= b"}), ("a <= b", {"a < b", "a > b"}), ("a == b", {"a != b"}),
     ("a > b", {"a >= b", "a <= b"}), ("a >= b", {"a > b", "a < b"}), ("a != b", {"a == b"})],
)  # fmt: skip
def test_every_comparison_is_turned(expression: str, turned: set[str]):
    assert texts(expression) == turned | {f"!({expression})", "true"}


def test_conjuncts_are_dropped_negated_and_loosened_at_every_depth():
    found = texts("p && xs.all(x, x.q || x.r)")

    assert {
        "p || xs.all(x, x.q || x.r)",
        "p",
        "xs.all(x, x.q || x.r)",
        "p && xs.all(x, x.q && x.r)",
        "p && xs.all(x, x.q)",
        "p && xs.all(x, x.r)",
        "p && xs.exists(x, x.q || x.r)",
        "!(p) && (xs.all(x, x.q || x.r))",
        "(p) && !(xs.all(x, x.q || x.r))",
    } <= found


def test_thresholds_are_moved_to_either_side():
    assert {
        "a.low >= (params.min * 1.1 + 0.001)",
        "a.low >= (params.min * 0.9 - 0.001)",
    } <= texts("a.low >= params.min")
    assert {"a.n > 1", "a.n > (-1)"} <= texts("a.n > 0")
    assert {"a.n > (0.5 * 1.1 + 0.001)", "a.n > (0.5 * 0.9 - 0.001)"} <= texts("a.n > 0.5")


def test_texts_and_members_are_left_alone():
    assert texts('"a && b < 1" == all') == {'"a && b < 1" != all', '!("a && b < 1" == all)', "true"}


def test_a_fail_is_left_out_and_never_always_true():
    found = mutation.mutants(policy("p", "f"))

    assert Mutant("only", "fail", None, "left out") in found
    assert not [one for one in found if one.part == "fail" and one.expression == "true"]


def test_each_changed_text_is_there_once():
    found = [one.expression for one in mutation.mutants(policy("a && b && a"))]

    assert len(found) == len(set(found))


def test_a_weak_test_lets_faults_live_that_a_strong_one_notices():
    own = policy("a.low >= params.min", "a.low < 0.2")

    weak = noticed(own, ({}, "pass"))
    strong = noticed(
        own,
        ({"a.low": 0.4}, "pass"), ({"a.low": 0.43}, "pass"), ({"a.low": 0.39}, "inconclusive"),
        ({"a.low": 0.2}, "inconclusive"), ({"a.low": 0.21}, "inconclusive"),
        ({"a.low": 0.19}, "fail"), ({"a.low": 0.1}, "fail"), ({"a.low": True}, "error"),
    )  # fmt: skip

    assert not weak["pass: `>` for `>=`"]
    assert not weak["pass: always true"]
    assert not weak["fail: left out"]
    assert weak["pass: negated"]
    assert all(strong.values()), [fault for fault, is_noticed in strong.items() if not is_noticed]


def test_a_condition_of_the_policy_is_changed_too():
    own = policy("a.low > 0.0", when="a.n > 4")

    found = noticed(own, ({}, "pass"), ({"a.n": 4}, "not-applicable"))

    assert found["when: always true"]
    assert found["when: `<=` for `>`"]
    assert found["when: (3) for 4"]


def test_a_broken_condition_is_an_error_of_the_policy():
    own = policy("a.low > 0.0", when="a.n > 4")

    found = noticed(own, ({"a.n": "five"}, "error"))

    assert found["when: always true"]


def test_parts_are_those_of_a_policy():
    from mlgitops.model.policy_report import Part

    assert get_args(Part) == ("when", "pass", "fail", "variable")


def test_faults_of_variables_count_and_are_noticed_in_any_rule_that_reads_them():
    variables = (
        Variable("large", "xs.filter(x, x.n > 1.0)"),
        Variable("low", "a.low"),
        Variable("said", "xs[0].n > 1.0"),
    )
    own = replace(
        policy("size(variables.large) == 1 && variables.low > 0.1", "variables.low < 0.0"),
        variables=variables,
    )

    faulty = [one for one in mutation.mutants(own) if one.part == "variable"]
    found = noticed(own, ({}, "pass"), ({"xs.1.n": 1}, "inconclusive"))

    # A path has no fault, and no rule reads `said`.
    assert {one.name for one in faulty} == {"large"}
    assert "true" not in {one.expression for one in faulty}
    assert found["variable: `>=` for `>`"]
    assert not found["variable: `<=` for `>`"]  # one of the two is left either way
