"""Two-sided intervals; docs/statistics.md has the formulas and their sources."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mlgitops.evaluation.arrays import Floats
from mlgitops.evaluation.undefined import Undefined

ROUNDING = 1e-12
"""A share of the size of numbers below which they differ by nothing but their rounding."""

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


class Spread(NamedTuple):
    """An interval, and the standard error and degrees of freedom that it was made of.

    *df* 0 stands for the normal distribution. An *se* of exactly 0 says that the rows
    showed no spread, which few rows often do: the interval then means nothing.
    """

    interval: Interval
    se: float
    df: float


def normal_quantile(confidence: float) -> float:
    """How many standard errors to go to either side."""
    from scipy.special import ndtri

    return float(ndtri((1 + confidence) / 2))


def quantile(confidence: float, df: float) -> float:
    """How many standard errors to go to either side; *df* 0 stands for the normal one."""
    from scipy.special import stdtrit

    return float(stdtrit(df, (1 + confidence) / 2)) if df else normal_quantile(confidence)


def symmetric(center: float, se: float, df: float, confidence: float) -> Spread:
    """As many standard errors to either side of *center* as *confidence* asks for."""
    reach = quantile(confidence, df) * se
    return Spread(Interval(center - reach, center + reach), se, df)


def rounded(se: float, scale: float) -> float:
    """*se*, or 0.0 if it is no more than the rounding of numbers as large as *scale*."""
    return 0.0 if se <= ROUNDING * scale else se


def mean_spread(values: Floats, confidence: float, scale: float) -> Spread:
    """Student's t interval for the mean, with n - 1 degrees of freedom.

    *scale* is the size of the largest number that *values* were made of.

    Raises:
        Undefined: fewer than two values.
    """
    if values.size < 2:
        raise Undefined("the spread of a mean needs two rows")
    se = rounded(float(values.std(ddof=1)) / math.sqrt(values.size), scale)
    return symmetric(float(values.mean()), se, values.size - 1, confidence)


def wilson(share: float, trials: float, confidence: float, df: float = 0) -> Interval:
    """Wilson's score interval for a *share* of independent trials.

    Raises:
        Undefined: no trials.
    """
    if trials < 1:
        raise Undefined("a share of no rows")
    z = quantile(confidence, df)
    center = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    spread = math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    reach = z * spread / (1 + z * z / trials)
    return Interval(center - reach, center + reach).within(0.0, 1.0).around(share)


def paired_shares(
    only_first: float, only_second: float, pairs: float, confidence: float, df: float = 0
) -> Spread:
    """Bonett and Price's interval for the difference of two shares of the same *pairs*.

    The first model is right alone in *only_first* of them. Unlike Wald's interval it
    keeps its width when the two never disagree.

    Raises:
        Undefined: no pairs.
    """
    if pairs < 1:
        raise Undefined("a share of no rows")
    first, second = (only_first + 1) / (pairs + 2), (only_second + 1) / (pairs + 2)
    center = first - second
    se = math.sqrt((first + second - center * center) / (pairs + 2))
    found = symmetric(center, se, df, confidence)
    return found._replace(interval=found.interval.within(-1.0, 1.0))


def area(value: float, se: float, fewer: int, confidence: float, df: float = 0) -> Interval:
    """Interval of an area under a curve: normal on the logit scale.

    *fewer* is the size of the smaller class. An area of exactly 0 or 1 has an estimated
    variance of 0; without any, the interval rests on the bound value x (1 - value) / fewer.
    """
    if value in (0.0, 1.0) or not se:
        return wilson(value, fewer, confidence, df)
    center = math.log(value / (1 - value))
    reach = quantile(confidence, df) * se / (value * (1 - value))
    return Interval(_expit(center - reach), _expit(center + reach))


def of_f1(jaccard: Interval) -> Interval:
    """The interval of F1 from that of Jaccard's index J: F1 = 2J / (1 + J), which rises with J."""
    low, high = jaccard
    return Interval(2 * low / (1 + low), 2 * high / (1 + high))


def percentile(draws: Floats, confidence: float) -> Interval:
    """Percentile interval of bootstrap *draws*; NaN marks an undefined resample.

    Raises:
        Undefined: more than a twentieth of the resamples is undefined.
    """
    return percentile_spread(draws, confidence, 1.0).interval


def percentile_spread(draws: Floats, confidence: float, scale: float) -> Spread:
    """As `percentile`, with the standard deviation of the draws.

    *scale* is the size of the largest number that they were made of.

    Raises:
        Undefined: more than a twentieth of the resamples is undefined.
    """
    defined = draws[np.isfinite(draws)]
    if defined.size < (1 - _LARGEST_UNDEFINED_SHARE) * draws.size:
        raise Undefined("too few rows of a class: many resamples have none of them")
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    # A few other draws in the tails are no spread either, if the interval has no width.
    has_width = rounded(float(high - low), scale) > 0
    se = rounded(float(defined.std(ddof=1)), scale) if has_width else 0.0
    return Spread(Interval(float(low), float(high)), se, 0)


def _expit(x: float) -> float:
    # exp of a large number overflows; exp of its negative does not.
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
