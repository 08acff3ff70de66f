"""How many rows a gate needs, from the standard error that it had on some.

Without numpy, since `plan` reads this. Everything is about the non-inferiority gate: it
passes where the lower end of the interval of the gain is at least -margin, fails where
the upper end is below that, and is inconclusive otherwise. Formulas: docs/statistics.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

POWER = 0.95
"""How often a gate with enough rows lets an equally good model pass."""

ASSUMED_DISAGREEMENT = 0.1
"""Share of the rows on which a candidate and its champion decide differently, if not known."""

RESERVE = 1.1
"""Rows on top of the formula's: the standard error is an estimate, and differences are skewed."""

_NORMAL = NormalDist()
_SHOWN_DIGITS = 2


@dataclass(frozen=True, slots=True)
class Precision:
    """The standard error *se* that the difference of two models had on *rows* rows."""

    rows: int
    se: float


def passes(precision: Precision, margin: float, confidence: float, gain: float = 0.0) -> float:
    """How likely the gate lets a candidate pass whose true gain is *gain*, 0 to 1.

    Raises:
        ValueError: *margin* or *precision* is negative, or no number.
    """
    _check(precision, margin)
    if precision.se == 0:
        return 1.0 if margin + gain >= 0 else 0.0
    return _share(precision, margin + gain, confidence)


def fails(precision: Precision, margin: float, confidence: float, gain: float = 0.0) -> float:
    """How likely the gate turns down a candidate whose true gain is *gain*, 0 to 1.

    Raises:
        ValueError: as `passes`.
    """
    _check(precision, margin)
    if precision.se == 0:
        return 1.0 if margin + gain < 0 else 0.0
    return _share(precision, -margin - gain, confidence)


def inconclusive(precision: Precision, margin: float, confidence: float) -> float:
    """How likely the gate cannot tell for an equally good candidate, 0 to 1.

    Raises:
        ValueError: as `passes`.
    """
    said = passes(precision, margin, confidence) + fails(precision, margin, confidence)
    return max(0.0, 1 - said)


def rows_needed(
    precision: Precision, margin: float, confidence: float, power: float = POWER
) -> int | None:
    """Rows with which an equally good candidate passes with probability *power*.

    One that truly loses twice the margin then passes next to never, and fails with the
    same probability as long as it disagrees with the champion no more than equal ones do.
    With a reserve, and rounded up to two digits; None without a margin, for no number of
    rows shows that nothing is lost.

    Raises:
        ValueError: as `passes`.
    """
    _check(precision, margin)
    if margin == 0:
        return None
    quantiles = _quantile(confidence) + _NORMAL.inv_cdf(power)
    needed = RESERVE * precision.rows * (quantiles * precision.se / margin) ** 2
    return _rounded_up(needed) if math.isfinite(needed) else None


def of_disagreement(rows: int, share: float = ASSUMED_DISAGREEMENT) -> Precision:
    """The precision of an accuracy where two equally good models disagree on *share* of rows."""
    return Precision(rows, math.sqrt(share / rows))


def of_metric(rows: int, low: float, high: float, confidence: float) -> Precision:
    """An upper bound, from one model's interval, of the precision of a difference of two.

    As if the two models erred independently; on the same rows they err together, which
    makes the standard error of their difference smaller.
    """
    return Precision(rows, math.sqrt(2) * (high - low) / 2 / _quantile(confidence))


def _share(precision: Precision, distance: float, confidence: float) -> float:
    return _NORMAL.cdf(distance / precision.se - _quantile(confidence))


def _check(precision: Precision, margin: float) -> None:
    sound = math.isfinite(margin) and margin >= 0 and math.isfinite(precision.se)
    if not (sound and precision.se >= 0 and precision.rows > 0):
        raise ValueError(f"no power for {precision} and a margin of {margin}")


def _quantile(confidence: float) -> float:
    return _NORMAL.inv_cdf((1 + confidence) / 2)


def _rounded_up(rows: float) -> int:
    whole = max(1, math.ceil(rows))
    unit = int("1".ljust(len(str(whole)) - _SHOWN_DIGITS + 1, "0"))
    return -(-whole // unit) * unit
