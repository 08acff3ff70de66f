"""Facts and grids as lines of Markdown, where everything from data is escaped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mlgitops.reports.escaping import code, prose
from mlgitops.reports.facts import Fact, Grid, Names, Piece, Prose, Section, Span, Text, Tone
from mlgitops.reports.markdown_tables import ICONS, folded, row, unlinked
from mlgitops.reports.numbers import count

_MOST_ROWS = 30
_SIGNS: Mapping[Tone, str] = {
    "plain": "",
    "worse": f"{ICONS['warn']} ",
    "missing": f"{ICONS['idle']} ",
}


def section(told: Section) -> Iterator[str]:
    """A table of the facts, and the grids folded below it."""
    yield "| | |"
    yield "|:--|:--|"
    yield from fact_rows(told.facts)
    yield from folds(told.grids)


def fact_rows(facts: Sequence[Fact]) -> Iterator[str]:
    """Rows of a table with two columns; what is bad and what is missing have their signs."""
    for fact in facts:
        yield row(fact.name, _SIGNS[fact.tone] + shown(fact.text))


def folds(grids: Sequence[Grid]) -> Iterator[str]:
    """Each grid folded, with at most thirty rows."""
    for grid in grids:
        yield ""
        yield from folded(count(len(grid.rows), grid.noun, grid.plural), _table(grid))


def _table(grid: Grid) -> Iterator[str]:
    yield f"{shown(grid.caption)}."
    yield ""
    yield row(*grid.heads)
    aligned = ("--:" if place in grid.numeric else ":--" for place in range(len(grid.heads)))
    yield f"|{'|'.join(aligned)}|"
    for cells in grid.rows[:_MOST_ROWS]:
        yield row(*map(shown, cells))
    if len(grid.rows) > _MOST_ROWS:
        yield ""
        yield f"{count(len(grid.rows) - _MOST_ROWS)} more are in the evidence."


def shown(text: Text) -> str:
    """*text* for a cell of a table."""
    return "".join(map(_piece, text))


def _piece(piece: Piece) -> str:
    match piece:
        case Names(listed, more):
            return ", ".join(map(code, listed)) + (f" and {count(more)} more" if more else "")
        case Span(text):
            return unlinked(text)
        case Prose(text):
            return prose(text)
        case _:
            return piece
