from __future__ import annotations

import subprocess
import sys
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


_CHILD = """
import resource, sys
from pathlib import Path
from mlgitops.adapters.decision_files import LocalDecisionLog
from mlgitops.model.errors import Unavailable

resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    LocalDecisionLog(Path(sys.argv[1])).append("churn", lambda _: "b" * 4000)
except Unavailable as error:
    print(error.message)
"""


@pytest.mark.parametrize("before", [(), ("a" * 60,)])
def test_a_disk_that_is_full_half_way_leaves_the_log_as_it_was(
    before: tuple[str, ...], log: LocalDecisionLog, tmp_path: Path
) -> None:
    for line in before:
        log.append("churn", lambda _, line=line: line)
    child = subprocess.run(
        [sys.executable, "-c", _CHILD, str(tmp_path / ".mlgitops")],
        capture_output=True,
        text=True,
        check=True,
    )

    assert child.stdout.startswith("cannot write ")
    assert log.lines("churn") == before
    log.append("churn", lambda lines: str(len(lines)))
    assert log.lines("churn") == (*before, str(len(before)))


def test_a_disk_that_refuses_is_told(log: LocalDecisionLog, tmp_path: Path) -> None:
    (tmp_path / ".mlgitops" / "decisions" / "churn.jsonl").mkdir(parents=True)

    with pytest.raises(Unavailable, match="cannot write"):
        log.append("churn", lambda _: "a")
    with pytest.raises(Unavailable, match="cannot read"):
        log.lines("churn")
