"""A candidate against another model on the same rows, row by row.

Pairing removes what makes a row hard for both, so the interval of the difference
is much narrower than the two intervals suggest. Methods: docs/statistics.md.
"""

from __future__ import annotations

import math

import numpy as np

from mlgitops.evaluation import intervals, ranking
from mlgitops.evaluation.arrays import Column, Integers
from mlgitops.evaluation.formulas import (
    count_statistic,
    decisions,
    kinds_of_rows,
    row_statistic,
    row_values,
)
from mlgitops.evaluation.intervals import Interval
from mlgitops.evaluation.metrics import kind_for, point
from mlgitops.evaluation.predictions import Predictions
from mlgitops.evaluation.resampling import draws, draws_of_counts
from mlgitops.evaluation.undefined import Undefined
from mlgitops.model.evidence import Comparison

_METHODS = {
    "roc_auc": "paired-delong",
    "average_precision": "paired-jackknife",
    "log_loss": "paired-t",
    "brier": "paired-t",
    "mae": "paired-t",
    "accuracy": "bonett-price",
    "recall": "bonett-price",
}


def compare(
    metric: str, truth: Column, candidate: Predictions, other: Predictions, confidence: float
) -> Comparison:
    """How much better *candidate* is than *other*, positive being better.

    Equal predictions differ by exactly 0 with an interval of no width.

    Raises:
        Undefined: the rows do not determine the difference or its spread.
        ValueError: *metric* is not one for the predictions' task.
    """
    sign = 1 if kind_for(metric, truth, candidate).direction == "maximize" else -1
    difference = point(metric, truth, candidate) - point(metric, truth, other)
    interval = Interval(0.0, 0.0)
    if not np.array_equal(candidate.scores, other.scores):
        with np.errstate(over="ignore", invalid="ignore"):
            interval = _interval(metric, truth, candidate, other, confidence)
        interval = interval.around(difference)
    low, high = interval if sign == 1 else (-interval.high, -interval.low)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise Undefined(f"the spread of {metric} is not defined on these {truth.size} rows")
    return Comparison(
        delta=sign * difference + 0.0,  # 0.0 rather than -0.0
        low=low + 0.0,
        high=high + 0.0,
        n=int(truth.size),
        method=_METHODS.get(metric, "paired-poisson-bootstrap"),
        confidence=confidence,
    )


def _interval(
    metric: str, truth: Column, first: Predictions, second: Predictions, confidence: float
) -> Interval:
    """Interval of *metric* of *first* minus that of *second*."""
    match metric:
        case "roc_auc" | "average_precision":
            return _areas(metric, truth, first, second, confidence)
        case "log_loss" | "brier" | "mae":
            ours, theirs = (row_values(metric, truth, model) for model in (first, second))
            return intervals.mean(ours - theirs, confidence)
        case "accuracy":
            ours, theirs = decisions(first) == truth, decisions(second) == truth
            return _shares(ours, theirs, confidence)
        case "recall":
            positive = truth == 1
            ours, theirs = decisions(first)[positive] == 1, decisions(second)[positive] == 1
            return _shares(ours, theirs, confidence)
        case _:
            return _resampled(metric, truth, first, second, confidence)


def _areas(
    metric: str, truth: Column, first: Predictions, second: Predictions, confidence: float
) -> Interval:
    is_positive = truth == 1
    ours, theirs = (
        ranking.influence(metric, is_positive, model.scores) for model in (first, second)
    )
    values = point(metric, truth, first), point(metric, truth, second)
    variance = ranking.variance(ours - theirs)
    if variance > 0:
        difference = values[0] - values[1]
        reach = intervals.normal_quantile(confidence) * math.sqrt(variance)
        return Interval(difference - reach, difference + reach).within(-1.0, 1.0)
    if np.array_equal(ranking.midranks(first.scores), ranking.midranks(second.scores)):
        return Interval(0.0, 0.0)
    # No spread among the rows, as when both rank them without a fault: few rows prove
    # little then, so the models' own intervals bound the difference.
    fewer = int(min(np.count_nonzero(is_positive), np.count_nonzero(~is_positive)))
    ours_bounds, theirs_bounds = (
        intervals.area(value, ranking.variance(moved), fewer, confidence)
        for value, moved in zip(values, (ours, theirs), strict=True)
    )
    return Interval(ours_bounds.low - theirs_bounds.high, ours_bounds.high - theirs_bounds.low)


def _shares(ours: Column, theirs: Column, confidence: float) -> Interval:
    return intervals.paired_shares(
        int(np.count_nonzero(ours & ~theirs)),
        int(np.count_nonzero(theirs & ~ours)),
        ours.size,
        confidence,
    )


def _resampled(
    metric: str, truth: Column, first: Predictions, second: Predictions, confidence: float
) -> Interval:
    """Both models see the same resamples; the better one goes first.

    So swapping the two flips the signs and nothing else (short of equal values).
    """
    if point(metric, truth, first) < point(metric, truth, second):
        low, high = _resampled(metric, truth, second, first, confidence)
        return Interval(-high, -low)
    if metric in ("rmse", "r2"):
        found = _draws_of_rows(metric, truth, first, second)
    else:
        found = _draws_of_decisions(metric, truth, decisions(first), decisions(second))
    return intervals.percentile(found, confidence)


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
