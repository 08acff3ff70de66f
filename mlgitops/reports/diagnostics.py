"""Diagnostics for a terminal, for programs and for GitHub's annotations."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from mlgitops.model.source import Diagnostic, Span
from mlgitops.reports.harmless import command_value, printable

_BOLD, _CYAN, _PLAIN = "\x1b[1m", "\x1b[36m", "\x1b[0m"
_RED, _YELLOW = "\x1b[31m", "\x1b[33m"
_LONGEST_LINE = 160
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def render_text(diagnostics: Sequence[Diagnostic], texts: Mapping[str, str], *, color: bool) -> str:
    """`file:line:column: CODE message`, the line with a caret below, and the hint.

    The line is left out where *texts*, by path, lacks the file. Every line of the
    result ends in a line break; without diagnostics it is empty.
    """
    return "".join(_block(diagnostic, texts, color=color) for diagnostic in diagnostics)


def render_github(diagnostics: Sequence[Diagnostic]) -> str:
    """One workflow command a line, by its level, which GitHub shows at the line of the diff."""
    return "".join(f"{_command(diagnostic)}\n" for diagnostic in diagnostics)


def _block(diagnostic: Diagnostic, texts: Mapping[str, str], *, color: bool) -> str:
    span = diagnostic.span
    place = f"{span.file}:{span.line}:{span.column}: " if span else ""
    place = _styled(printable(place), _BOLD, color=color)
    is_error = diagnostic.level == "error"
    code = diagnostic.code if is_error else f"{diagnostic.code} ({diagnostic.level})"
    code = _styled(code, _RED if is_error else _YELLOW, color=color)
    block = f"{place}{code} {printable(diagnostic.message)}\n"
    if span is not None and span.file in texts:
        block += _excerpt(texts[span.file], span, color=color)
    if diagnostic.hint:
        block += f"  {_styled('hint:', _CYAN, color=color)} {printable(diagnostic.hint)}\n"
    return block


def _excerpt(text: str, span: Span, *, color: bool) -> str:
    """The span's first line, and carets below as much of the span as stands in it."""
    begin = text.rfind("\n", 0, span.start) + 1
    stop = text.find("\n", span.start)
    line = text[begin : stop if stop >= 0 else len(text)].rstrip("\r")
    if not line.strip():
        return ""
    # A long line is shown from a little before the place.
    skipped = max(0, span.start - begin - _LONGEST_LINE // 2) if len(line) > _LONGEST_LINE else 0
    offset = begin + skipped
    visible = line[skipped : skipped + _LONGEST_LINE]
    before = visible[: span.start - offset]
    marked = visible[len(before) : max(span.end - offset, len(before))].rstrip()
    number = str(span.line)
    indent = "".join("\t" if c == "\t" else " " * _width(c) for c in before)
    carets = _styled("^" * max(1, sum(map(_width, marked))), _RED, color=color)
    gutter = " " * len(number)
    return f"  {number} | {_aligned(visible)}\n  {gutter} | {indent}{carets}\n"


def _width(character: str) -> int:
    """Columns that a terminal uses for *character*."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _aligned(text: str) -> str:
    """*text* without what would move the cursor or hide, one character for one.

    So that the carets stay below their place, where escapes would be longer.
    """
    return "".join(c if c.isprintable() or c == "\t" else _REPLACEMENT for c in text)


def _styled(text: str, style: str, *, color: bool) -> str:
    return f"{style}{text}{_PLAIN}" if color and text else text


def document(diagnostic: Diagnostic) -> dict[str, Any]:
    """The same as JSON; what has no place has None there, and *line* and *column* count from 1."""
    span = diagnostic.span
    return {
        "code": diagnostic.code,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
        "file": span.file if span else None,
        "line": span.line if span else None,
        "column": span.column if span else None,
        "start": span.start if span else None,
        "end": span.end if span else None,
    }


def finding(diagnostic: Diagnostic) -> dict[str, Any]:
    """The same with its level, where not all are errors."""
    return {**document(diagnostic), "level": diagnostic.level}


def _command(diagnostic: Diagnostic) -> str:
    # Only the start: GitHub mislays annotations whose end is the end of the file.
    span = diagnostic.span
    properties = {"title": diagnostic.code}
    if span is not None:
        place = {"file": span.file, "line": str(span.line), "col": str(span.column)}
        properties = {**place, **properties}
    text = diagnostic.message + (f"\nhint: {diagnostic.hint}" if diagnostic.hint else "")
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{diagnostic.level} {listed}::{_escaped(text)}"


def _escaped(text: str) -> str:
    return command_value(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
