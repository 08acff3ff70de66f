from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from mlgitops.model.policy import Waiver
from mlgitops.model.verdict import ConsideredWaiver, GateResult, RuleResult, Verdict
from mlgitops.policies.waivers import considered, elsewhere, told, waive

TODAY = date(2026, 11, 2)
CANDIDATE = "sha256:" + "ab" * 32
WAIVER = Waiver("one", "min-metric", "flights-delay", CANDIDATE, "a reason", TODAY)
HOLDING = ConsideredWaiver("one", "min-metric", (), "2026-11-02", holds=True)
PASS, FAIL, INCONCLUSIVE = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE


def gate(**rules: Verdict) -> GateResult:
    results = tuple(RuleResult(name, verdict, "", "") for name, verdict in rules.items())
    verdict = FAIL if FAIL in rules.values() else INCONCLUSIVE
    return GateResult("min-metric", {}, "soft", applies=True, verdict=verdict, rules=results)


def found(*waivers: Waiver, today: date = TODAY) -> list[tuple[str, bool]]:
    read = considered(waivers, model="flights-delay", candidate=CANDIDATE, today=today)
    return [(waiver.name, waiver.holds) for waiver in read]


@pytest.mark.parametrize(
    ("today", "holds"),
    [(date(2026, 11, 1), True), (date(2026, 11, 2), True), (date(2026, 11, 3), False)],
)
def test_a_waiver_holds_to_the_end_of_its_last_day(today, holds):
    assert found(WAIVER, today=today) == [("one", holds)]


@pytest.mark.parametrize(
    ("candidate", "fits"),
    [
        (CANDIDATE, True),
        ("ab" * 6, True),
        ("sha256:" + "ab" * 6, True),
        ("ab" * 5, False),
        ("", False),
        ("sha256:", False),
        ("cd" * 6, False),
        (CANDIDATE + "ab", False),
    ],
)
def test_a_waiver_is_for_one_candidate(candidate, fits):
    assert bool(found(replace(WAIVER, candidate=candidate))) is fits


def test_a_waiver_is_for_one_model():
    assert found(replace(WAIVER, model="other")) == []


def test_waivers_are_sorted_by_name():
    names = [name for name, _ in found(replace(WAIVER, name="z"), replace(WAIVER, name="a"))]

    assert names == ["a", "z"]


@pytest.mark.parametrize(
    ("level", "verdict", "applies"),
    list(product(("audit", "advisory", "soft", "hard"), Verdict, (True, False))),
)
def test_only_a_soft_gate_that_failed_or_is_inconclusive_opens(level, verdict, applies):
    shut = replace(gate(only=verdict), level=level, verdict=verdict, applies=applies)
    opened = waive(shut, (HOLDING,))

    may_open = level == "soft" and applies and verdict in {FAIL, INCONCLUSIVE}
    assert opened.waived_by == ("one" if may_open else None)
    assert opened.verdict is verdict


@pytest.mark.parametrize("change", [{"policy": "leakage"}, {"holds": False}])
def test_a_waiver_for_another_policy_or_one_that_expired_opens_nothing(change):
    shut = gate(only=FAIL)

    assert waive(shut, (replace(HOLDING, **change),)) is shut


def test_the_first_fitting_waiver_is_named():
    waivers = (replace(HOLDING, name="a", policy="leakage"), HOLDING, replace(HOLDING, name="z"))

    assert waive(gate(only=FAIL), waivers).waived_by == "one"


@pytest.mark.parametrize(
    ("rules", "waived", "opens"),
    [
        ({"floor": FAIL}, ("floor",), True),
        ({"floor": FAIL, "roof": PASS}, ("floor",), True),
        ({"floor": FAIL, "roof": PASS}, ("roof",), False),
        ({"floor": FAIL, "roof": INCONCLUSIVE}, ("floor",), False),
        ({"floor": FAIL, "roof": INCONCLUSIVE}, ("roof", "floor"), True),
        ({"floor": FAIL}, ("flooring",), False),
        ({}, ("floor",), False),
    ],
)
def test_a_waiver_of_rules_opens_a_gate_whose_other_rules_pass(rules, waived, opens):
    opened = waive(gate(**rules), (replace(HOLDING, rules=waived),))

    assert opened.waived_by == ("one" if opens else None)


def test_waivers_of_rules_open_a_gate_together_and_all_are_named():
    a, b = (replace(HOLDING, name=name, rules=(name,)) for name in ("a", "b"))
    useless = replace(HOLDING, name="c", rules=("c",))

    assert waive(gate(a=FAIL, b=INCONCLUSIVE, c=PASS), (a, b, useless)).waived_by == "a, b"
    assert waive(gate(a=FAIL, b=INCONCLUSIVE, c=PASS), (a, useless)).waived_by is None
    assert waive(gate(a=FAIL, b=FAIL), (a, replace(b, holds=False))).waived_by is None


def test_the_words_that_were_reviewed_are_kept():
    [one] = considered([WAIVER], model="flights-delay", candidate=CANDIDATE, today=TODAY)

    assert (one.reason, one.why_not) == ("a reason", "")


@pytest.mark.parametrize(
    ("waiver", "shut", "why_not"),
    [
        (HOLDING, replace(gate(only=FAIL), level="hard"), "a hard gate is never waived"),
        (HOLDING, replace(gate(only=FAIL), verdict=Verdict.ERROR), "an error is never waived"),
        (replace(HOLDING, holds=False), gate(only=FAIL), "it expired on 2026-11-02"),
        (
            replace(HOLDING, rules=("a",)),
            gate(a=FAIL, b=FAIL, c=INCONCLUSIVE, d=PASS),
            "it does not waive what did not pass: b, c",
        ),
        (replace(HOLDING, policy="leakage"), gate(only=FAIL), ""),
        (HOLDING, replace(gate(only=FAIL), waived_by="one"), ""),
        (HOLDING, replace(gate(only=FAIL), level="advisory"), ""),
        (replace(HOLDING, holds=False), replace(gate(only=FAIL), applies=False), ""),
    ],
)
def test_a_waiver_that_opens_nothing_is_told_with_the_reason(waiver, shut, why_not):
    assert told([waiver], (), [shut]) == (replace(waiver, why_not=why_not),)


def test_of_two_gates_of_a_policy_each_has_its_reason():
    opened, failed = replace(gate(only=FAIL), waived_by="one"), gate(a=FAIL)
    broken, hard = replace(gate(only=FAIL), verdict=Verdict.ERROR), replace(failed, level="hard")

    def why(waiver, *gates):
        [found] = told([waiver], (), gates)
        return found.why_not

    assert why(HOLDING, opened, broken) == "an error is never waived"
    assert why(HOLDING, opened, opened) == ""
    assert why(HOLDING, broken, broken, hard) == (
        "an error is never waived; a hard gate is never waived"
    )
    assert why(replace(HOLDING, rules=("b",)), broken, failed) == (
        "an error is never waived; it does not waive what did not pass: a"
    )


def test_of_waivers_for_other_candidates_those_are_told_that_would_have_opened_a_gate():
    other = replace(WAIVER, name="a", candidate="cd" * 6)
    found = elsewhere(
        [
            WAIVER,
            other,
            replace(other, name="old", expires=date(2026, 11, 1)),
            replace(other, name="far", model="mars"),
        ],
        model="flights-delay",
        candidate=CANDIDATE,
        today=TODAY,
    )

    [one] = found
    assert (one.name, one.holds, one.why_not) == ("a", False, "it is for candidate cdcdcdcdcdcd")
    assert waive(gate(only=FAIL), found).waived_by is None
    expired = replace(HOLDING, name="z", holds=False)
    assert [one.name for one in told([expired], found, [gate(only=FAIL)])] == ["a", "z"]
    for quiet in (
        replace(gate(only=FAIL), level="hard"),
        replace(gate(only=FAIL), waived_by="one"),
        replace(gate(only=FAIL), policy="leakage"),
    ):
        assert told((), found, [quiet]) == ()
