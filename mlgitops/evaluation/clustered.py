"""Intervals for rows that are not independent: what varies is clusters of them.

Means and shares are ratios of sums, and areas have influences; either is summed within
clusters, whose sums have Student's t with one degree of freedom less than there are
clusters. What has no influence is resampled by cluster. Methods: docs/statistics.md.
"""

from __future__ import annotations

import math

import numpy as np

from mlgitops.evaluation import clusters as grouped
from mlgitops.evaluation import intervals, ranking
from mlgitops.evaluation.arrays import Column, Floats, Integers
from mlgitops.evaluation.formulas import (
    AREAS,
    RESAMPLED,
    SHARES,
    count_statistic,
    decisions,
    row_influence,
    row_statistic,
    rows_of_share,
)
from mlgitops.evaluation.intervals import Interval
from mlgitops.evaluation.predictions import Predictions
from mlgitops.evaluation.resampling import draws

_METHODS = {"roc_auc": "cluster-delong-logit", "average_precision": "cluster-jackknife-logit"}


def interval(
    metric: str,
    value: float,
    truth: Column,
    predictions: Predictions,
    confidence: float,
    clusters: Integers,
) -> tuple[Interval, str]:
    """The interval of one model's *metric*, which is *value*, and its method.

    Raises:
        Undefined: there are fewer than two clusters, or the rows do not determine it.
    """
    df = grouped.count(clusters, truth.size) - 1
    if metric in AREAS:
        found = area(metric, value, truth, predictions, confidence, clusters)
        return found, _METHODS[metric]
    if metric in RESAMPLED:
        found = intervals.percentile(resampled(metric, truth, predictions, clusters), confidence)
        return found, "cluster-poisson-bootstrap"
    variance = grouped.variance(row_influence(metric, truth, predictions), clusters)
    if metric not in SHARES:
        return intervals.symmetric(value, math.sqrt(variance), df, confidence).interval, "cluster-t"
    rows = rows_of_share(metric, truth, predictions)
    if metric == "f1":
        # The variance of J, by the delta rule; F1 is 2J / (1 + J), so J is F1 / (2 - F1).
        value, variance = value / (2 - value), variance * (2 / (2 - value) ** 2) ** 2
    spread = value * (1 - value)
    # As many independent rows as would have this variance; without any, one a cluster.
    trials: float = grouped.having(clusters, rows)
    if spread and variance:
        trials = min(spread / variance, float(np.count_nonzero(rows)))
    found = intervals.wilson(value, max(trials, 1.0), confidence, df)
    return (intervals.of_f1(found) if metric == "f1" else found), "cluster-wilson"


def area(
    metric: str,
    value: float,
    truth: Column,
    predictions: Predictions,
    confidence: float,
    clusters: Integers,
) -> Interval:
    """The interval of the area *value* under a curve, on the logit scale.

    Raises:
        Undefined: there are fewer than two clusters, or than two rows of a class.
    """
    is_positive = truth == 1
    df = grouped.count(clusters, truth.size) - 1
    moved = ranking.influence(metric, is_positive, predictions.scores)
    fewer = min(grouped.having(clusters, side) for side in (is_positive, ~is_positive))
    return intervals.area(value, grouped.variance(moved, clusters), fewer, confidence, df)


def error(
    metric: str, truth: Column, first: Predictions, second: Predictions, clusters: Integers
) -> float:
    """Standard error of the difference of two models in a mean or a share."""
    moved = row_influence(metric, truth, first) - row_influence(metric, truth, second)
    return math.sqrt(grouped.variance(moved, clusters))


def resampled(metric: str, truth: Column, predictions: Predictions, clusters: Integers) -> Floats:
    """*metric* of each resample of clusters; the same resamples for every model.

    Raises:
        Undefined: there are fewer than two clusters.
    """
    count = grouped.count(clusters, truth.size)
    if metric in ("rmse", "r2"):
        return draws(count, row_statistic(metric, truth, predictions, clusters))
    return draws(count, count_statistic(metric, truth, decisions(predictions), clusters))
