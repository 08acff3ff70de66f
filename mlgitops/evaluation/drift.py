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


def distribution(column: str, values: Column) -> ReferenceColumn:
    """The distribution of *values*, which *column* holds.

    Numbers and times: shares between deciles that occur in the data, fewer where they
    are equal. Others: the 20 most frequent values and the rest together; of a column
    with more than 200 values none is named, since it may name people.

    Raises:
        Undefined: there are no rows.
    """
    if not values.size:
        raise Undefined("the distribution of no rows")
    found = ReferenceColumn(column=column, nulls=float(nulls(values).mean()), shares=[])
    if _is_ordered(values):
        numbers = _numbers(values)
        finite = numbers[np.isfinite(numbers)]
        if finite.size:
            levels = np.linspace(0, 1, BINS + 1)
            edges = np.unique(np.quantile(finite, levels, method="inverted_cdf"))
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

    0 for equal shares, without an upper end; above 0.25 is usually called a shift. A
    share of 0 counts as half a row, on its own side.

    Raises:
        Undefined: there are no rows on a side, or the column now has another kind of values.
    """
    if not values.size or not rows:
        raise Undefined("the drift of no rows")
    if "edges" in reference and not _is_ordered(values):
        raise Undefined("the column held numbers or times, and holds others now")
    if "values" in reference and _is_ordered(values):
        raise Undefined("the column holds numbers or times now, and held others")
    if "edges" in reference:
        now = _between(np.array(reference["edges"]), _numbers(values))
    elif "values" in reference:
        now = _of_values(reference["values"], values)
    else:
        now = np.array([1 - float(nulls(values).mean())])
    before = np.array([*(reference["shares"] or [0.0]), reference["nulls"]])
    after = np.array([*now, float(nulls(values).mean())])
    before, after = np.maximum(before, 0.5 / rows), np.maximum(after, 0.5 / values.size)
    return float(np.sum((after - before) * np.log(after / before)))


def _is_ordered(values: Column) -> TypeGuard[Floats]:
    return values.dtype.kind in "iufmM"


def _numbers(values: Column) -> Floats:
    """Numbers, or microseconds; nulls are NaN."""
    numbers: Floats = values.astype(np.int64 if values.dtype.kind in "mM" else None).astype(
        np.float64
    )
    return np.where(nulls(values), np.nan, numbers)


def _between(edges: Floats, numbers: Floats) -> Floats:
    """The share of all rows between each pair of *edges*; the ends take what lies beyond."""
    there = numbers[~np.isnan(numbers)]
    bins = max(edges.size - 1, 1)
    places = np.clip(np.searchsorted(edges, there, side="right") - 1, 0, bins - 1)
    return np.asarray(np.bincount(places, minlength=bins) / numbers.size)


def _of_values(named: list[str], values: Column) -> Floats:
    """The share of all rows with each of the values *named*, whose last is all others."""
    codes, names = coded(values)
    place = {name: index for index, name in enumerate(named[:-1])}
    places = np.array([place.get(name[:LONGEST_VALUE], len(named) - 1) for name in names], np.int64)
    there = codes[codes >= 0]
    return np.asarray(np.bincount(places[there], minlength=len(named)) / values.size)
