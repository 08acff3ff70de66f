"""Gathers what is wrong with the user's files, and says it in one manner.

The number of problems listed per file is limited, so that a hostile file
cannot make the list itself the attack.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from mlgitops.model.errors import SpecError
from mlgitops.model.source import Diagnostic, Span

MOST_PER_FILE = 100
_WITH_COMMA = re.compile(r"[-+]?[0-9]{1,15},[0-9]{1,15}")
_LONGEST_SHOWN = 60
_LONGEST_COMPARED = 64


class TooManyProblems(Exception):
    """The list of one file is full; nothing more is looked at."""


class Problems:
    """The problems of one file, in the order they are found."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []

    def add(self, code: str, message: str, span: Span | None, hint: str | None = None) -> None:
        """Note a problem.

        Raises:
            TooManyProblems: the list is full.
        """
        if len(self.found) >= MOST_PER_FILE:
            raise TooManyProblems
        self.found.append(Diagnostic(code, message, span, hint))


def refusal(diagnostics: Sequence[Diagnostic]) -> SpecError:
    """One error for all *diagnostics*, by file and place."""
    ordered = sorted(diagnostics, key=_place)
    count = len(ordered)
    files = {diagnostic.span.file if diagnostic.span else "" for diagnostic in ordered}
    where = files.pop() if len(files) == 1 else ""
    problems = "1 problem" if count == 1 else f"{count} problems"
    return SpecError(f"{problems} in {where or 'the specs'}", diagnostics=ordered)


def shown(value: Any) -> str:
    """*value* as a message quotes it: JSON, short, and printable throughout."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, str) and len(value) > _LONGEST_SHOWN:
        value = value[:_LONGEST_SHOWN] + "…"
    text = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def nearest(name: Any, known: Iterable[str]) -> str | None:
    """The name of *known* that the user probably meant."""
    if not isinstance(name, str) or len(name) > _LONGEST_COMPARED:
        return None
    from difflib import get_close_matches

    lowered = {candidate.lower(): candidate for candidate in known}
    close = get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return lowered[close[0]] if close else None


def with_point(value: Any) -> str | None:
    """A hint for a number that is written with a comma; None if *value* is none."""
    if isinstance(value, str) and _WITH_COMMA.fullmatch(value):
        return f"write {value.replace(',', '.')}"
    return None


def did_you_mean(name: Any, known: Iterable[str]) -> str:
    """A hint: the nearest name, or else all that there are."""
    candidates = list(known)
    near = nearest(name, candidates)
    if near is not None:
        return f'did you mean "{near}"?'
    return f"one of: {', '.join(candidates)}" if candidates else "there is none yet"


def _place(diagnostic: Diagnostic) -> tuple[str, int, str]:
    span = diagnostic.span
    return (span.file, span.start, diagnostic.code) if span else ("", 0, diagnostic.code)
