"""Columns as `ports.Tables.read` gives them: their nulls, and their values as names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]


def nulls(column: Column) -> Mask:
    """True where *column* holds None, NaN or NaT."""
    if column.dtype.kind in "fc":
        return np.isnan(column)
    if column.dtype.kind in "mM":
        return np.isnat(column)
    if column.dtype.kind == "O":
        found = (item is None or item != item for item in column.tolist())  # noqa: PLR0124 - NaN
        return np.fromiter(found, np.bool_, count=column.size)
    return np.zeros(column.size, np.bool_)


def coded(column: Column) -> tuple[Integers, list[str]]:
    """Codes into the sorted names of the distinct values; -1 where null.

    Values of one name are one value: 3 and 3.0, but also 3 and "3".
    """
    missing = nulls(column)
    distinct, places = _distinct(column[~missing])
    texts = [named(value) for value in distinct]
    names = sorted(set(texts))
    position = {name: code for code, name in enumerate(names)}
    codes = np.full(column.size, -1, np.int64)
    codes[~missing] = np.array([position[text] for text in texts], np.int64)[places]
    return codes, names


def named(value: Any) -> str:
    """The name of one value: `true`, `3` for 3.0 too, an ISO date, or its text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _distinct(column: Column) -> tuple[Sequence[Any], Integers]:
    if column.dtype.kind != "O":
        values, places = np.unique(column, return_inverse=True)
        return values.tolist(), places.astype(np.int64)
    # Not np.unique: object columns may mix types that have no order.
    codes: dict[Any, int] = {}
    keys = [_key(item) for item in column.tolist()]
    found = [codes.setdefault(key, len(codes)) for key in keys]
    return list(codes), np.array(found, np.int64)


def _key(item: Any) -> Any:
    """*item* itself if it can be a key, else its text: lists and mappings cannot."""
    try:
        hash(item)
    except TypeError:
        return str(item)
    return item
