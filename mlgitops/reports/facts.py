"""What sections of a report are made of, before any layout: facts and grids.

One place, so that the page and the pull request say the same. A text is pieces: our
own words, names and sentences from data, and intervals. Whoever shows what is from
data escapes it; a piece that is a plain `str` never holds anything from there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from mlgitops.model.estimates import Comparison, Estimate
from mlgitops.reports.numbers import count, interval, number, signed, signed_interval
from mlgitops.reports.strips import Strip

Tone = Literal["plain", "worse", "missing"]
_MOST_NAMES = 20


@dataclass(frozen=True, slots=True)
class Names:
    """Texts from data, each to be shown as code of its own; *more* are left out."""

    names: tuple[str, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """An interval as it is shown, which stays on one line."""

    text: str


@dataclass(frozen=True, slots=True)
class Prose:
    """A sentence from data."""

    text: str


Piece = str | Names | Span | Prose
Text = tuple[Piece, ...]
UNTOLD: Text = ("\N{EN DASH}",)


@dataclass(frozen=True, slots=True)
class Fact:
    """One line under *name*, our own word; `missing` says why there is nothing to tell."""

    name: str
    text: Text
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; *noun* says what a row is, and *numeric* which columns are numbers.

    *strips* or *bars*, if any, are aligned with *rows*: an interval, or a share of 0..1.
    """

    noun: str
    plural: str
    caption: Text
    heads: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]
    numeric: frozenset[int]
    strips: tuple[Strip | None, ...] = ()
    bars: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """Facts in the order of their weight, and the tables behind them."""

    facts: tuple[Fact, ...]
    grids: tuple[Grid, ...] = ()


def names(found: Iterable[str]) -> Names:
    """At most twenty of *found*, and how many there are besides."""
    listed = tuple(found)
    return Names(listed[:_MOST_NAMES], max(0, len(listed) - _MOST_NAMES))


def counted(found: Iterable[tuple[tuple[str, ...], str]]) -> Text:
    """At most twenty of *found*, names with a number of our own words behind each."""
    listed = list(found)
    pieces: list[Piece] = []
    for parts, number_of in listed[:_MOST_NAMES]:
        pieces += [", "] if pieces else []
        pieces += [Names(parts), f" ({number_of})"]
    more = len(listed) - _MOST_NAMES
    return (*pieces, f" and {count(more)} more") if more > 0 else tuple(pieces)


def measured(estimate: Estimate) -> Text:
    """A value with its interval."""
    value, low, high = estimate["value"], estimate["low"], estimate["high"]
    return number(value, low, high), " ", Span(interval(low, high, value))


def gained(told: Comparison) -> Text:
    """A gain or a loss with its interval."""
    delta, low, high = told["delta"], told["low"], told["high"]
    return signed(delta, low, high), " ", Span(signed_interval(low, high, delta))


def rows(told: Estimate | Comparison) -> str:
    """How many rows there were, and of how many clusters if they are not independent."""
    clusters = told.get("clusters")
    return count(told["n"], "row") + (f" in {count(clusters, 'cluster')}" if clusters else "")


def missing(name: str, *text: Piece) -> Fact:
    """Why there is nothing to tell of *name*."""
    return Fact(name, text, "missing")


def not_asked(name: str, key: str, *, or_undefined: bool = False) -> Fact:
    """*key* is the one of the spec that asks for it.

    *or_undefined*: the evidence cannot tell this from what has no value on its rows.
    """
    why = "Not asked for, or not defined on these rows: " if or_undefined else "Not asked for: "
    return Fact(name, (why, Names((key,)), " asks for it."), "missing")
