from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mlgitops.model.verdict import ConsideredWaiver, GateResult, Verdict
from mlgitops.reports.verdicts import gate_lines
from tests.fakes.decisions import gate
from tests.fakes.decisions import of_gates as decision


@pytest.mark.parametrize(
    ("found", "tone", "word", "label"),
    [
        (gate(Verdict.PASS), "pass", "pass", "pass"),
        (gate(Verdict.FAIL), "fail", "fail", "fail"),
        (gate(Verdict.INCONCLUSIVE), "inconclusive", "inconclusive", "inconclusive"),
        (gate(Verdict.ERROR, level="hard"), "error", "error", "error"),
        (
            gate(Verdict.FAIL, level="advisory"),
            "warn",
            "fail, only advisory",
            "warn (fail, only advisory)",
        ),
        (
            gate(Verdict.ERROR, level="audit"),
            "warn",
            "error, only audit",
            "warn (error, only audit)",
        ),
        (gate(Verdict.FAIL, waived_by="late-data"), "waived", "fail, waived", "fail, waived"),
        (gate(Verdict.FAIL, applies=False), "idle", "not applicable", "not applicable"),
    ],
)
def test_a_gate_is_called_what_it_does(found: GateResult, tone: str, word: str, label: str):
    (line,) = gate_lines(decision(Verdict.PASS, found))

    assert (line.tone, line.verdict, line.label) == (tone, word, label)


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


@pytest.mark.parametrize(
    ("level", "day", "told"),
    [
        ("audit", "2026-12-01", "blocks from 2026-12-01; until then only shown"),
        ("advisory", "2026-12-01", "blocks from 2026-12-01; until then only shown"),
        ("soft", "2026-12-01", "hard from 2026-12-01; until then it can be waived"),
        ("soft", None, ""),
    ],
)
def test_the_day_of_a_gate_says_what_changes_on_it(level: str, day: str | None, told: str):
    (line,) = gate_lines(decision(Verdict.PASS, gate(Verdict.FAIL, level=level, blocks_from=day)))

    assert line.onset == told


HOLDS = ConsideredWaiver("late-data", "p", (), "2026-12-15", holds=True, reason="The strike ended")
EXPIRED = replace(HOLDS, name="old", holds=False, why_not="it expired on 2026-11-01")


def test_a_waived_gate_tells_by_whom_until_when_and_why():
    waived = gate(Verdict.FAIL, policy="p", waived_by="late-data, gone")
    (line,) = gate_lines(replace(decision(Verdict.PASS, waived), waivers=(HOLDS, EXPIRED)))

    assert line.why[1:] == (
        "Waived by late-data until 2026-12-15: The strike ended",
        "Waived by gone.",
    )


@pytest.mark.parametrize(
    ("found", "is_told"),
    [
        (gate(Verdict.FAIL, policy="p"), True),
        (gate(Verdict.FAIL, policy="q"), False),
        (gate(Verdict.FAIL, policy="p", level="advisory"), False),
        (gate(Verdict.PASS, policy="p"), False),
    ],
)
def test_a_shut_gate_tells_which_waiver_does_not_count(found: GateResult, is_told: bool):
    unused = replace(HOLDS, name="unused")
    (line,) = gate_lines(replace(decision(Verdict.FAIL, found), waivers=(EXPIRED, unused)))

    said = "The waiver old does not count: it expired on 2026-11-01."
    assert (line.why[-1] == said) is is_told
    assert (" ".join(line.why).count("waiver")) == int(is_told)
