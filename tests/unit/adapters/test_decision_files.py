from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mlgitops.adapters.decision_files import LocalDecisionLog
from mlgitops.model.errors import Unavailable


@pytest.fixture
def log(tmp_path: Path) -> LocalDecisionLog:
    return LocalDecisionLog(tmp_path / ".mlgitops")


def test_there_is_nothing_at_first(log: LocalDecisionLog) -> None:
    assert log.models() == ()
    assert log.lines("churn") == ()


def test_lines_are_kept_by_model_and_in_order(log: LocalDecisionLog) -> None:
    for model, line in (("churn", "a"), ("topic", "b"), ("churn", "c")):
        log.append(model, lambda _, line=line: line)

    assert log.models() == ("churn", "topic")
    assert log.lines("churn") == ("a", "c")


def test_git_keeps_nothing_of_it(log: LocalDecisionLog, tmp_path: Path) -> None:
    log.append("churn", lambda _: "a")

    assert (tmp_path / ".mlgitops" / ".gitignore").read_text() == "*\n"


def test_a_line_follows_what_was_there_and_no_other_comes_between(log: LocalDecisionLog) -> None:
    def count(before: Sequence[str]) -> str:
        return str(len(before))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: log.append("churn", count), range(64)))

    assert log.lines("churn") == tuple(map(str, range(64)))


def test_what_is_refused_adds_nothing(log: LocalDecisionLog) -> None:
    def refuse(_: Sequence[str]) -> str:
        raise ValueError("no")

    log.append("churn", lambda _: "a")
    with pytest.raises(ValueError, match="no"):
        log.append("churn", refuse)

    assert log.lines("churn") == ("a",)


def test_a_torn_line_and_bytes_that_are_no_text_are_no_lines_of_ours(
    log: LocalDecisionLog, tmp_path: Path
) -> None:
    log.append("churn", lambda _: "a")
    file = tmp_path / ".mlgitops" / "decisions" / "churn.jsonl"
    file.write_bytes(file.read_bytes() + b"\xff torn")

    assert log.lines("churn")[0] == "a"
    assert "missing" in log.lines("churn")[1]


def test_a_disk_that_refuses_is_told(log: LocalDecisionLog, tmp_path: Path) -> None:
    (tmp_path / ".mlgitops" / "decisions" / "churn.jsonl").mkdir(parents=True)

    with pytest.raises(Unavailable, match="cannot write"):
        log.append("churn", lambda _: "a")
    with pytest.raises(Unavailable, match="cannot read"):
        log.lines("churn")
