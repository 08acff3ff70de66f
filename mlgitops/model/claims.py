"""P-values of what a comparison claims, and their adjustment when there are many.

Standard library only: rules call these in the child process that evaluates them,
where scipy would cost 0.2 s and half of the memory. What is unsound raises
ValueError, since a claim about nothing must not be decided.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

_MOST_TERMS = 10_000
_PRECISION = 2e-16
_LARGE = 30.0
"""From here on Stirling's series is more exact than a difference of log-gammas."""


def p_worse(comparison: Mapping[str, Any], margin: float) -> float:
    """P-value of "the gain is at least -*margin*"; a small one shows harm.

    Raises:
        ValueError: *comparison* lacks a sound delta, se or df, or *margin* is not a number.
    """
    delta, error, df = _read(comparison)
    return _below(delta + _number(margin, "the margin"), error, df)


def p_better(comparison: Mapping[str, Any], margin: float) -> float:
    """P-value of "the gain is at most *margin*"; a small one shows that it is more.

    Raises:
        ValueError: as `p_worse`.
    """
    delta, error, df = _read(comparison)
    return _below(_number(margin, "the margin") - delta, error, df)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, aligned: those up to alpha are shown together at alpha.

    Source: S. Holm (1979), Scandinavian Journal of Statistics 6, 65-70.

    Raises:
        ValueError: one of them is not a number in 0..1.
    """
    known = [_number(value, "a p-value") for value in p_values]
    if any(not 0 <= value <= 1 for value in known):
        raise ValueError("a p-value lies outside 0..1")
    adjusted = [0.0] * len(known)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(known)), key=known.__getitem__)):
        largest = max(largest, (len(known) - rank) * known[place])
        adjusted[place] = min(1.0, largest)
    return adjusted


def _read(comparison: Mapping[str, Any]) -> tuple[float, float, float]:
    """Its delta, standard error and degrees of freedom."""
    if not isinstance(comparison, Mapping):
        raise ValueError(f"a comparison was due, not {type(comparison).__name__}")  # noqa: TRY004 - promised
    missing = [key for key in ("delta", "se", "df") if key not in comparison]
    if missing:
        raise ValueError(f"the comparison has no {missing[0]}")
    delta, error, df = (_number(comparison[key], key) for key in ("delta", "se", "df"))
    if error < 0 or df < 0:
        raise ValueError("se and df of a comparison are not negative")
    return delta, error, df


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{what} is not a number")  # noqa: TRY004 - promised
    try:
        found = float(value)
    except OverflowError as error:
        raise ValueError(f"{what} is too large") from error
    if not math.isfinite(found):
        raise ValueError(f"{what} is {found}")
    return found


def _below(distance: float, error: float, df: float) -> float:
    """P(error x T <= distance), T being Student's t; without error 0 or 1."""
    if not math.isfinite(distance):
        raise ValueError("the difference is too large")
    if error == 0:
        return 1.0 if distance >= 0 else 0.0
    t = distance / error
    if df == 0:
        return math.erfc(-t / math.sqrt(2)) / 2
    tail = _t_tail(abs(t), df)
    return tail if t < 0 else 1 - tail


def _t_tail(t: float, df: float) -> float:
    """P(T >= *t*) for *t* >= 0: half of I_x(df/2, 1/2) with x = df / (df + t²)."""
    square = t * t
    if math.isinf(square):
        return 0.0
    a, x, y = df / 2, df / (df + square), square / (df + square)
    if y == 0:
        return 0.5
    # x^a y^(1/2) / B(a, 1/2), by logarithms: with many degrees of freedom x is near 1.
    power = (math.log(y) - math.log(math.pi)) / 2 - a * math.log1p(square / df)
    front = math.exp(_log_gamma_step(a) + power)
    excess = a * (square - 1) / (df + square)
    # The fraction converges fast where its variable lies below the mean of the beta.
    if square > 1:
        return front / _fraction(a, 0.5, x, excess) / 2
    return 0.5 - front / _fraction(0.5, a, y, -excess) / 2


def _log_gamma_step(a: float) -> float:
    """The logarithm of gamma(a + 1/2) / gamma(a); by Stirling's series where *a* is large."""
    if a < _LARGE:
        return math.lgamma(a + 0.5) - math.lgamma(a)
    squared = 1 / (a * a)
    series = 1 / 8 - squared * (1 / 192 - squared * (1 / 640 - squared * 17 / 14336))
    return math.log(a) / 2 - series / a


def _fraction(a: float, b: float, x: float, excess: float) -> float:
    """The continued fraction that x^a (1 - x)^b / B(a, b) is divided by to give I_x(a, b).

    *excess* is a (1 - x) - b x, which cancels when it is computed from x near 1.
    Source: Didonato and Morris (1992), ACM TOMS 18, 360-373; summed by Lentz's method.
    """
    found = c = (a * (excess + 1)) / (a + 1)
    d = 0.0
    for m in range(1, _MOST_TERMS):
        ahead = a + 2 * m
        above = (a + m - 1) * (a + b + m - 1) * m * (b - m) * x * x / (ahead - 1) ** 2
        below = m + m * (b - m) * x / (ahead - 1)
        below += (a + m) * (excess + 1 + m * (2 - x)) / (ahead + 1)
        d = 1 / (below + above * d)
        c = below + above / c
        found *= c * d
        if abs(c * d - 1) < _PRECISION:
            return found
    raise ValueError("the p-value does not converge")
