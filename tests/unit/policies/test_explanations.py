from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mlgitops.adapters.cel_engine.engine import CelEngine
from mlgitops.model.policy import Policy, Rule, Variable
from mlgitops.model.verdict import Finding, Verdict
from mlgitops.policies import explanations
from mlgitops.policies.binding import BoundPolicy
from mlgitops.policies.engine import gate_result, questions
from tests.fakes.decisions import of_gates

EVIDENCE: dict[str, Any] = {
    "metrics": {"f1": {"low": 0.4, "n": 0}},
    "slices": [
        *({"name": f"s{n}", "low": n / 10} for n in range(14)),
        {"column": "c", "low": 0.0},
        {"low": 0.1},
    ],
    "tags": ["a", "b"],
    "scores": {"x": 1, "y": 2},
    "noise": [0.1, 0.2, 0.3],
}


def bound(passes: str, fails: str | None = None, when: str | None = None) -> BoundPolicy:
    rule = Rule("only", passes, fails, "said", "do")
    parameters = {"metric": "f1", "min": 0.5}
    return BoundPolicy(Policy("own", "", (), when, (rule,)), parameters, "soft")


def explained(one: BoundPolicy) -> tuple[Finding, ...]:
    engine = CelEngine()
    gate = gate_result(one, engine.evaluate(EVIDENCE, questions((one,))))
    decision = of_gates(gate.verdict, gate, environment="staging", candidate="c", evidence="e")
    asked = explanations.questions((one,), decision)
    decision = explanations.explained((one,), decision, engine.evaluate(EVIDENCE, asked))
    [result] = decision.gates[0].rules
    return result.findings


def test_each_condition_that_is_not_true_has_its_values_and_its_source():
    found = explained(bound("metrics[params.metric].low >= params.min && tags == ['a', 'b']"))

    assert found == (
        Finding("metrics.f1.low >= 0.5", "metrics.f1.low", left=0.4, operator=">=", right=0.5),
    )


def test_items_are_named_by_what_they_are_called_at_most_ten_with_the_number_of_all():
    [found] = explained(bound("slices.all(s, s.low >= params.min * 4.0)"))

    assert found.offenders == tuple(f"s{n}" for n in range(10))
    assert (found.offending, found.items, found.source) == (16, 16, "slices")


def test_items_without_a_name_have_their_column_or_their_place():
    [found] = explained(bound("slices.filter(s, !has(s.name)).all(s, s.low > 0.5)"))

    assert (found.offenders, found.offending) == (("c",), 2)

    [found] = explained(bound("noise.all(n, n < 0.2)"))
    assert (found.offenders, found.offending, found.items) == (("noise[1]", "noise[2]"), 2, 3)

    [found] = explained(bound("noise.map(n, n * 2.0).all(n, n < 0.4)"))
    assert (found.offenders, found.offending, found.items) == ((), 2, 3)


def test_what_is_written_out_in_a_list_is_named_by_where_it_is():
    [found] = explained(bound("[metrics.f1.low, 0.3, metrics['f1'].n].all(x, x > 1.0)"))

    assert found.offenders == ("metrics.f1.low", "metrics.f1.n")
    assert (found.offending, found.items) == (3, 3)


def test_what_is_not_known_of_some_item_is_said_where_another_decides():
    [found] = explained(bound("slices.all(s, s.name == 's0')"))

    assert found.source == "slices"
    assert "name" in found.error


@pytest.mark.parametrize(
    ("passes", "offenders"),
    [
        ("tags.all(t, t != 'b')", ("b",)),
        ("!tags.exists(t, t == 'b')", ("b",)),
        ("scores.all(key, scores[key] < 2.0)", ("y",)),
    ],
)
def test_texts_and_keys_name_themselves(passes: str, offenders: tuple[str, ...]):
    [found] = explained(bound(passes))

    assert (found.offenders, found.offending, found.items) == (offenders, 1, 2)


def test_what_cannot_be_split_is_shown_whole():
    assert explained(bound("metrics.f1.low > 1.0 || tags == []")) == (
        Finding("metrics.f1.low > 1.0 || tags == []"),
    )


def test_what_is_missing_is_said_of_the_condition_that_reads_it():
    [found] = explained(bound("tags != [] && metrics.f1.high > 0.5"))

    assert found.expression == "metrics.f1.high > 0.5"
    assert (found.left, found.right) == (None, 0.5)
    assert "high" in found.error


def test_a_condition_that_is_neither_true_nor_false_says_so():
    [found] = explained(bound("metrics.f1.low"))

    assert found.error == "the result is neither true nor false"


def test_a_fail_that_cannot_be_judged_is_told_and_one_that_is_false_is_not():
    [found] = explained(
        bound("metrics.f1.n == 0.0", fails="metrics.f1.n == 0.0 && metrics.f1.x > 1.0")
    )
    assert found.expression == "metrics.f1.x > 1.0"
    assert "x" in found.error

    [found] = explained(bound("metrics.f1.n > 0.0", fails="metrics.f1.n > 2.0"))
    assert found.expression == "metrics.f1.n > 0.0"


def test_a_rule_that_passes_and_a_policy_that_does_not_apply_ask_nothing():
    passing = bound("tags != []")
    idle = bound("tags == []", when="false")
    engine = CelEngine()
    gates = tuple(
        gate_result(one, engine.evaluate(EVIDENCE, questions((one,)))) for one in (passing, idle)
    )
    decision = of_gates(Verdict.PASS, *gates, environment="staging", candidate="c", evidence="e")

    assert explanations.questions((passing, idle), decision) == ()
    assert explanations.explained((passing, idle), decision, ()) == decision


def test_large_values_are_named_by_their_kind():
    [found] = explained(bound("slices == metrics"))

    assert (found.left, found.right) == ("a list of 16", "a mapping of 1")


def test_answers_have_to_fit_the_questions():
    one = bound("tags == []")
    gate = gate_result(one, CelEngine().evaluate(EVIDENCE, questions((one,))))

    with pytest.raises(ValueError, match="3 questions have 0 answers"):
        explanations.explained(
            (one,), of_gates(gate.verdict, gate, environment="s", candidate="c", evidence="e"), ()
        )


def test_what_a_variable_looks_up_is_shown_with_its_path_and_what_it_computes_by_name():
    variables = (
        Variable("it", "metrics[params.metric]"),
        Variable("low", "slices.filter(s, has(s.name) && s.low < 0.2)"),
    )
    one = bound("variables.it.low >= params.min && variables.low.all(s, s.low > 0.0)")

    low, each = explained(replace(one, policy=replace(one.policy, variables=variables)))

    assert (low.expression, low.source, low.left) == (
        "metrics.f1.low >= 0.5",
        "metrics.f1.low",
        0.4,
    )
    assert (each.source, each.offenders, each.items) == ("variables.low", ("s0",), 2)
