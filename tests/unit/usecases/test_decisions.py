from __future__ import annotations

from pathlib import Path

import pytest

from mlgitops.adapters.decision_files import LocalDecisionLog
from mlgitops.model.errors import SpecError
from mlgitops.model.verdict import Context, Decision, GateResult, Verdict
from mlgitops.usecases.decisions import entries, following, record, released


def decision(**given: object) -> Decision:
    known = Context(now="2026-11-02T12:00:00Z", stage="run", environment="staging")
    gate = GateResult("p", given, "soft", True, Verdict.PASS, ())
    return Decision("staging", "c", "e", Verdict.PASS, (gate,), "churn", known, (), "cel 1")


@pytest.fixture
def log(tmp_path: Path) -> LocalDecisionLog:
    return LocalDecisionLog(tmp_path)


def test_each_decision_is_chained_to_the_one_before(log: LocalDecisionLog) -> None:
    record(log, decision(min=0.1), commit="a")
    record(log, decision(min=0.2), commit="b", dirty=True)
    first, second = entries(log.lines("churn"), place="here")

    assert (first.previous, second.previous) == (None, first.id)
    assert (first.dirty, second.dirty) == (False, True)
    assert second.decision == decision(min=0.2)


def test_a_broken_chain_is_told_and_left_as_it_is(log: LocalDecisionLog, tmp_path: Path) -> None:
    record(log, decision(), commit="a")
    file = tmp_path / "decisions" / "churn.jsonl"
    file.write_text(file.read_text().replace('"a"', '"b"'))
    before = file.read_bytes()

    with pytest.raises(
        SpecError, match=r"\.mlgitops/decisions/churn\.jsonl were changed, at line 1"
    ):
        record(log, decision(), commit="a")
    assert file.read_bytes() == before


def test_of_a_long_log_only_the_end_is_looked_at(log: LocalDecisionLog, tmp_path: Path) -> None:
    for _ in range(3):
        record(log, decision(), commit="a")
    file = tmp_path / "decisions" / "churn.jsonl"
    first, *others = file.read_text().splitlines(keepends=True)
    file.write_text("nonsense\n" + "".join(others))
    record(log, decision(), commit="a")

    file.write_text(file.read_text().replace("nonsense\n", first))
    assert len(entries(log.lines("churn"), place="here")) == 4


@pytest.mark.parametrize(
    ("named", "is_told"),
    [
        ({}, False),
        ({"model": "churn"}, False),
        ({"model": "churn", "environment": "staging"}, False),
        ({"model": "topic"}, True),
        ({"model": "churn", "environment": "production"}, True),
    ],
)
def test_decisions_about_something_else_are_told(
    named: dict[str, str], is_told: bool, log: LocalDecisionLog
) -> None:
    record(log, decision(), commit="a")
    lines = log.lines("churn")
    if not is_told:
        assert len(entries(lines, place="here", **named)) == 1
        return

    with pytest.raises(SpecError, match="in here were changed, at line 1: it is about staging/ch"):
        entries(lines, place="here", **named)


def test_what_was_released_is_read_from_the_file_of_its_target(log: LocalDecisionLog) -> None:
    record(log, decision(), commit="a")
    [line] = log.lines("churn")

    assert released(f"{line}\n".encode(), "staging", "churn") == entries([line], place="here")
    with pytest.raises(SpecError, match=r"in mlops/decisions/staging/churn\.jsonl were changed"):
        released(b"\xff\n", "staging", "churn")


def test_a_decision_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(SpecError, match="cannot be kept"):
        following((), decision(min=1e300), place="here", commit="a")
