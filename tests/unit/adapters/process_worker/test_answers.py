from __future__ import annotations

import io
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from mlgitops.adapters.process_worker import answers
from mlgitops.model.errors import SpecError, Unavailable

RULE = "a model reads what is packed with it"


def refusal(message: str, hint: str | None = None, details: str | None = None) -> dict[str, Any]:
    return {"refused": {"message": message, "hint": hint, "details": details}}


def hint(answer: dict[str, Any], said: str | None = None, rule: str = RULE) -> str | None:
    with pytest.raises(SpecError) as caught:
        answers.result("train", answer, said, rule)
    return caught.value.hint


@pytest.mark.parametrize(
    "content",
    [
        "", "{", "[]", "7", "[" * 100_000, '{"result": {"rows": NaN}}', '{"bug": "\\ud800"}',
        '{"result": {"rows": "many"}}', f'{{"result": {{"rows": {"9" * 5000}}}}}',
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_none(tmp_path: Path, content: str) -> None:
    place = tmp_path / "answer.json"
    assert answers.read("predict", place) is None
    place.write_text(content)

    assert answers.read("predict", place) is None


def test_an_answer_is_no_link_and_no_pipe(tmp_path: Path) -> None:
    (tmp_path / "other").write_text('{"result": {"rows": 1}}')
    (tmp_path / "link").symlink_to("other")
    os.mkfifo(tmp_path / "pipe")

    assert answers.read("predict", tmp_path / "other") == {"result": {"rows": 1}}
    assert answers.read("predict", tmp_path / "link") is None
    assert answers.read("predict", tmp_path / "pipe") is None


@pytest.mark.parametrize(
    "text",
    [
        "raised: PermissionError: [Errno 13] Permission denied: '/home/ada/w.bin'",
        "Failed to open local file '/home/ada/w.bin'. Detail: [errno 13] Permission denied",
        "cat: /home/ada/w.bin: Permission denied",
    ],
)
def test_a_refused_file_leads_to_the_rule(text: str) -> None:
    for found in (hint(refusal(text)), hint(refusal("exit code 1"), said=text)):
        assert found is not None
        assert found.endswith(f"is out of the job's reach: {RULE}")


@pytest.mark.parametrize(
    "text",
    [
        "PermissionError: [Errno 13] Permission denied: '/w.bin'",
        "Failed to open local file '/w.bin'. Detail: [errno 13] Permission denied",
    ],
)
def test_the_refused_file_is_named_where_the_error_names_it(text: str) -> None:
    assert str(hint(refusal(text))).startswith("/w.bin is out of the job's reach")


def test_no_hint_where_nothing_was_refused_or_nothing_is_withheld() -> None:
    denied = "Permission denied: '/w.bin'"

    assert hint(refusal("boom")) is None
    assert hint(refusal(denied), rule="") is None
    assert hint(refusal(denied, hint="better")) == "better"


def test_a_fault_is_told_in_lines_that_command_nothing() -> None:
    with pytest.raises(RuntimeError, match="by a fault of ours, as it says") as caught:
        answers.result("train", {"bug": "one\n::error::two\r::debug::\x1b[31mthree"}, None, RULE)

    _, *lines = str(caught.value).split("\n")
    assert lines == ["| one", "| ::error::two", r"| ::debug::\x1b[31mthree"]


def test_what_was_printed_stands_in_for_details() -> None:
    with pytest.raises(SpecError) as caught:
        answers.result("train", refusal("boom"), "last words", RULE)

    assert caught.value.details == "last words"


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [
        (os.EX_IOERR, Unavailable, "found the disk full"),
        (-signal.SIGKILL, SpecError, "killed by signal 9"),
        (3, SpecError, "ended with exit code 3 without an answer"),
    ],
)
def test_a_job_without_answer_says_how_it_ended(
    status: int, kind: type[Exception], message: str
) -> None:
    died = answers.died("train", status, "last words")

    assert isinstance(died, kind)
    assert message in str(died)


def test_the_tail_of_a_log_is_its_last_lines() -> None:
    log = io.BytesIO(b"x\n" * 100_000 + b"\xff end\n")

    found = answers.tail(log)

    assert found is not None
    assert found.endswith("end")
    assert len(found.splitlines()) == 20
    assert answers.tail(io.BytesIO(b" \n")) is None


def test_what_was_printed_is_kept_from_its_end() -> None:
    assert answers.printed(io.BytesIO(b"\x1b[1mraw\r\n\xff")) == b"\x1b[1mraw\r\n\xff"

    end = answers.printed(io.BytesIO(b"x" * (2 << 20) + b"last"))
    assert len(end) == 1 << 20
    assert end.endswith(b"xlast")
