"""Two-sided intervals; docs/statistics.md has the formulas and their sources."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mlgitops.evaluation.arrays import Floats
from mlgitops.evaluation.undefined import Undefined

_LARGEST_UNDEFINED_SHARE = 0.05


class Interval(NamedTuple):
    """Both ends belong to it."""

    low: float
    high: float

    def within(self, low: float, high: float) -> Interval:
        """Cut off what the number cannot be."""
        return Interval(min(max(self.low, low), high), max(min(self.high, high), low))

    def around(self, value: float) -> Interval:
        """Widened until *value* lies inside."""
        return Interval(min(self.low, value), max(self.high, value))


def normal_quantile(confidence: float) -> float:
    """How many standard errors to go to either side."""
    from scipy.special import ndtri

    return float(ndtri((1 + confidence) / 2))


def mean(values: Floats, confidence: float) -> Interval:
    """Student's t interval for the mean.

    Raises:
        Undefined: fewer than two values.
    """
    from scipy.special import stdtrit

    if values.size < 2:
        raise Undefined("the spread of a mean needs two rows")
    center = float(values.mean())
    quantile = float(stdtrit(values.size - 1, (1 + confidence) / 2))
    reach = quantile * float(values.std(ddof=1)) / math.sqrt(values.size)
    return Interval(center - reach, center + reach)


def wilson(share: float, trials: int, confidence: float) -> Interval:
    """Wilson's score interval for a *share* of independent trials.

    Raises:
        Undefined: no trials.
    """
    if trials < 1:
        raise Undefined("a share of no rows")
    z = normal_quantile(confidence)
    center = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    spread = math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    reach = z * spread / (1 + z * z / trials)
    return Interval(center - reach, center + reach).within(0.0, 1.0).around(share)


def paired_shares(only_first: int, only_second: int, pairs: int, confidence: float) -> Interval:
    """Bonett and Price's interval for the difference of two shares of the same rows.

    Unlike Wald's it keeps its width when the two never disagree.

    Raises:
        Undefined: no pairs.
    """
    if pairs < 1:
        raise Undefined("a share of no rows")
    first, second = (only_first + 1) / (pairs + 2), (only_second + 1) / (pairs + 2)
    center = first - second
    spread = math.sqrt((first + second - center * center) / (pairs + 2))
    reach = normal_quantile(confidence) * spread
    return Interval(center - reach, center + reach).within(-1.0, 1.0)


def area(value: float, variance: float, fewer: int, confidence: float) -> Interval:
    """Interval of an area under a curve: normal on the logit scale.

    *fewer* is the size of the smaller class. An area of exactly 0 or 1 has an estimated
    variance of 0; its interval then rests on the bound value x (1 - value) / fewer.
    """
    if value in (0.0, 1.0):
        return wilson(value, fewer, confidence)
    center = math.log(value / (1 - value))
    reach = normal_quantile(confidence) * math.sqrt(variance) / (value * (1 - value))
    return Interval(_expit(center - reach), _expit(center + reach))


def percentile(draws: Floats, confidence: float) -> Interval:
    """Percentile interval of bootstrap *draws*; NaN marks an undefined resample.

    Raises:
        Undefined: more than a twentieth of the resamples is undefined.
    """
    defined = draws[np.isfinite(draws)]
    if defined.size < (1 - _LARGEST_UNDEFINED_SHARE) * draws.size:
        raise Undefined("too few rows of a class: many resamples have none of them")
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))


def _expit(x: float) -> float:
    # exp of a large number overflows; exp of its negative does not.
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
