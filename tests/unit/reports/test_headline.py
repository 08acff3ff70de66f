from __future__ import annotations

import copy
from typing import Any

import pytest

from mlgitops.model.verdict import Decision, GateResult, RuleResult, Verdict
from mlgitops.reports.headline import Reason, failed_warnings, headline
from tests.fakes.decisions import gate
from tests.fakes.decisions import of_gates as decision


@pytest.mark.parametrize("is_sampled", [False, True])
def test_what_is_not_committed_is_not_ready(cases: Any, is_sampled: bool):
    evidence, judged, _ = copy.deepcopy(cases["first"])
    evidence["producer"] |= {"dirty": True, "sample": 500 if is_sampled else 0}
    answer = headline(evidence, judged)

    assert judged.verdict is Verdict.PASS
    assert (answer.tone, "Ready" in answer.title) == ("inconclusive", False)
    assert ("uncommitted" in answer.title) is not is_sampled
    assert "promote" not in "".join(answer.steps)


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
            "Not decided for production: 2 gates are inconclusive",
        ),
        (
            decision(Verdict.ERROR, gate(Verdict.ERROR), gate(Verdict.FAIL)),
            "error",
            "Not judged for production: 1 gate could not be evaluated, 1 failed",
        ),
        (
            decision(Verdict.FAIL, *[gate(Verdict.FAIL)] * 5, *[gate(Verdict.INCONCLUSIVE)] * 4),
            "fail",
            "Refused for production: 5 gates failed, 4 are inconclusive",
        ),
        (
            decision(
                Verdict.FAIL,
                gate(Verdict.INCONCLUSIVE),
                gate(Verdict.FAIL),
                gate(Verdict.FAIL, level="audit"),
                gate(Verdict.INCONCLUSIVE, waived_by="known"),
            ),
            "fail",
            "Refused for production: 1 gate failed, 1 is inconclusive",
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

    assert soft.reasons == (Reason("fail", "fail", "policy", "b."),)
    assert soft.steps[0] == "policy: fix b"
    assert "waiver" in soft.steps[-1]
    assert "waiver" not in "".join(error.steps)
    assert hard.steps == ("policy: fix b",)


def test_what_blocks_is_told_in_the_order_of_urgency(cases: Any):
    answer = headline(
        cases["retrained"][0],
        decision(
            Verdict.ERROR,
            gate(Verdict.INCONCLUSIVE, policy="i"),
            gate(Verdict.FAIL, policy="f"),
            gate(Verdict.FAIL, policy="advice", level="advisory"),
            gate(Verdict.ERROR, policy="e"),
        ),
    )

    assert [(one.tone, one.verdict, one.gate) for one in answer.reasons] == [
        ("error", "error", "e"),
        ("fail", "fail", "f"),
        ("inconclusive", "inconclusive", "i"),
    ]


def test_five_remedies_are_told_and_the_others_counted(cases: Any):
    def made(total: int) -> list[GateResult]:
        rules = [RuleResult("r", Verdict.FAIL, "r", f"do {n}") for n in range(total)]
        return [gate(Verdict.FAIL, policy=f"p{n}", rules=(one,)) for n, one in enumerate(rules)]

    five, seven = (
        headline(cases["retrained"][0], decision(Verdict.FAIL, *made(total))) for total in (5, 7)
    )

    assert seven.steps[:-1] == tuple(f"p{n}: do {n}" for n in range(5))
    assert "waiver" in seven.steps[-1]
    assert (seven.more, five.more) == (2, 0)


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
