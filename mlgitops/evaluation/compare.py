"""A candidate against another model on the same rows, row by row.

Pairing removes what makes a row hard for both, so the interval of the difference
is much narrower than the two intervals suggest. Methods: docs/statistics.md.
"""

from __future__ import annotations

import math

import numpy as np

from mlgitops.evaluation import clustered, intervals, ranking
from mlgitops.evaluation import clusters as grouped
from mlgitops.evaluation.arrays import Column, Floats, Integers, Mask
from mlgitops.evaluation.formulas import (
    AREAS,
    RESAMPLED,
    SHARES,
    count_statistic,
    decisions,
    kinds_of_rows,
    row_statistic,
    row_values,
    rows_of_share,
)
from mlgitops.evaluation.intervals import Interval, Spread
from mlgitops.evaluation.metrics import kind_for, point
from mlgitops.evaluation.predictions import Predictions
from mlgitops.evaluation.resampling import draws, draws_of_counts
from mlgitops.evaluation.undefined import Undefined
from mlgitops.model.estimates import Comparison
from mlgitops.model.metrics import METRICS

_AREA_METHODS = {"roc_auc": "delong", "average_precision": "jackknife"}
_NONE = Spread(Interval(0.0, 0.0), 0.0, 0.0)


def compare(
    metric: str,
    truth: Column,
    candidate: Predictions,
    other: Predictions,
    confidence: float,
    clusters: Integers | None = None,
) -> Comparison:
    """How much better *candidate* is than *other*, positive being better.

    Equal predictions differ by exactly 0 with an interval of no width. With *clusters*,
    a code for each row, rows of one code are not taken to be independent.

    Raises:
        Undefined: the rows do not determine the difference or its spread.
        ValueError: *metric* is not one for the predictions' task.
    """
    is_gain = kind_for(metric, truth, candidate).direction == "maximize"
    difference = point(metric, truth, candidate) - point(metric, truth, other)
    groups = None if clusters is None else grouped.count(clusters, truth.size)
    spread = _NONE
    if not _are_equal(metric, candidate, other):
        with np.errstate(over="ignore", invalid="ignore"):
            spread = _spread(metric, truth, candidate, other, confidence, clusters)
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
        method=_method(metric, is_clustered=clusters is not None),
        confidence=confidence,
    )
    return found if groups is None else {**found, "clusters": groups}


def _are_equal(metric: str, first: Predictions, second: Predictions) -> bool:
    if metric in METRICS:
        return bool(np.array_equal(first.scores, second.scores))
    return bool(np.array_equal(first.measured[metric].values, second.measured[metric].values))


def _method(metric: str, *, is_clustered: bool) -> str:
    kind = "paired-cluster" if is_clustered else "paired"
    if metric in AREAS:
        return f"{kind}-{_AREA_METHODS[metric]}"
    if metric in RESAMPLED or (metric in ("precision", "f1") and not is_clustered):
        return f"{kind}-poisson-bootstrap"
    return "bonett-price" if metric in SHARES and not is_clustered else f"{kind}-t"


def _spread(
    metric: str,
    truth: Column,
    first: Predictions,
    second: Predictions,
    confidence: float,
    clusters: Integers | None,
) -> Spread:
    """Spread of *metric* of *first* minus that of *second*."""
    if metric in AREAS:
        return _areas(metric, truth, (first, second), confidence, clusters)
    if clusters is not None:
        return _clustered(metric, truth, (first, second), confidence, clusters)
    if metric in ("accuracy", "recall"):
        return _paired_shares(metric, truth, (first, second), confidence)
    if metric in RESAMPLED or metric in SHARES:
        return _resampled(metric, truth, first, second, confidence)
    ours, theirs = (row_values(metric, truth, model) for model in (first, second))
    return intervals.mean_spread(ours - theirs, confidence)


def _areas(
    metric: str,
    truth: Column,
    models: tuple[Predictions, Predictions],
    confidence: float,
    clusters: Integers | None,
) -> Spread:
    is_positive = truth == 1
    values = [point(metric, truth, model) for model in models]
    ours, theirs = (ranking.influence(metric, is_positive, model.scores) for model in models)
    df = 0 if clusters is None else grouped.count(clusters, truth.size) - 1
    variance = _variance(ours - theirs, clusters)
    if variance > 0:
        found = intervals.symmetric(values[0] - values[1], math.sqrt(variance), df, confidence)
        return found._replace(interval=found.interval.within(-1.0, 1.0))
    first, second = models
    if np.array_equal(ranking.midranks(first.scores), ranking.midranks(second.scores)):
        return _NONE
    # No spread among the rows, as when both rank them without a fault: few rows prove
    # little then, so the models' own intervals bound the difference.
    fewer = min(_judges(side, clusters) for side in (is_positive, ~is_positive))
    ours_bounds, theirs_bounds = (
        intervals.area(value, _variance(moved, clusters), fewer, confidence, df)
        for value, moved in zip(values, (ours, theirs), strict=True)
    )
    low, high = ours_bounds.low - theirs_bounds.high, ours_bounds.high - theirs_bounds.low
    return Spread(Interval(low, high), (high - low) / 2 / intervals.quantile(confidence, df), df)


def _variance(influences: Floats, clusters: Integers | None) -> float:
    if clusters is None:
        return ranking.variance(influences)
    return grouped.variance(influences, clusters)


def _judges(rows: Mask, clusters: Integers | None) -> int:
    """How many of *rows* are independent: all, or the clusters that they are in."""
    return int(np.count_nonzero(rows)) if clusters is None else grouped.having(clusters, rows)


def _clustered(
    metric: str,
    truth: Column,
    models: tuple[Predictions, Predictions],
    confidence: float,
    clusters: Integers,
) -> Spread:
    first, second = models
    if metric in RESAMPLED:
        ours, theirs = (clustered.resampled(metric, truth, one, clusters) for one in models)
        return intervals.percentile_spread(ours - theirs, confidence)
    se = clustered.error(metric, truth, first, second, clusters)
    if metric in ("accuracy", "recall"):
        # Models that disagree on no row, or on few, have some spread all the same.
        se = max(se, _paired_shares(metric, truth, models, confidence).se)
    difference = point(metric, truth, first) - point(metric, truth, second)
    df = grouped.count(clusters, truth.size) - 1
    found = intervals.symmetric(difference, se, df, confidence)
    if metric in SHARES:
        return found._replace(interval=found.interval.within(-1.0, 1.0))
    return found


def _paired_shares(
    metric: str, truth: Column, models: tuple[Predictions, Predictions], confidence: float
) -> Spread:
    rows = rows_of_share(metric, truth, models[0])
    ours, theirs = ((decisions(model) == truth)[rows] for model in models)
    return intervals.paired_shares(
        int(np.count_nonzero(ours & ~theirs)),
        int(np.count_nonzero(theirs & ~ours)),
        ours.size,
        confidence,
    )


def _resampled(
    metric: str, truth: Column, first: Predictions, second: Predictions, confidence: float
) -> Spread:
    """Both models see the same resamples; the better one goes first.

    So swapping the two flips the signs and nothing else (short of equal values).
    """
    if point(metric, truth, first) < point(metric, truth, second):
        found = _resampled(metric, truth, second, first, confidence)
        return found._replace(interval=Interval(-found.interval.high, -found.interval.low))
    if metric in ("rmse", "r2"):
        drawn = _draws_of_rows(metric, truth, first, second)
    else:
        drawn = _draws_of_decisions(metric, truth, decisions(first), decisions(second))
    return intervals.percentile_spread(drawn, confidence)


def _draws_of_rows(metric: str, truth: Column, first: Predictions, second: Predictions) -> Column:
    # Equal rows are alike, so this order makes the draws those of the set of rows.
    order = np.lexsort((truth, -second.scores, -first.scores))
    ours, theirs = (
        row_statistic(metric, truth[order], model.take(order)) for model in (first, second)
    )
    return draws(truth.size, lambda weights: ours(weights) - theirs(weights))


def _draws_of_decisions(metric: str, truth: Column, first: Integers, second: Integers) -> Column:
    (kinds, ours, theirs), counts = kinds_of_rows((truth, first, second))
    of_first = count_statistic(metric, kinds, ours)
    of_second = count_statistic(metric, kinds, theirs)
    return draws_of_counts(counts, lambda weights: of_first(weights) - of_second(weights))
