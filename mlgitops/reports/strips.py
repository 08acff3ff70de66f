"""Where the marks of a small interval drawing stand, on a scale of 0 to 100."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mlgitops.model.estimates import Comparison, Estimate

_MIDDLE = 50.0
_EDGE = 4.0
Reading = Literal["better", "worse", "open"]


@dataclass(frozen=True, slots=True)
class Strip:
    """An interval with its point, a reference line *origin*, and maybe a *margin*.

    *reading* is `better` or `worse` when the whole interval is on one side.
    """

    low: float
    point: float
    high: float
    origin: float
    margin: float | None
    reading: Reading


def gain_strips(
    comparisons: Sequence[Comparison], margin: float | None = None
) -> tuple[Strip, ...]:
    """One strip per comparison on one scale with zero in the middle."""
    reaches = [abs(bound) for c in comparisons for bound in (c["low"], c["high"], c["delta"])]
    reach = max([*reaches, abs(margin or 0.0)], default=0.0) or 1.0

    def place(value: float) -> float:
        return round(_MIDDLE + (_MIDDLE - _EDGE) * value / reach, 2)

    return tuple(
        Strip(
            low=place(c["low"]),
            point=place(c["delta"]),
            high=place(c["high"]),
            origin=_MIDDLE,
            margin=None if margin is None else place(-margin),
            reading="better" if c["low"] > 0 else "worse" if c["high"] < 0 else "open",
        )
        for c in comparisons
    )


def value_strips(estimates: Sequence[Estimate], origin: float) -> tuple[Strip, ...]:
    """One strip per estimate on one scale; *origin* is the value of all rows."""
    bounds = [bound for e in estimates for bound in (e["low"], e["high"], e["value"])] + [origin]
    least, span = min(bounds), max(bounds) - min(bounds) or 1.0

    def place(value: float) -> float:
        return round(_EDGE + (100 - 2 * _EDGE) * (value - least) / span, 2)

    return tuple(
        Strip(
            low=place(e["low"]),
            point=place(e["value"]),
            high=place(e["high"]),
            origin=place(origin),
            margin=None,
            reading="open",
        )
        for e in estimates
    )
