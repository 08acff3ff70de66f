"""Values of plain scalars by the core schema of YAML 1.2, numbers kept portable.

`on`, `no` and dates stay text, and `1e-3` is a number. A number that readers of
YAML 1.1 and 1.2 take differently, or that JSON cannot carry exactly, is refused.
Source: https://yaml.org/spec/1.2.2/#103-core-schema
"""

from __future__ import annotations

import re

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER_STARTS = frozenset("+-.0123456789")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_LONGEST_NUMBER = 64
_LARGEST_EXACT_INTEGER = 2**53
_LARGEST_MAGNITUDE = 1e300


def plain(text: str) -> str | int | float | bool | None:
    """What the plain scalar *text* means.

    Raises:
        ValueError: a number that is not finite, not portable or out of range.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    if _NOT_FINITE.fullmatch(text):
        raise ValueError("a spec holds finite numbers only")
    if _INTEGER.fullmatch(text):
        return _integer(text, base=10)
    if _BASED.fullmatch(text):
        return _integer(text, base=0)
    if _FLOAT.fullmatch(text):
        return _float(text)
    return text


def _integer(text: str, *, base: int) -> int:
    _refuse_leading_zero(text)
    # The length is checked first: int() refuses very long digits with words of its own.
    number = int(text, base) if len(text) <= _LONGEST_NUMBER else _LARGEST_EXACT_INTEGER + 1
    if abs(number) > _LARGEST_EXACT_INTEGER:
        raise ValueError("a whole number beyond 2^53 is not exact everywhere")
    return number


def _float(text: str) -> float:
    _refuse_leading_zero(text)
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(f"a number of more than {_LONGEST_NUMBER} characters is not exact")
    number = float(text)
    if abs(number) >= _LARGEST_MAGNITUDE:
        raise ValueError("a number of 1e300 or more is out of range")
    return number


def _refuse_leading_zero(text: str) -> None:
    if _LEADING_ZERO.match(text):
        raise ValueError("a leading zero means octal to some readers and nothing to others")
