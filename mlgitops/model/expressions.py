"""What compiling an expression of a policy shows, before there is any evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

# `syntax`: it is no CEL; `name`: nothing has that name; `type`: an operator does not
# take such values; `limit`: it is CEL that may not be evaluated; `lost`: the compiler
# ended before it came to an answer.
FlawKind = Literal["syntax", "name", "type", "limit", "lost"]

ANY: Final = "*"
"""A step of a path: a key or place that is computed."""
EACH: Final = "[]"
"""A step of a path: each element of a list that is gone through, of a map each key."""
LISTED: Final = "[…]"
"""A step of a path: the list that an expression makes of what is at the path before it."""

# What is looked up, name by name from a variable of the expression on.
Steps = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at *path*, whose last name begins *at* so many characters into the expression.

    None where it is written in another way, with an escape in it.
    """

    path: Steps
    at: int | None


ValueKind = Literal["number", "text", "boolean", "null", "list", "record", "map"]


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison, by what can be told of it before there is any evidence.

    *path* is where it is looked up, None where it is computed or written out; *kind* is
    that of what is written out. It is named *at* so many characters into the expression.
    """

    path: Steps | None = None
    kind: ValueKind | None = None
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """Two things that an expression compares: `left operator right`."""

    left: Side
    operator: str
    right: Side


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong with an expression.

    *at* is how many characters of the expression come before it; None means all of it.
    *subject* is the name, operator or text that the flaw is about, empty where there is none.
    """

    kind: FlawKind
    message: str
    at: int | None = None
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Compiled:
    """An expression as its compiler sees it; with *flaws* the rest is empty.

    *type* is CEL's name of what it comes to, `DYN` where only its evaluation tells.
    *reads* are the fields that it looks up, `a.b` before `a.b.c`; *path* is where all that
    it comes to is looked up, None where it computes it. *always* is what it comes to
    whatever there is to look up, None where that depends. *compared* are what it compares.
    """

    type: str = ""
    reads: tuple[Reading, ...] = ()
    path: Steps | None = None
    always: bool | None = None
    flaws: tuple[Flaw, ...] = ()
    compared: tuple[Compared, ...] = ()
