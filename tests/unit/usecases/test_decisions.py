from __future__ import annotations

from pathlib import Path

import pytest

from mlgitops.adapters.decision_files import LocalDecisionLog
from mlgitops.model.errors import SpecError
from mlgitops.model.verdict import Context, Decision, GateResult, Verdict
from mlgitops.usecases.decisions import entries, following, record


def decision(**given: object) -> Decision:
    known = Context(now="2026-11-02T12:00:00Z", stage="run", environment="staging")
    gate = GateResult("p", given, "soft", True, Verdict.PASS, ())
    return Decision("staging", "c", "e", Verdict.PASS, (gate,), "churn", known)


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


def test_a_head_that_is_known_tells_a_missing_end(log: LocalDecisionLog) -> None:
    record(log, decision(), commit="a")

    with pytest.raises(SpecError, match="at line 2"):
        entries(log.lines("churn"), place="here", head="sha256:other")


def test_a_decision_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(SpecError, match="cannot be kept"):
        following((), decision(min=1e300), place="here", commit="a")
