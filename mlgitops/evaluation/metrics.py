"""Metrics with two-sided intervals, by the method that fits each one.

A metric that the rows do not determine raises `Undefined`: it is absent from the
evidence then, never a stand-in. Methods and sources: docs/statistics.md.
"""

from __future__ import annotations

import math

import numpy as np

from mlgitops.evaluation import clustered, intervals, ranking
from mlgitops.evaluation import clusters as grouped
from mlgitops.evaluation.arrays import Column, Integers
from mlgitops.evaluation.formulas import (
    count_statistic,
    decisions,
    kinds_of_rows,
    row_statistic,
    row_values,
    rows_of_share,
)
from mlgitops.evaluation.intervals import Interval
from mlgitops.evaluation.predictions import Predictions
from mlgitops.evaluation.resampling import draws, draws_of_counts
from mlgitops.evaluation.undefined import Undefined
from mlgitops.model.estimates import Estimate
from mlgitops.model.metrics import METRICS, MetricKind

__all__ = ["Undefined", "estimate", "kind_for", "point"]

_RANGES = {"log_loss": (0.0, math.inf), "brier": (0.0, 1.0), "mae": (0.0, math.inf)}
_EVERYTHING = (-math.inf, math.inf)


def point(metric: str, truth: Column, predictions: Predictions) -> float:
    """The value alone, without an interval.

    Raises:
        Undefined: the rows do not determine it, or it overflows.
        ValueError: *metric* is not one for the predictions' task.
    """
    kind_for(metric, truth, predictions)
    with np.errstate(over="ignore", invalid="ignore"):
        value = _value(metric, truth, predictions)
    if not math.isfinite(value):
        raise Undefined(f"{metric} is not defined on these {truth.size} rows")
    return value


def estimate(
    metric: str,
    truth: Column,
    predictions: Predictions,
    confidence: float,
    clusters: Integers | None = None,
) -> Estimate:
    """The value of *metric* with its two-sided interval at *confidence*.

    The interval holds the value and does not depend on the order of the rows. With
    *clusters*, a code for each row, rows of one code are not taken to be independent.

    Raises:
        Undefined: the rows do not determine the value or its spread.
        ValueError: *metric* is not one for the predictions' task.
    """
    value = point(metric, truth, predictions)
    asked = (metric, value, truth, predictions, confidence)
    with np.errstate(over="ignore", invalid="ignore"):
        if clusters is None:
            interval, method = _interval(*asked)
        else:
            interval, method = clustered.interval(*asked, clusters)
    low, high = interval.within(*_RANGES.get(metric, _EVERYTHING)).around(value)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise Undefined(f"the spread of {metric} is not defined on these {truth.size} rows")
    found = Estimate(
        value=value,
        low=low,
        high=high,
        n=int(truth.size),
        method=method,
        direction=kind_for(metric, truth, predictions).direction,
    )
    if clusters is not None:
        found["clusters"] = grouped.count(clusters, truth.size)
    return found


def kind_for(metric: str, truth: Column, predictions: Predictions) -> MetricKind:
    """What *metric* is, of the table or measured, once it fits what it is asked about.

    Raises:
        Undefined: there are no rows.
        ValueError: the metric is not one for the task, or rows are missing.
    """
    kind = METRICS.get(metric)
    measured = predictions.measured.get(metric)
    if kind is None and measured is not None:
        kind = MetricKind(metric, measured.direction, frozenset({predictions.task}))
    if kind is None or predictions.task not in kind.tasks:
        raise ValueError(f"{metric} is not a metric for {predictions.task}")
    if truth.size != len(predictions):
        raise ValueError(f"{len(predictions)} predictions for {truth.size} rows")
    if not truth.size:
        raise Undefined(f"{metric} of no rows")
    return kind


def _value(metric: str, truth: Column, predictions: Predictions) -> float:
    match metric:
        case "roc_auc":
            is_positive = truth == 1
            return float(ranking.placements(is_positive, predictions.scores)[is_positive].mean())
        case "average_precision":
            return ranking.average_precision(truth == 1, predictions.scores)
        case "rmse" | "r2":
            statistic = row_statistic(metric, truth, predictions)
            return float(statistic(np.ones((1, truth.size), np.uint8))[0])
        case "precision" | "recall" | "f1" | "f1_macro":
            (kinds, decided), counts = kinds_of_rows((truth, decisions(predictions)))
            return float(count_statistic(metric, kinds, decided)(counts[None, :])[0])
        case _:
            return float(row_values(metric, truth, predictions).mean())


def _interval(
    metric: str, value: float, truth: Column, predictions: Predictions, confidence: float
) -> tuple[Interval, str]:
    match metric:
        case "roc_auc":
            return _area(metric, value, truth, predictions, confidence), "delong-logit"
        case "average_precision":
            return _area(metric, value, truth, predictions, confidence), "jackknife-logit"
        case "accuracy" | "precision" | "recall" | "f1":
            return _share(metric, value, truth, predictions, confidence), "wilson"
        case "f1_macro":
            (kinds, decided), counts = kinds_of_rows((truth, decisions(predictions)))
            found = draws_of_counts(counts, count_statistic(metric, kinds, decided))
        case "rmse" | "r2":
            # Equal rows are alike, so this order makes the draws those of the set of rows.
            order = np.lexsort((truth, -predictions.scores))
            statistic = row_statistic(metric, truth[order], predictions.take(order))
            found = draws(truth.size, statistic)
        case _:
            return intervals.mean(row_values(metric, truth, predictions), confidence), "t"
    return intervals.percentile(found, confidence), "poisson-bootstrap"


def _area(
    metric: str, value: float, truth: Column, predictions: Predictions, confidence: float
) -> Interval:
    """Interval of an area: that under the ROC curve or under the precision-recall curve."""
    is_positive = truth == 1
    positives = int(np.count_nonzero(is_positive))
    return intervals.area(
        value,
        ranking.variance(ranking.influence(metric, is_positive, predictions.scores)),
        min(positives, truth.size - positives),
        confidence,
    )


def _share(
    metric: str, value: float, truth: Column, predictions: Predictions, confidence: float
) -> Interval:
    """Wilson's interval given the denominator; F1 through Jaccard, 2J / (1 + J).

    A bootstrap would give 5 hits out of 5 an interval of no width.
    """
    trials = int(np.count_nonzero(rows_of_share(metric, truth, predictions)))
    if metric == "f1":
        return intervals.of_f1(intervals.wilson(value / (2 - value), trials, confidence))
    return intervals.wilson(value, trials, confidence)
