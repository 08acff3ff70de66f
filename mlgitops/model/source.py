"""Where something stands in a user's file, and what is wrong with it there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one file.

    *line* and *column* count from 1, as editors do. *start* and *end* are
    character offsets, so that `text[start:end]` is the stretch itself.
    """

    file: str
    line: int
    column: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem in what the user wrote.

    *code* is stable (`SPEC102`); *span* is None when the problem has no place,
    e.g. a file that is missing; *hint* says what to do next. A warning may be meant so.
    """

    code: str
    message: str
    span: Span | None = None
    hint: str | None = None
    level: Literal["error", "warning"] = "error"
