"""What compiling an expression of a policy shows, before there is any evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# `syntax`: it is no CEL; `name`: nothing has that name; `type`: an operator does not
# take such values; `limit`: it is CEL that may not be evaluated; `lost`: the compiler
# ended before it came to an answer.
FlawKind = Literal["syntax", "name", "type", "limit", "lost"]


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
    *parameters* are those that it reads as `params.<name>`, each once, *variables* those
    that it reads as `variables.<name>`.
    """

    type: str = ""
    parameters: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    flaws: tuple[Flaw, ...] = ()
