from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mlgitops.model.verdict import GateResult, Verdict
from mlgitops.reports import annotations as github
from mlgitops.reports.annotations import MOST

COMMAND = re.compile(r"::(error|warning|notice) (file=[^:,]*,)?title=[^:,]*::(.*)")


def test_what_blocks_is_an_error_and_says_why_and_what_to_do(cases: Any):
    _, decision, _ = cases["leaking"]

    assert github.gates(decision, file="mlops/pipelines/flights-delay.yaml") == (
        "::error file=mlops/pipelines/flights-delay.yaml,"
        "title=leakage for production%3A fail::the column dep_delay alone has AUC 0.8731, above "
        "0.85. dep_delay is known only after the fact. take dep_delay out of features.columns in "
        "mlops/pipelines/flights-delay.yaml.\n"
    )


def test_what_does_not_block_is_a_warning_and_what_passed_is_silent(cases: Any):
    assert github.gates(cases["retrained"][1]).startswith("::warning title=slices-not-harmed")
    assert github.gates(cases["first"][1]) == ""


def test_there_are_never_more_than_a_step_may_show(cases: Any):
    _, decision, _ = cases["leaking"]
    failed = GateResult("p", {}, "hard", True, Verdict.FAIL, ())
    lines = github.gates(replace(decision, gates=(failed,) * 40)).splitlines()

    assert len(lines) == MOST
    assert lines[-1] == "::error title=mlgitops::31 more gates did not pass; the report names them"


def test_no_payload_begins_a_command(payload: str, poison: Any):
    _, decision = poison("leaking", payload)
    lines = github.gates(decision, file="a,b:c.yaml").splitlines()

    assert len(lines) == 1
    assert COMMAND.fullmatch(lines[0])


@given(st.text(), st.text())
def test_any_text_stays_in_its_place(title: str, message: str):
    text = github.command("error", message, title=title, file=title)

    assert COMMAND.fullmatch(text)
    assert text.splitlines() == [text]


@given(st.text(alphabet="%:,a0AD ", max_size=30))
def test_the_runner_reads_back_the_message(message: str):
    text = github.command("error", message, title="t").removeprefix("::error title=t::")

    assert text.replace("%25", "%") == " ".join(message.split())
