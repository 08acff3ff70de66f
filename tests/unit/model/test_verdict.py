from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlgitops.model.policy import Level
from mlgitops.model.verdict import (
    Answer,
    ConsideredWaiver,
    Decision,
    Finding,
    GateResult,
    RuleResult,
    Verdict,
    context,
    decision_document,
    moment,
    parse_decision,
)
from tests.fakes.decisions import of_gates

TEXTS = st.text(max_size=4)
VERDICTS = st.sampled_from(Verdict)
VALUES = st.none() | st.booleans() | st.integers(0, 9) | TEXTS | st.lists(TEXTS, max_size=2)
FINDINGS = st.builds(
    Finding,
    TEXTS,
    source=TEXTS,
    left=VALUES,
    operator=st.sampled_from(["", ">=", "in"]),
    right=VALUES,
    offenders=st.lists(TEXTS, max_size=2).map(tuple),
    offending=st.integers(0, 9),
    items=st.integers(0, 9),
    error=TEXTS,
)
RULES = st.builds(
    RuleResult, TEXTS, VERDICTS, TEXTS, TEXTS, st.lists(FINDINGS, max_size=2).map(tuple)
)
GATES = st.builds(
    GateResult,
    policy=TEXTS,
    parameters=st.dictionaries(TEXTS, st.booleans() | st.integers(0, 9) | TEXTS, max_size=2),
    level=st.sampled_from(get_args(Level)),
    applies=st.booleans(),
    verdict=VERDICTS,
    rules=st.lists(RULES, max_size=2).map(tuple),
    waived_by=st.none() | TEXTS,
    metrics=st.lists(TEXTS, max_size=2).map(tuple),
    digest=TEXTS,
    blocks_from=st.none() | TEXTS,
)
WAIVERS = st.builds(
    ConsideredWaiver, TEXTS, TEXTS, st.lists(TEXTS, max_size=2).map(tuple), TEXTS, st.booleans()
)
CONTEXT = {"now": "2026-11-02T12:00:00Z", "stage": "promote", "environment": "staging"}
DECISIONS = st.builds(
    Decision,
    *(TEXTS, TEXTS, TEXTS, VERDICTS),
    gates=st.lists(GATES, max_size=3).map(tuple),
    model=TEXTS,
    context=st.sampled_from([CONTEXT, {**CONTEXT, "soak_hours": 1.5}]),
    waivers=st.lists(WAIVERS, max_size=2).map(tuple),
    engine=TEXTS,
)
ABSENT = object()


@given(DECISIONS)
def test_a_decision_survives_json(decision: Decision) -> None:
    parsed = parse_decision(json.loads(json.dumps(decision_document(decision))))

    assert parsed == decision
    assert isinstance(parsed.verdict, Verdict)
    assert all(isinstance(gate.verdict, Verdict) for gate in parsed.gates)


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "maybe"},
        {"gates": [{}]},
        {"gates": None},
        {"more": 1},
        {"gates": ABSENT},
        {"engine": ABSENT},
        {"candidate": 3},
        {"context": {}},
        {"context": {**CONTEXT, "now": "x"}},
        {"context": {**CONTEXT, "now": "2026-11-02T12:00:00.5Z"}},
    ],
)
def test_another_document_is_no_decision(change: dict[str, Any]) -> None:
    decision = of_gates(Verdict.PASS, environment="staging", candidate="c", evidence="e")
    document = json.loads(json.dumps(decision_document(decision))) | change
    document = {key: value for key, value in document.items() if value is not ABSENT}

    with pytest.raises(ValueError, match=next(iter(change))):
        parse_decision(document)


@pytest.mark.parametrize("level", get_args(Level))
@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.parametrize("applies", [True, False])
@pytest.mark.parametrize("waived_by", [None, "known-shift"])
def test_only_a_soft_or_hard_gate_that_applies_and_is_not_waived_blocks(
    level: Level, verdict: Verdict, applies: bool, waived_by: str | None
) -> None:
    gate = GateResult("min-metric", {}, level, applies, verdict, (), waived_by)

    blocks = level in ("soft", "hard") and applies and verdict != "pass" and waived_by is None
    assert gate.is_blocking == blocks


@pytest.mark.parametrize("value", [1, 1.0, "true", [True], None, False])
def test_only_the_boolean_true_is_true(value: Any) -> None:
    assert not Answer("value", value).is_true
    assert Answer("value", True).is_true
    assert not Answer("error", True).is_true


def test_the_time_of_a_decision_is_in_utc_to_the_second() -> None:
    told = datetime(2026, 11, 3, 0, 30, 0, 999_999, tzinfo=timezone(timedelta(hours=1)))
    known = context(told, "gate", "staging")

    assert known == {"now": "2026-11-02T23:30:00Z", "stage": "gate", "environment": "staging"}
    assert moment(known) == datetime(2026, 11, 2, 23, 30, tzinfo=UTC)
    assert moment({**known, "now": "2026-11-03T00:30:00+01:00"}).date().day == 2


def test_a_decision_knows_the_waivers_that_open_a_gate() -> None:
    decision = of_gates(Verdict.PASS, environment="staging", candidate="c", evidence="e")
    gate = GateResult("p", {}, "soft", applies=True, verdict=Verdict.FAIL, rules=())
    opened = (replace(gate, waived_by="a, b"), gate, replace(gate, waived_by="b"))

    assert decision.opening == frozenset()
    assert replace(decision, gates=opened).opening == {"a", "b"}
