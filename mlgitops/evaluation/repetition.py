"""What several trainings of one model tell: how its numbers spread, and whether it comes back."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mlgitops.evaluation.arrays import Column, Floats, Integers
from mlgitops.evaluation.undefined import Undefined
from mlgitops.model.digest import digest_of_bytes
from mlgitops.model.examinations import SeedSpread

PROBE_ROWS = 1000
"""How many predictions are compared bit by bit: the first ones, or all."""


def spread(values: Sequence[float]) -> SeedSpread:
    """Mean and sample standard deviation (n - 1) of one metric over the seeds.

    Raises:
        Undefined: fewer than two values, or an overflow.
    """
    if len(values) < 2:
        raise Undefined("one model has no spread")
    with np.errstate(over="ignore", invalid="ignore"):
        mean, sd = float(np.mean(values)), float(np.std(values, ddof=1))
    if not (math.isfinite(mean) and math.isfinite(sd)):
        raise Undefined("the spread is too large for a number")
    # Rounding takes the mean of three times 0.1 above all three.
    mean = min(max(mean, min(values)), max(values))
    return SeedSpread(values=list(values), mean=mean, sd=sd)


def predictions_digest(scores: Floats) -> str:
    """Digest over float64 little-endian bytes, row by row; -0.0 counts as 0.0."""
    return digest_of_bytes(np.ascontiguousarray(scores + 0.0, "<f8").tobytes())


def largest_difference(first: Floats, second: Floats) -> float:
    """The largest distance between two predictions for one row, 0.0 where there is no row.

    Raises:
        Undefined: an overflow.
    """
    with np.errstate(over="ignore"):
        largest = float(np.max(np.abs(first - second), initial=0.0))
    if not math.isfinite(largest):
        raise Undefined("the difference is too large for a number")
    return largest


def shuffled_order(rows: int, seed: int) -> Integers:
    """Row numbers in an order that follows from *seed* alone.

    From raw bits, which numpy keeps stable, unlike its `permutation`.
    """
    bits: Column = np.random.PCG64(seed).random_raw(rows)
    return np.argsort(bits, kind="stable")
