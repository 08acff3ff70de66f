"""A candidate against another model on the same rows, row by row.

Pairing removes what makes a row hard for both, so the interval of the difference
is much narrower than the two intervals suggest. Methods: docs/statistics.md.
"""

from __future__ import annotations

import math

import numpy as np

from mlgitops.evaluation import areas, bootstrap, intervals, shares
from mlgitops.evaluation import clusters as grouped
from mlgitops.evaluation.arrays import Column, Floats, Integers
from mlgitops.evaluation.formulas import AREAS, RESAMPLED, SHARES, row_values
from mlgitops.evaluation.intervals import ROUNDING, Interval, Spread
from mlgitops.evaluation.metrics import estimate, kind_for, point
from mlgitops.evaluation.predictions import Predictions
from mlgitops.evaluation.samples import Sample
from mlgitops.evaluation.undefined import Undefined
from mlgitops.model.estimates import Comparison
from mlgitops.model.metrics import METRICS

EQUAL = "equal-predictions"
"""The method of a comparison that needs none."""

_NONE = Spread(Interval(0.0, 0.0), 0.0, 0.0)

_Models = tuple[Predictions, Predictions]
_Values = tuple[float, float]


def compare(
    metric: str,
    truth: Column,
    candidate: Predictions,
    other: Predictions,
    confidence: float,
    clusters: Integers | None = None,
) -> Comparison:
    """How much better *candidate* is than *other*, positive being better.

    Equal predictions differ by exactly 0 with an interval of no width, and no others do.
    With *clusters*, a code for each row, rows of one code are not taken to be independent.

    Raises:
        Undefined: the rows do not determine the difference or its spread.
        ValueError: *metric* is not one for the predictions' task.
    """
    is_gain = kind_for(metric, truth, candidate).direction == "maximize"
    models, sample = (candidate, other), Sample(truth, clusters)
    values = (point(metric, truth, candidate), point(metric, truth, other))
    groups = None if clusters is None else grouped.count(clusters, truth.size)
    difference, spread, method = 0.0, _NONE, EQUAL
    if not _are_equal(metric, models, values):
        difference = values[0] - values[1]
        with np.errstate(over="ignore", invalid="ignore"):
            spread, method = _spread(metric, sample, models, values, confidence)
            if not spread.se:
                spread = _without_spread(metric, sample, models, values, spread.df, confidence)
    low, high = spread.interval.around(difference)
    if not all(map(math.isfinite, (low, high, spread.se))):
        raise Undefined(f"the spread of {metric} is not defined on these {truth.size} rows")
    delta, low, high = (difference, low, high) if is_gain else (-difference, -high, -low)
    found = Comparison(
        delta=delta + 0.0,  # 0.0 rather than -0.0
        low=low + 0.0,
        high=high + 0.0,
        se=spread.se,
        df=float(spread.df),
        n=int(truth.size),
        method=method,
        confidence=confidence,
    )
    return found if groups is None else {**found, "clusters": groups}


def _are_equal(metric: str, models: _Models, values: _Values) -> bool:
    """Whether the models are one, but for the rounding of another machine's arithmetic."""
    first, second = models
    pairs = [(first.scores, second.scores), (np.array(values[:1]), np.array(values[1:]))]
    if metric not in METRICS:
        pairs.append((first.measured[metric].values, second.measured[metric].values))
    return all(_are_close(*pair) for pair in pairs)


def _are_close(first: Floats, second: Floats) -> bool:
    if first.shape != second.shape:
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.abs(first - second).max() <= ROUNDING * _size(first, second))


def _size(*columns: Floats) -> float:
    """The largest number, whatever its sign."""
    return max(float(np.abs(column).max()) for column in columns)


def _spread(
    metric: str, sample: Sample, models: _Models, values: _Values, confidence: float
) -> tuple[Spread, str]:
    """The spread of the difference and its method; an se of 0 where the rows show none."""
    kind = "paired" if sample.clusters is None else "paired-cluster"
    asked = (metric, sample, models, values[0] - values[1], confidence)
    if metric in AREAS:
        return areas.spread(*asked), f"{kind}-{areas.METHODS[metric]}"
    if metric in SHARES and sample.clusters is not None:
        return shares.spread(*asked), f"{kind}-t"
    if metric in shares.PAIRED:
        return shares.spread(*asked), "bonett-price"
    if metric in RESAMPLED or metric in SHARES:
        return _resampled(metric, sample, models, values, confidence), f"{kind}-poisson-bootstrap"
    ours, theirs = (row_values(metric, sample.truth, model) for model in models)
    return sample.mean(ours - theirs, confidence, _size(ours, theirs)), f"{kind}-t"


def _resampled(
    metric: str, sample: Sample, models: _Models, values: _Values, confidence: float
) -> Spread:
    """Both models see the same resamples; the better one goes first.

    So swapping the two flips the signs and nothing else (short of equal values).
    """
    scale = max(map(abs, values))
    if values[0] < values[1]:
        drawn = bootstrap.of_difference(metric, sample, models[1], models[0])
        found = intervals.percentile_spread(drawn, confidence, scale)
        return found._replace(interval=Interval(-found.interval.high, -found.interval.low))
    drawn = bootstrap.of_difference(metric, sample, *models)
    return intervals.percentile_spread(drawn, confidence, scale)


def _without_spread(
    metric: str, sample: Sample, models: _Models, values: _Values, df: float, confidence: float
) -> Spread:
    """What bounds a difference that does not vary, as few rows or like ones let it.

    The models' own intervals do, as if the two erred independently; of shares less.

    Raises:
        Undefined: the models themselves do not vary either.
    """
    if metric in SHARES:
        return shares.without_spread(metric, sample, models, values[0] - values[1], confidence)
    ours, theirs = (
        estimate(metric, sample.truth, model, confidence, sample.clusters) for model in models
    )
    low, high = ours["low"] - theirs["high"], ours["high"] - theirs["low"]
    return Spread(Interval(low, high), (high - low) / 2 / intervals.quantile(confidence, df), df)
