"""Verdicts as workflow commands, which a forge shows beside the changed files.

A command is one line; `%` and line ends in values are escaped as the runner
undoes it, so that no value can begin a command of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from mlgitops.reports.escaping import visible
from mlgitops.reports.harmless import command_value
from mlgitops.reports.stops import sentences
from mlgitops.reports.verdicts import GateLine, gate_lines

if TYPE_CHECKING:
    from mlgitops.model.verdict import Decision

MOST = 10
_LONGEST = 1_000
Severity = Literal["error", "warning", "notice"]


def gates(decision: Decision, *, file: str | None = None) -> str:
    """One line per gate that did not pass, at most `MOST`, the most urgent first.

    Blocking gates are errors, the others warnings; empty when all passed.
    *file* is where the annotations stand, e.g. the pipeline's spec.
    """
    lines = [line for line in gate_lines(decision) if line.tone not in ("pass", "idle")]
    shown = lines if len(lines) <= MOST else lines[: MOST - 1]
    commands = [*(_gate(line, decision.environment, file) for line in shown)]
    if len(shown) < len(lines):
        more = f"{len(lines) - len(shown)} more gates did not pass; the report names them"
        worst: Severity = "error" if lines[len(shown)].is_blocking else "warning"
        commands.append(command(worst, more, title="mlgitops", file=file))
    return "".join(f"{text}\n" for text in commands)


def _gate(line: GateLine, environment: str, file: str | None) -> str:
    return command(
        "error" if line.is_blocking else "warning",
        sentences((*line.why, *line.remediation)),
        title=f"{line.name} for {environment}: {line.verdict}",
        file=file,
    )


def command(severity: Severity, message: str, *, title: str, file: str | None = None) -> str:
    """`::error file=…,title=…::…`, without a line end."""
    properties = ",".join(_properties(title, file))
    return f"::{severity} {properties}::{_escaped(visible(message, _LONGEST))}"


def _properties(title: str, file: str | None) -> Iterator[str]:
    if file is not None:
        yield f"file={_escaped_property(file)}"
    yield f"title={_escaped_property(title)}"


def _escaped_property(value: str) -> str:
    return _escaped(visible(value)).replace(":", "%3A").replace(",", "%2C")


def _escaped(value: str) -> str:
    return command_value(value).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
