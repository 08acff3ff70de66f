"""A candidate's verdict and gates as a table at a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from mlgitops.reports import drawing
from mlgitops.reports.comparison import (
    SliceLine,
    key_sentence,
    leading_metric,
    not_judged,
    slice_lines,
)
from mlgitops.reports.headline import failed_warnings, headline
from mlgitops.reports.numbers import count, interval, number, signed, signed_interval
from mlgitops.reports.stops import sentences
from mlgitops.reports.verdicts import SIGNS, GateLine, Tone, few, gate_lines

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
    console: Console,
    evidence: Evidence,
    decision: Decision,
    *,
    is_held: bool = False,
    rest: str = "see the report",
) -> None:
    """The answer, every gate with its reason, and what to do next.

    *is_held*: a rollback keeps the candidate from the environment. *rest* says where
    the remedies stand that are too many to be shown.
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
    for sentence in _slices(evidence, decision):
        console.print(drawing.text(sentence))
    if answer.steps:
        console.print()
    steps(console, answer.steps)
    if answer.more:
        console.print(drawing.text(f"→ and {count(answer.more)} more: {rest}"))


def steps(console: Console, said: Iterable[str]) -> None:
    """What to do next, one thing a line; a command is on one line, to be copied whole."""
    for step in said:
        begun, colon, command = step.partition(": mlgitops ")
        if not colon:
            console.print(drawing.text(f"→ {step}"), soft_wrap="mlgitops " in step)
        elif len(f"→ {step}") <= console.width:
            console.print(drawing.text(f"→ {step}"), soft_wrap=True)
        else:
            console.print(drawing.text(f"→ {begun}:"))
            console.print(drawing.text(f"  mlgitops {command}"), soft_wrap=True)


def _slices(evidence: Evidence, decision: Decision) -> Iterator[str]:
    """The worst slice, and how many could not be judged; nothing without slices."""
    lines = slice_lines(evidence, decision)
    judged = [line for line in lines if line.estimate]
    if judged:
        worst = judged[0]
        metric = leading_metric(evidence, decision)
        yield (
            f"Worst slice by {metric}: {', '.join(worst.parts)}, "
            f"{_told(worst)}, {count(worst.n, 'row')}."
        )
    for matter, found in not_judged(lines).items():
        yield f"{count(len(found), 'slice')} {matter}."


def _told(line: SliceLine) -> str:
    if line.comparison:
        low, high = line.comparison["low"], line.comparison["high"]
        gain = signed(line.comparison["delta"], low, high)
        return f"gain {gain} {signed_interval(low, high)}"
    if line.estimate:
        low, high = line.estimate["low"], line.estimate["high"]
        return f"{number(line.estimate['value'], low, high)} {interval(low, high)}"
    return "not defined on these rows"


def _word(line: GateLine) -> str:
    """The word that the gate counts as, short for the narrow column."""
    return "n/a" if line.tone == "idle" else line.tone


def _gate(line: GateLine) -> Text:
    """All that is told of a gate; what to do for those that block is told at the end."""
    # The first style of a text is that of all of it.
    cell = drawing.text("").append_text(drawing.text(line.policy, "bold"))
    level = line.verdict if line.tone == "warn" else line.level
    asked = f", {line.parameters}" if line.parameters else ""
    onset = f"; {line.onset}" if line.onset else ""
    cell.append_text(drawing.text(f" ({level}{asked}{onset}) ", "dim"))
    # One by one: a text that is too long is cut, and must not take the next away with it.
    for place, said in enumerate(line.why):
        cell.append_text(drawing.text((" " if place else "") + sentences([said])))
    for finding in few(line.findings):
        cell.append("\n")
        cell.append_text(drawing.text(sentences([finding])))
    if line.remediation and not line.is_blocking:
        cell.append_text(drawing.text(f" To do: {sentences(line.remediation)}", "dim"))
    return cell


def _warning(name: str, reason: str) -> Text:
    """An expectation of severity warning that failed."""
    cell = drawing.text("").append_text(drawing.text(name, "bold"))
    cell.append_text(drawing.text(" (expectation) ", "dim"))
    cell.append_text(drawing.text(sentences([reason] if reason else [])))
    return cell
