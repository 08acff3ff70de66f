from __future__ import annotations

import json
from dataclasses import dataclass, replace

import pytest

from mlgitops.model import decision_log
from mlgitops.model.decision_log import Entry
from mlgitops.model.verdict import Context, Decision, Verdict
from mlgitops.reports.policy_history import (
    backtest_document,
    backtest_text,
    replays_document,
    replays_text,
)
from tests.fakes.answers import valid


@dataclass(frozen=True)
class Replayed:
    entry: Entry
    outcome: str
    reason: str = ""


@dataclass(frozen=True)
class Flipped:
    entry: Entry
    before: Verdict
    after: Verdict
    because: tuple[str, ...]


@dataclass(frozen=True)
class Tried:
    judged: int
    unknown: int
    flips: tuple[Flipped, ...]


@pytest.fixture
def entry() -> Entry:
    known = Context(now="2026-11-02T12:00:00Z", stage="run", environment="staging")
    names = ("sha256:" + "c" * 64, "sha256:" + "e" * 64)
    decision = Decision("staging", *names, Verdict.PASS, (), "churn", known, (), "cel 1")
    return replace(decision_log.entry(decision, None, commit="c0ffee"), id="sha256:" + "1" * 64)


LINE = "111111111111  2026-11-02T12:00:00Z  run      staging/churn  cccccccccccc"


def test_every_decision_is_a_line_and_what_is_not_equal_has_a_reason(entry: Entry) -> None:
    found = [Replayed(entry, "equal"), Replayed(entry, "differs", "other than recorded: verdict")]

    assert replays_text(found) == (
        f"{LINE}  equal\n{LINE}  differs\n  other than recorded: verdict\n"
        "1 of 2 decisions come out byte for byte as recorded\n"
    )
    assert replays_text([]) == "0 of 0 decisions come out byte for byte as recorded\n"


def test_every_flip_is_a_line_with_what_makes_it(entry: Entry) -> None:
    flip = Flipped(entry, Verdict.PASS, Verdict.FAIL, ("a/b", "c/*"))

    assert backtest_text(Tried(3, 2, (flip,))) == (
        f"{LINE}  pass → fail\n  because of a/b\n  because of c/*\n"
        "1 of 3 decisions would flip; 2 lack their evidence\n"
    )
    assert backtest_text(Tried(3, 0, ())) == "0 of 3 decisions would flip\n"


def test_no_name_and_no_reason_can_be_taken_for_another_line(entry: Entry) -> None:
    named = replace(entry.decision, model="churn\n2 of 2", environment="\x1b[2J", candidate="\n")
    evil = replace(entry, decision=named)
    flip = Flipped(evil, Verdict.PASS, Verdict.FAIL, ("a\nb",))

    assert replays_text([Replayed(evil, "differs", "a\nb")]).count("\n") == 3
    assert backtest_text(Tried(1, 0, (flip,))).count("\n") == 3
    assert "\x1b" not in replays_text([Replayed(evil, "equal")])


def test_the_same_as_json_keeps_to_its_schema(entry: Entry) -> None:
    flip = Flipped(entry, Verdict.PASS, Verdict.ERROR, ("a/b",))
    found = valid("policy-replay", json.dumps(replays_document([Replayed(entry, "equal")])))
    tried = valid("policy-backtest", json.dumps(backtest_document(Tried(3, 2, (flip,)))))

    assert found["replays"][0]["candidate"] == "c" * 12
    assert (tried["judged"], tried["unknown"]) == (3, 2)
    assert tried["flips"][0]["because"] == ["a/b"]
