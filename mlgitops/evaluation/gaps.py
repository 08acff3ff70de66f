"""How far the largest and the smallest of several means are apart, with intervals.

From each mean's own limits to those of every pair (MOVER), and from the pairs to the
largest gap, which the sample exaggerates. Formulas and sources: docs/statistics.md.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mlgitops.evaluation.arrays import Column, Floats
from mlgitops.evaluation.intervals import Interval


class Limits(NamedTuple):
    """Means of several groups with their own two-sided limits, (k,) each."""

    values: Floats
    low: Floats
    high: Floats


def stricter(confidence: float, groups: int) -> float:
    """Confidence of each group's limits for the end that looks at every ordered pair.

    Two groups are one pair, and which of them is larger costs nothing.
    """
    pairs = groups * (groups - 1) if groups > 2 else 1
    return 1 - (1 - confidence) / pairs


def largest_difference(plain: Limits, strict: Limits, correlation: Floats) -> Interval:
    """Interval of the largest mean minus the smallest; neither end is below 0.

    *strict* are limits at `stricter` confidence, *plain* those at the interval's own;
    *correlation* (k, k) is that of the means, 0 where rows are independent.
    """
    low = _lower_differences(strict, correlation)
    high = -_lower_differences(plain, correlation).T
    return Interval(max(0.0, _largest(low)), max(0.0, _largest(high)))


def smallest_ratio(plain: Limits, strict: Limits, correlation: Floats) -> Interval:
    """Interval of the smallest mean over the largest, within 0..1; for means of 0 or more.

    As `largest_difference`, on the scale of logarithms.
    """
    low = _lower_ratios(plain, correlation)
    with np.errstate(divide="ignore"):
        high = 1 / _lower_ratios(strict, correlation).T
    return Interval(min(1.0, _smallest(low)), min(1.0, _smallest(high)))


def _lower_differences(limits: Limits, correlation: Floats) -> Floats:
    """Lower limit of mean i minus mean j, at (i, j)."""
    values, low, high = limits
    reach = _reach(values - low, high - values, correlation)
    return np.asarray(values[:, None] - values - reach)


def _lower_ratios(limits: Limits, correlation: Floats) -> Floats:
    """Lower limit of mean i over mean j, at (i, j); 0 where mean i may be 0."""
    values, low, high = limits
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = _reach(np.log(values / low), np.log(high / values), correlation)
        found = values[:, None] / values * np.exp(-reach)
        # No logarithm of 0: each mean is put at its own limit, which is wider.
        ends = np.maximum(low, 0)[:, None] / high
    return np.where((values[:, None] > 0) & (values > 0) & (low[:, None] > 0), found, ends)


def _reach(below: Floats, above: Floats, correlation: Floats) -> Floats:
    """How far the lower limit of a pair is from its difference."""
    # Divided by the larger one first: squares of very large or small numbers are none.
    larger = np.maximum(below[:, None], above)
    with np.errstate(invalid="ignore"):
        first, second = (
            np.divide(side, larger, out=np.zeros_like(larger), where=larger > 0)
            for side in (below[:, None], above)
        )
        squares = np.square(first) + np.square(second) - 2 * correlation * first * second
        return np.asarray(larger * np.sqrt(np.maximum(squares, 0)))


def _largest(pairs: Column) -> float:
    return float(pairs[~np.eye(len(pairs), dtype=bool)].max())


def _smallest(pairs: Column) -> float:
    return float(pairs[~np.eye(len(pairs), dtype=bool)].min())
