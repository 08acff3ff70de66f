"""Pieces of Markdown tables that every section is made of.

Whoever calls these has escaped the values with `code` or `prose`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mlgitops.reports.verdicts import Tone

ABSENT = "\N{EM DASH}"
NO_BREAK = "\N{NO-BREAK SPACE}"
ICONS: Mapping[Tone, str] = {
    "pass": "\N{WHITE HEAVY CHECK MARK}",
    "fail": "\N{CROSS MARK}",
    "inconclusive": "\N{BLACK QUESTION MARK ORNAMENT}",
    "error": "\N{NO ENTRY}",
    "warn": "\N{WARNING SIGN}\ufe0f",
    "waived": "\N{WARNING SIGN}\ufe0f",
    "idle": "\N{HEAVY MINUS SIGN}",
}


def row(*cells: str) -> str:
    """One line of a table."""
    return f"| {' | '.join(cells)} |"


def folded(title: str, lines: Iterable[str]) -> Iterator[str]:
    """*title* must hold no value from data: Markdown is not read inside HTML."""
    yield f"<details><summary>{title}</summary>"
    yield ""
    yield from lines
    yield ""
    yield "</details>"


def unlinked(brackets: str) -> str:
    """An interval that no dialect reads as a link, and that stays on one line."""
    return brackets.replace("[", r"\[").replace("]", r"\]").replace(" ", NO_BREAK)
