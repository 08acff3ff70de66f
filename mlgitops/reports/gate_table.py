"""A candidate's verdict and gates as a table at a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mlgitops.reports import drawing
from mlgitops.reports.comparison import key_sentence
from mlgitops.reports.verdicts import (
    SIGNS,
    GateLine,
    Tone,
    failed_warnings,
    gate_lines,
    headline,
    sentences,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from mlgitops.model.evidence import Evidence
    from mlgitops.model.verdict import Decision

_STYLES: Mapping[Tone, str] = {
    "pass": "green",
    "fail": "bold red",
    "inconclusive": "bold yellow",
    "error": "bold magenta",
    "warn": "yellow",
    "waived": "cyan",
    "idle": "dim",
}


def gates(
    console: Console, evidence: Evidence, decision: Decision, *, is_held: bool = False
) -> None:
    """The answer, every gate with its reason, and what to do next.

    *is_held*: a rollback keeps the candidate from the environment.
    """
    answer = headline(evidence, decision, is_held=is_held)
    title = f"{SIGNS[answer.tone]} {answer.title}"
    console.print(drawing.text(title, f"bold {_STYLES[answer.tone]}"))
    console.print(drawing.text(key_sentence(evidence, decision)))
    console.print()
    table = drawing.table("Verdict", "Gate")
    table.columns[0].no_wrap = True
    for line in gate_lines(decision):
        verdict = drawing.text(f"{SIGNS[line.tone]} {_word(line)}", _STYLES[line.tone])
        table.add_row(verdict, _gate(line))
    for name, reason in failed_warnings(evidence):
        table.add_row(
            drawing.text(f"{SIGNS['warn']} warn", _STYLES["warn"]), _warning(name, reason)
        )
    console.print(table)
    console.print(drawing.text(f"Checks: {answer.counts}", "dim"))
    if answer.steps:
        console.print()
    for step in answer.steps:
        # A command is copied whole.
        console.print(drawing.text(f"→ {step}"), soft_wrap="mlgitops " in step)


def _word(line: GateLine) -> str:
    """One word for the narrow column; the reason beside it has the rest."""
    if line.tone == "waived":
        return "waived"
    return "n/a" if line.tone == "idle" else line.verdict.partition(",")[0]


def _gate(line: GateLine) -> Text:
    """Name, level and reason; what to do is told at the end for gates that block."""
    cell = drawing.text(line.policy, "bold")
    cell.append_text(drawing.text(f" ({line.level}) ", "dim"))
    cell.append_text(drawing.text(sentences(line.why)))
    if line.remediation and not line.is_blocking:
        cell.append_text(drawing.text(f" To do: {sentences(line.remediation)}", "dim"))
    return cell


def _warning(name: str, reason: str) -> Text:
    """An expectation of severity warning that failed."""
    cell = drawing.text(name, "bold")
    cell.append_text(drawing.text(" (expectation) ", "dim"))
    cell.append_text(drawing.text(sentences([reason] if reason else [])))
    return cell
