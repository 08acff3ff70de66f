"""In the child: how large the numbers of an expression may become.

Evidence and parameters are finite, and division is refused, so what is left is a product
or sum of large numbers: `1e200 * 1e200 > params.min` would be true. A bound on what an
expression comes to anywhere is computed here, in powers of ten.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

from mlgitops.adapters.cel_engine.checked_tree import Node

LARGEST: Final = 308.0
"""Below it, nothing that is bounded here is infinite: the largest double is 1.8e308."""
GIVEN: Final = 300.0
"""Canonical JSON has no larger numbers."""
INTEGER: Final = 19.0
"""What CEL itself counts and converts are integers of 64 bits."""
_DOUBLED: Final = math.log10(2)


def bound(node: Node, given: float) -> float:
    """The largest power of ten in *node*, where what it is given has none above *given*."""
    if node.kind == "constant":
        return _of_number(node.value)
    if node.kind == "comprehension":
        # A name stands for an item of what is gone through, and that may be computed.
        through, *body = node.children
        items = max(given, bound(through, given))
        return max(items, *(bound(child, items) for child in body))
    parts = [bound(child, given) for child in node.children]
    match node.kind, node.name:
        case "call", "_*_":
            return sum(parts)
        case "call", "_+_" | "_-_":
            return max(parts) + _DOUBLED
        case "list" | "map", _:
            return max(parts, default=0.0)
        case _:
            return max(given, *parts) if parts else given


def largest(value: Any) -> float:
    """The power of ten of the largest number in *value*.

    Raises:
        ValueError: a number is not finite, or a key is no text, which would not come back
            from Python as it was: there 1 and true are one key.
    """
    numbers: list[float] = []
    waiting: list[Iterable[Any]] = [[value]]
    for items in waiting:  # which grows
        for item in items:
            kind = type(item)
            if kind is float or kind is int:
                numbers.append(item)
            elif kind is list:
                waiting.append(item)
            elif kind is dict:
                waiting.append(item.values())
                _require_texts(item)
    if not all(map(math.isfinite, numbers)):
        raise ValueError("a number is not finite")
    return _of_number(max(map(abs, numbers), default=0.0))


def _require_texts(keys: Iterable[Any]) -> None:
    try:
        "".join(keys)  # the fastest way to look at all of them
    except TypeError:
        raise ValueError("the keys of a map have to be texts") from None


def _of_number(value: Any) -> float:
    """0 for all up to 1: a factor that is small makes nothing larger."""
    is_large = isinstance(value, float | int) and abs(value) > 1
    return math.log10(abs(value)) if is_large else 0.0
