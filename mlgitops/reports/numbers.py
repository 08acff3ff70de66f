"""Numbers as people read them: few digits, a true minus, thousands in groups.

Numbers shown together share their decimals, so that they can be compared.
"""

from __future__ import annotations

import math

_MINUS = "\N{MINUS SIGN}"
_KIBI = 1024


def number(value: float, *beside: float) -> str:
    """*value* with as many decimals as it and the numbers *beside* it need."""
    return _written(value, _decimals(value, *beside)).replace("-", _MINUS)


def signed(value: float, *beside: float) -> str:
    """Like `number`, with a plus sign when positive."""
    text = number(value, *beside)
    return f"+{text}" if value > 0 else text


def interval(low: float, high: float, *beside: float) -> str:
    """`[low, high]`."""
    return f"[{number(low, high, *beside)}, {number(high, low, *beside)}]"


def signed_interval(low: float, high: float, *beside: float) -> str:
    """`[low, high]` with signs, for differences."""
    return f"[{signed(low, high, *beside)}, {signed(high, low, *beside)}]"


def percent(share: float) -> str:
    """A share of 0..1 as a percentage."""
    return f"{share * 100:.{1 if share == 0 or share >= 0.001 else 3}f}%"


def confidence(level: float) -> str:
    """A confidence level of 0..1, e.g. `95%`."""
    return f"{level * 100:g}%"


def count(total: int, noun: str = "", plural: str = "") -> str:
    """`1 row`, `27,004 rows`; *plural* when it is not *noun* and an s."""
    if not noun:
        return f"{total:,}"
    return f"{total:,} {noun if total == 1 else plural or noun + 's'}"


def size(size_bytes: int) -> str:
    """Bytes in the largest binary unit that keeps the number at least 1."""
    if size_bytes < _KIBI:
        return count(size_bytes, "byte")
    value = float(size_bytes)
    for unit in ("KiB", "MiB", "GiB"):
        value /= _KIBI
        if value < _KIBI:
            return f"{value:.1f} {unit}"
    return f"{value / _KIBI:.1f} TiB"


def _decimals(*values: float) -> int:
    """Four below 10; -1 asks for powers of ten."""
    largest = max(abs(value) for value in values)
    if largest == 0 or not math.isfinite(largest):
        return 4 if largest == 0 else -1
    if largest < 0.001 or largest >= 1e9:
        return -1
    return 4 if largest < 10 else 2 if largest < 1000 else 0


def _written(value: float, decimals: int) -> str:
    if decimals < 0:
        return f"{value:.2e}"
    text = f"{value:,.{decimals}f}"
    return text.lstrip("-") if not text.strip("-0.,") else text
