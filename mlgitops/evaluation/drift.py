"""How columns are distributed, and how far from an earlier distribution they are.

Only shares are kept, so that evidence holds no row of the data. Source of the
population stability index: docs/statistics.md.
"""

from __future__ import annotations

from typing import TypeGuard

import numpy as np

from mlgitops.evaluation.arrays import Column, Floats, coded, nulls
from mlgitops.evaluation.undefined import Undefined
from mlgitops.model.examinations import ReferenceColumn

BINS = 10
MOST_VALUES = 20
MOST_DISTINCT = 200
LONGEST_VALUE = 64
REST = "…"

_LARGEST = np.finfo(np.float64).max


def distribution(column: str, values: Column) -> ReferenceColumn:
    """The distribution of *values*, which *column* holds.

    Numbers and times: shares below, between and above the deciles that occur in the data;
    one that is several deciles stands twice, for a bin of that value alone. Others: the 20
    most frequent values and the rest together; of a column with more than 200 values none
    is named, since it may name people. Nothing but nulls has neither edges nor values.

    Raises:
        Undefined: there are no rows.
    """
    if not values.size:
        raise Undefined("the distribution of no rows")
    found = ReferenceColumn(column=column, nulls=float(nulls(values).mean()), shares=[])
    if found["nulls"] == 1:
        return found
    if _is_ordered(values):
        numbers = _numbers(values)
        edges = _deciles(numbers[~np.isnan(numbers)])
        found["edges"] = edges.tolist()
        found["shares"] = _between(edges, numbers).tolist()
        return found
    codes, names = coded(values)
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    frequent = sorted(range(len(names)), key=lambda code: (-counts[code], names[code]))
    listed = frequent[:MOST_VALUES] if len(names) <= MOST_DISTINCT else []
    # Values of one beginning would be one value in the document.
    kept = dict.fromkeys(names[code][:LONGEST_VALUE] for code in listed)
    found["values"] = [*kept, REST]
    found["shares"] = _of_values(found["values"], values).tolist()
    return found


def stability_index(reference: ReferenceColumn, rows: int, values: Column) -> float:
    """The population stability index of *values* against *reference*, of *rows* rows.

    0 for equal shares, without an upper end. A share of 0 counts as half a row, on its own
    side. Nothing but nulls is of any kind.

    Raises:
        Undefined: there are no rows on a side, the column now has another kind of values, or
            *reference* has not one share for each bin.
    """
    if not values.size or not rows:
        raise Undefined("the drift of no rows")
    missing = float(nulls(values).mean())
    before = np.array([*(reference["shares"] or [0.0]), reference["nulls"]])
    after = np.array([*_shares_now(reference, values, missing), missing])
    if before.size != after.size:
        raise Undefined("the reference has not one share for each bin")
    before, after = np.maximum(before, 0.5 / rows), np.maximum(after, 0.5 / values.size)
    return float(np.sum((after - before) * np.log(after / before)))


def _shares_now(reference: ReferenceColumn, values: Column, missing: float) -> Floats:
    """The share of all rows in each bin of *reference*, nulls apart."""
    if missing == 1:
        return np.zeros(max(len(reference["shares"]), 1))
    if "edges" in reference:
        if not _is_ordered(values):
            raise Undefined("the column held numbers or times, and holds others now")
        return _between(np.array(reference["edges"], np.float64), _numbers(values))
    if "values" in reference:
        if _is_ordered(values):
            raise Undefined("the column holds numbers or times now, and held others")
        return _of_values(reference["values"], values)
    return np.array([1 - missing])


def _is_ordered(values: Column) -> TypeGuard[Floats]:
    return values.dtype.kind in "iufmM"


def _numbers(values: Column) -> Floats:
    """Numbers, or microseconds; nulls are NaN."""
    numbers: Floats = values.astype(np.int64 if values.dtype.kind in "mM" else None).astype(
        np.float64
    )
    return np.where(nulls(values), np.nan, numbers)


def _deciles(numbers: Floats) -> Floats:
    """The deciles of the finite *numbers*, from least to largest, each at most twice."""
    finite = numbers[np.isfinite(numbers)]
    if not finite.size:
        finite = np.clip(numbers, -_LARGEST, _LARGEST)
    levels = np.arange(BINS + 1) / BINS
    edges, counts = np.unique(
        np.quantile(finite, levels, method="inverted_cdf"), return_counts=True
    )
    return np.repeat(edges, np.minimum(counts, 2))


def _between(edges: Floats, numbers: Floats) -> Floats:
    """The share of all rows below, between and above *edges*: one more than there are edges.

    A bin takes its upper edge, the lowest its lower one, too; an edge that stands twice is
    the bin between both.
    """
    there = numbers[~np.isnan(numbers)]
    below = np.searchsorted(edges, there, side="left")
    places = (below + np.searchsorted(edges, there, side="right")) // 2
    places = np.maximum(places, there >= edges.min(initial=np.inf))
    return np.asarray(np.bincount(places, minlength=edges.size + 1) / numbers.size)


def _of_values(named: list[str], values: Column) -> Floats:
    """The share of all rows with each of the values *named*, whose last is all others."""
    codes, names = coded(values)
    place = {name: index for index, name in enumerate(named[:-1])}
    places = np.array([place.get(name[:LONGEST_VALUE], len(named) - 1) for name in names], np.int64)
    there = codes[codes >= 0]
    return np.asarray(np.bincount(places[there], minlength=len(named)) / values.size)
