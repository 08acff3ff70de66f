from __future__ import annotations

from typing import Any

import pytest

from mlgitops.adapters.cel_engine.engine import CelEngine
from mlgitops.model.spec import Policy, Rule
from mlgitops.model.verdict import Decision, Finding, Verdict
from mlgitops.policies import explanations
from mlgitops.policies.binding import BoundPolicy
from mlgitops.policies.engine import gate_result, questions

EVIDENCE: dict[str, Any] = {
    "metrics": {"f1": {"low": 0.4, "n": 0}},
    "slices": [
        *({"name": f"s{n}", "low": n / 10} for n in range(14)),
        {"column": "c", "low": 0.0},
        {"low": 0.1},
    ],
    "tags": ["a", "b"],
    "scores": {"x": 1, "y": 2},
}


def bound(passes: str, fails: str | None = None, when: str | None = None) -> BoundPolicy:
    rule = Rule("only", passes, fails, "said", "do")
    parameters = {"metric": "f1", "min": 0.5}
    return BoundPolicy(Policy("own", "", (), when, (rule,)), parameters, "soft")


def explained(one: BoundPolicy) -> tuple[Finding, ...]:
    engine = CelEngine()
    gate = gate_result(one, engine.evaluate(EVIDENCE, questions((one,))))
    decision = Decision("staging", "c", "e", gate.verdict, (gate,))
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

    assert found.offenders == ("c", "slices.filter(s, !has(s.name))[1]")


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
    decision = Decision("staging", "c", "e", Verdict.PASS, gates)

    assert explanations.questions((passing, idle), decision) == ()
    assert explanations.explained((passing, idle), decision, ()) == decision


def test_large_values_are_named_by_their_kind():
    [found] = explained(bound("slices == metrics"))

    assert (found.left, found.right) == ("a list of 16", "a mapping of 1")


def test_answers_have_to_fit_the_questions():
    one = bound("tags == []")
    gate = gate_result(one, CelEngine().evaluate(EVIDENCE, questions((one,))))

    with pytest.raises(ValueError, match="3 questions have 0 answers"):
        explanations.explained((one,), Decision("s", "c", "e", gate.verdict, (gate,)), ())
