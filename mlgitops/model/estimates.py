"""A number with its interval, as evidence holds it: of one model, and of two compared."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

Direction = Literal["maximize", "minimize"]


class Estimate(TypedDict):
    """A metric on *n* rows with a two-sided interval.

    *clusters* is how many groups of rows were resampled; absent where rows are
    taken to be independent.
    """

    value: float
    low: float
    high: float
    n: int
    method: str
    direction: Direction
    clusters: NotRequired[int]


class Comparison(TypedDict):
    """Candidate against another model on the same rows.

    *delta* is signed so that positive is better for the candidate, whatever the
    metric's direction; the interval is two-sided at *confidence*. *se* is the
    standard error of *delta* and *df* the degrees of freedom of its t distribution,
    0 for the normal one: with them a p-value against any margin can be told.
    """

    delta: float
    low: float
    high: float
    se: float
    df: float
    n: int
    method: str
    confidence: float
    clusters: NotRequired[int]
