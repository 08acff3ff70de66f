from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from mlgitops.model.spec import Waiver
from mlgitops.model.verdict import GateResult, Verdict
from mlgitops.policies.waivers import effective, waive

TODAY = date(2026, 11, 2)
CANDIDATE = "sha256:" + "ab" * 32
WAIVER = Waiver("one", "min-metric", "flights-delay", CANDIDATE, "a reason", TODAY)
GATE = GateResult("min-metric", {}, "soft", applies=True, verdict=Verdict.FAIL, rules=())


def valid(*waivers: Waiver, today: date = TODAY) -> tuple[str, ...]:
    found = effective(waivers, model="flights-delay", candidate=CANDIDATE, today=today)
    return tuple(waiver.name for waiver in found)


@pytest.mark.parametrize(
    ("today", "holds"),
    [(date(2026, 11, 1), True), (date(2026, 11, 2), True), (date(2026, 11, 3), False)],
)
def test_a_waiver_holds_to_the_end_of_its_last_day(today, holds):
    assert bool(valid(WAIVER, today=today)) is holds


@pytest.mark.parametrize(
    ("candidate", "holds"),
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
def test_a_waiver_is_for_one_candidate(candidate, holds):
    assert bool(valid(replace(WAIVER, candidate=candidate))) is holds


def test_a_waiver_is_for_one_model():
    assert valid(replace(WAIVER, model="other")) == ()


def test_waivers_are_sorted_by_name():
    assert valid(replace(WAIVER, name="z"), replace(WAIVER, name="a")) == ("a", "z")


@pytest.mark.parametrize(
    ("level", "verdict", "applies"),
    list(product(("audit", "advisory", "soft", "hard"), Verdict, (True, False))),
)
def test_only_a_soft_gate_that_failed_or_is_inconclusive_opens(level, verdict, applies):
    gate = replace(GATE, level=level, verdict=verdict, applies=applies)
    opened = waive(gate, (WAIVER,))

    may_open = level == "soft" and applies and verdict in {Verdict.FAIL, Verdict.INCONCLUSIVE}
    assert opened.waived_by == ("one" if may_open else None)
    assert opened.verdict is verdict


def test_a_waiver_for_another_policy_opens_nothing():
    assert waive(GATE, (replace(WAIVER, policy="leakage"),)) is GATE


def test_the_first_fitting_waiver_is_named():
    waivers = (replace(WAIVER, name="a", policy="leakage"), WAIVER, replace(WAIVER, name="z"))

    assert waive(GATE, waivers).waived_by == "one"
