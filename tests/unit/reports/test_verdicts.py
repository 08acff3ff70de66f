from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from mlgitops.model.verdict import Decision, GateResult, RuleResult, Verdict
from mlgitops.reports.verdicts import (
    failed_warnings,
    gate_lines,
    headline,
    parameters_text,
    sentences,
)


def gate(verdict: Verdict, **fields: Any) -> GateResult:
    rules = (
        RuleResult("a", Verdict.PASS, "a is fine", "-"),
        RuleResult("b", verdict, "b", "fix b"),
    )
    made = GateResult("policy", {}, "soft", True, verdict, rules)
    return replace(made, **fields)


def decision(verdict: Verdict, *gates: GateResult) -> Decision:
    return Decision("production", "sha256:c", "sha256:e", verdict, gates)


@pytest.mark.parametrize(
    ("found", "tone", "word"),
    [
        (gate(Verdict.PASS), "pass", "pass"),
        (gate(Verdict.FAIL), "fail", "fail"),
        (gate(Verdict.INCONCLUSIVE), "inconclusive", "inconclusive"),
        (gate(Verdict.ERROR, level="hard"), "error", "error"),
        (gate(Verdict.FAIL, level="advisory"), "warn", "fail, only advisory"),
        (gate(Verdict.ERROR, level="audit"), "warn", "error, only audit"),
        (gate(Verdict.FAIL, waived_by="late-data"), "waived", "fail, waived"),
        (gate(Verdict.FAIL, applies=False), "idle", "not applicable"),
    ],
)
def test_a_gate_is_called_what_it_does(found: GateResult, tone: str, word: str):
    (line,) = gate_lines(decision(Verdict.PASS, found))

    assert (line.tone, line.verdict) == (tone, word)


def test_a_missed_gate_tells_the_missed_rules_only_and_keeps_the_rest():
    (line,) = gate_lines(decision(Verdict.FAIL, gate(Verdict.FAIL)))

    assert (line.why, line.also, line.remediation) == (("b",), ("a is fine",), ("fix b",))


def test_a_passed_gate_tells_its_last_rule_and_asks_for_nothing():
    (line,) = gate_lines(decision(Verdict.PASS, gate(Verdict.PASS)))

    assert (line.why, line.also, line.remediation) == (("b",), ("a is fine",), ())


def test_the_parameters_of_a_gate_are_told_and_of_a_long_list_its_beginning():
    given = {"names": ["a", "b", "c", "d", "e"], "max": 0.5, "by": ["x"]}
    (line,) = gate_lines(decision(Verdict.PASS, gate(Verdict.PASS, parameters=given)))

    assert line.parameters == "by [x], max 0.5, names [a, b, c, and 2 more]"


@pytest.mark.parametrize("is_sampled", [False, True])
def test_what_is_not_committed_is_not_ready(cases: Any, is_sampled: bool):
    evidence, judged, _ = copy.deepcopy(cases["first"])
    evidence["producer"] |= {"dirty": True, "sample": 500 if is_sampled else 0}
    answer = headline(evidence, judged)

    assert judged.verdict is Verdict.PASS
    assert (answer.tone, "Ready" in answer.title) == ("inconclusive", False)
    assert ("uncommitted" in answer.title) is not is_sampled
    assert "promote" not in "".join(answer.steps)


def test_a_waiver_is_named_and_a_gate_without_rules_says_so():
    waived, empty = gate_lines(
        decision(
            Verdict.ERROR,
            gate(Verdict.FAIL, waived_by="late-data"),
            gate(Verdict.PASS, policy="z", rules=()),
        )
    )

    assert waived.why == ("b", "Waived by late-data.")
    assert empty.why == ("No rule was evaluated.",)


def test_the_most_urgent_gate_comes_first():
    lines = gate_lines(
        decision(
            Verdict.ERROR,
            gate(Verdict.PASS, policy="p"),
            gate(Verdict.FAIL, applies=False, policy="n"),
            gate(Verdict.FAIL, level="audit", policy="w"),
            gate(Verdict.INCONCLUSIVE, policy="i"),
            gate(Verdict.FAIL, policy="f"),
            gate(Verdict.ERROR, policy="e"),
        )
    )

    assert [line.policy for line in lines] == ["e", "f", "i", "w", "p", "n"]


@pytest.mark.parametrize(
    ("found", "tone", "title"),
    [
        (decision(Verdict.PASS, gate(Verdict.PASS)), "pass", "Ready to release to production"),
        (
            decision(Verdict.FAIL, gate(Verdict.FAIL)),
            "fail",
            "Refused for production: 1 gate failed",
        ),
        (
            decision(Verdict.INCONCLUSIVE, *[gate(Verdict.INCONCLUSIVE)] * 2),
            "inconclusive",
            "Not decided for production: 2 gates inconclusive",
        ),
        (
            decision(Verdict.ERROR, gate(Verdict.ERROR), gate(Verdict.FAIL)),
            "error",
            "Not judged for production: 1 gate could not be evaluated",
        ),
        (decision(Verdict.ERROR), "error", "Not judged for production: no gate could block it"),
    ],
)
def test_the_headline_says_the_verdict_in_plain_words(
    cases: Any, found: Decision, tone: str, title: str
):
    answer = headline(cases["retrained"][0], found)

    assert (answer.tone, answer.title) == (tone, title)


def test_a_sample_is_never_ready(cases: Any):
    evidence = copy.deepcopy(cases["retrained"][0])
    evidence["producer"]["sample"] = 1_000
    answer = headline(evidence, decision(Verdict.PASS, gate(Verdict.PASS)))

    assert answer.tone == "inconclusive"
    assert answer.steps == ("Run all rows: mlgitops run flights-delay",)


def test_what_blocks_is_told_with_its_remedy_and_a_waiver_where_one_may_be(cases: Any):
    evidence = cases["retrained"][0]
    soft = headline(evidence, decision(Verdict.FAIL, gate(Verdict.FAIL)))
    hard = headline(evidence, decision(Verdict.FAIL, gate(Verdict.FAIL, level="hard")))
    error = headline(evidence, decision(Verdict.ERROR, gate(Verdict.ERROR)))

    assert soft.reasons == ("policy: b.",)
    assert soft.steps[0] == "fix b"
    assert "waiver" in soft.steps[-1]
    assert "waiver" not in "".join(error.steps)
    assert hard.steps == ("fix b",)


def test_gates_are_counted_by_what_they_do(cases: Any):
    _, leaking, _ = cases["leaking"]
    answer = headline(cases["leaking"][0], leaking)

    assert answer.counts == (
        "3 pass · 1 warn · 1 fail · 0 inconclusive · 0 waived · 1 not applicable"
    )


def test_a_held_candidate_is_not_ready_and_no_promotion_is_suggested(cases: Any):
    evidence = cases["retrained"][0]
    answer = headline(evidence, decision(Verdict.PASS, gate(Verdict.PASS)), is_held=True)

    assert answer.tone == "inconclusive"
    assert answer.title == "Passed, but held in production: released and rolled back there"
    assert not any("promote" in step for step in answer.steps)


def test_a_hold_does_not_hide_a_refusal(cases: Any):
    evidence, refused = cases["retrained"][0], decision(Verdict.FAIL, gate(Verdict.FAIL))

    assert headline(evidence, refused, is_held=True) == headline(evidence, refused)


def test_expectations_that_only_warn_are_named_and_counted(cases: Any):
    evidence = copy.deepcopy(cases["retrained"][0])
    passed = decision(Verdict.PASS, gate(Verdict.PASS))
    (named,) = failed_warnings(evidence)

    assert named[0] == "expect_column_values_to_not_be_null of temp"
    assert named[1].startswith("11.3%")
    assert "1 warn" in headline(evidence, passed).counts

    for result in evidence["data"]["validation"]["results"]:
        result["status"] = "passed"
    assert failed_warnings(evidence) == ()
    assert "0 warn" in headline(evidence, passed).counts


def test_sentences_end():
    assert sentences(["a is b", "c is d.", "really?"]) == "a is b. c is d. really?"


def test_every_condition_is_told_once(cases: Any):
    _, decision, _ = cases["leaking"]
    gate = next(gate for gate in decision.gates if gate.policy == "leakage")
    twice = replace(gate, rules=(gate.rules[0], gate.rules[0]))
    line = gate_lines(replace(decision, gates=(twice,)))[0]

    assert line.findings == ("leakage.max_feature_auc is 0.8731, at most 0.8500 is asked",)


def test_a_gate_that_does_not_apply_tells_no_numbers(cases: Any):
    _, decision, _ = cases["retrained"]
    gate = replace(decision.gates[2], applies=False)

    assert gate_lines(replace(decision, gates=(gate,)))[0].metrics == ()


def test_lists_among_the_parameters_are_cut():
    parameters = {"metrics": ["f1", "recall"], "margin": 0.01, "columns": list("abcde")}

    assert parameters_text(parameters) == (
        "columns [a, b, c, and 2 more], margin 0.01, metrics [f1, recall]"
    )
