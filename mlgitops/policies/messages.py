"""Message templates of rules: text with `{expression}` and `{expression:.4f}`.

A field's expression is CEL, so its braces and strings are skipped over; `{{` and
`}}` are braces. Nothing here raises: a field without an end is plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mlgitops.model.verdict import Answer

UNKNOWN = "?"
# `:.4f`, `:.3g`, `:.1%`, `:,` and `:,.2f`; anything else belongs to the expression,
# where a colon is part of `a ? b : c`.
_FORMAT = re.compile(r"(?P<expression>.*):(?P<format>,?\.\d{1,2}[fg%]|,)", re.DOTALL)
_LONGEST_FIELD = 200
_MOST_ITEMS = 10
# Numbers below it are told apart by four digits.
_FEW_DIGITS = 1_000


@dataclass(frozen=True, slots=True)
class Field:
    """A place in a message for a value; *format* is empty when none is given."""

    expression: str
    format: str


def fields(template: str) -> tuple[str, ...]:
    """The expressions in *template*, in order."""
    return tuple(part.expression for part in _parts(template) if isinstance(part, Field))


def fill(template: str, answers: Sequence[Answer]) -> str:
    """*template* with its fields replaced by *answers*, aligned with `fields`.

    A field without a value shows `?`. Values are plain text from the data: who
    shows them escapes them.
    """
    values = iter(answers)
    return "".join(
        _shown(next(values), part.format) if isinstance(part, Field) else part
        for part in _parts(template)
    )


@lru_cache(maxsize=1024)
def _parts(template: str) -> tuple[str | Field, ...]:
    return tuple(_scanned(template))


def _scanned(template: str) -> Iterator[str | Field]:
    start = 0
    while start < len(template):
        pair, sign = template[start : start + 2], template[start]
        if pair in {"{{", "}}"}:
            yield sign
            start += 2
            continue
        end = _closing(template, start) if sign == "{" else None
        if end is None:
            yield sign
            start += 1
            continue
        yield _field(template[start + 1 : end])
        start = end + 1


def _field(text: str) -> Field:
    match = _FORMAT.fullmatch(text)
    if match is None:
        return Field(text.strip(), "")
    return Field(match["expression"].strip(), match["format"])


def _closing(template: str, opening: int) -> int | None:
    """Where the brace at *opening* is closed, braces and strings inside skipped."""
    depth, quote, position = 0, "", opening
    while position < len(template):
        sign = template[position]
        if quote:
            if sign == "\\":
                position += 1
            elif sign == quote:
                quote = ""
        elif sign in "'\"":
            quote = sign
        elif sign == "{":
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth == 0:
                return position
        position += 1
    return None


def _shown(answer: Answer, form: str) -> str:
    if answer.kind == "error":
        return UNKNOWN
    if form and not _is_number(answer.value):
        return UNKNOWN
    text = format(float(answer.value), form) if form else _text(answer.value)
    if form == ",":
        text = text.removesuffix(".0")
    return text if len(text) <= _LONGEST_FIELD else text[: _LONGEST_FIELD - 1] + "…"


def _text(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if _is_number(value):
        if float(value).is_integer():
            return f"{value:.0f}"
        return f"{value:.4g}" if abs(value) < _FEW_DIGITS else f"{value:.6g}"
    if isinstance(value, list):
        shown = [_text(item) for item in value[:_MOST_ITEMS]]
        more = len(value) - len(shown)
        return ", ".join(shown + ([f"and {more} more"] if more else [])) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_text(item)}" for key, item in value.items()) or "none"
    return str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
