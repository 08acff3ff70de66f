"""Rows that are not independent: sums within clusters, and what varies between them.

Clusters are codes, one for each row, of any non-negative integers; those that no row
has do not count. Methods and sources: docs/statistics.md.
"""

from __future__ import annotations

import math

import numpy as np

from mlgitops.evaluation.arrays import Column, Floats, Integers, Mask, coded
from mlgitops.evaluation.undefined import Undefined


def encode(column: Column) -> Integers:
    """Codes of the values of *column* in the order of their names; a null is a cluster of its own.

    Nothing says that two rows without a customer are of the same one.
    """
    codes, names = coded(column)
    missing = codes < 0
    codes[missing] = len(names) + np.arange(np.count_nonzero(missing))
    return codes


def count(clusters: Integers, rows: int) -> int:
    """How many clusters the *rows* rows are in.

    Raises:
        Undefined: fewer than two, of which nothing varies.
        ValueError: there is not one code for each row.
    """
    if clusters.size != rows:
        raise ValueError(f"{clusters.size} cluster codes for {rows} rows")
    found = int(np.count_nonzero(np.bincount(clusters))) if rows else 0
    if found < 2:
        raise Undefined("a spread over clusters needs two of them")
    return found


def totals(values: Floats, clusters: Integers) -> Floats:
    """Sums of *values*, shaped (n,) or (n, k), over each cluster that has rows."""
    present = np.bincount(clusters) > 0
    columns = values.reshape(values.shape[0], -1).T
    summed = [np.bincount(clusters, weights=column)[present] for column in columns]
    return np.stack(summed, axis=1).reshape(-1, *values.shape[1:]).astype(np.float64)


def error(sums: Floats) -> float:
    """Standard error of what clusters, of which there are two or more, move by these *sums*."""
    return length(sums) * math.sqrt(sums.size / (sums.size - 1))


def length(vector: Floats) -> float:
    """Its Euclidean length, also where squares would overflow or vanish."""
    largest = float(np.abs(vector).max())
    if not (largest and math.isfinite(largest)):
        return largest
    return largest * float(np.linalg.norm(vector / largest))


def having(clusters: Integers, rows: Mask) -> int:
    """How many clusters have one of *rows* at least."""
    return int(np.count_nonzero(np.bincount(clusters[rows])))


def trials(share: float, se: float, rows: int, clusters: int) -> float:
    """How many independent rows would give *share* the standard error *se*: 1 to *rows*.

    Without any spread (an *se* of 0), each cluster counts as one row.
    """
    spread = share * (1 - share)
    return min(max(spread / se**2 if spread and se else clusters, 1.0), rows)
